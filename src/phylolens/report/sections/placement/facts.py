"""Where does an unknown belong? One block an unknown, and how far such answers can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from phylolens.placement.branches import Branches
from phylolens.report.results import Results
from phylolens.report.text import (
    count,
    distance,
    listed,
    number,
    p_value,
    percent,
    plural,
    sentence,
)
from phylolens.results.placement import BEST, NEAREST, DepthScores, PlacedUnknown, PlacementResult

SHOWN = 8  # unknowns with a block of their own
MOST_FILES = 3
CANNOT = "cannot place"


@dataclass(frozen=True)
class TrustRow:
    """A depth in the table of taxa left out."""

    depth: str
    n: str
    error: str
    nearest: str
    best: str
    covered: str
    told: str
    helps: str


@dataclass(frozen=True)
class UnknownBlock:
    """What is shown of one unknown.

    Parameters
    ----------
    name, verdict, why, nearest, branch : str
    clades : list of (str, str, str)
        Rank, clade with ``stem`` before it where that is likelier, probability.
    files : list of str
        Images of the unknown.
    relatives : list of (str, str)
        Reference images most like it, with their taxa.
    figure : str
        Name of its drawing.
    shares : array, shape (branches,)
        Probability of each branch, of the likeliest ones.
    alt : str
        Description of the drawing.
    same : str
        Reference files of the same content, in words.
    """

    name: str
    verdict: str
    why: str
    nearest: str
    branch: str
    clades: list[tuple[str, str, str]]
    files: list[str]
    relatives: list[tuple[str, str]]
    figure: str
    shares: np.ndarray
    alt: str
    same: str


@dataclass(frozen=True)
class PlaceFacts:
    """What the section shows.

    Parameters
    ----------
    answer, how : str
    trust : list of TrustRow
    blocks : list of UnknownBlock
    others : list of (str, str, str)
        Unknowns without a block: name, verdict, nearest relative.
    lost : list of (str, str)
        Unknowns without a usable image, and why.
    notes : list of str
        On the tree.
    tree : Branches or None
        Of the drawings.
    """

    answer: str
    how: str
    trust: list[TrustRow]
    blocks: list[UnknownBlock]
    others: list[tuple[str, str, str]]
    lost: list[tuple[str, str]]
    notes: list[str]
    tree: Branches | None


def about_place(results: Results) -> PlaceFacts | None:
    """Sum up ``place.json``; None where it is absent."""
    found = results.placement
    if found is None:
        return None
    tree = results.placement_tree()
    shown = found.unknowns[:SHOWN]
    table = results.specimens
    taxa = {} if table is None else dict(zip(table["file"], table[found.rank], strict=True))
    return PlaceFacts(
        answer=_answer(found),
        how=_how(found),
        trust=[_row(found, depth) for depth in found.by_depth],
        blocks=[_block(one, place, tree, taxa) for place, one in enumerate(shown)],
        others=[(one.name, one.verdict, one.nearest) for one in found.unknowns[SHOWN:]],
        lost=list(found.not_usable.items()),
        notes=_notes(found),
        tree=tree,
    )


def _answer(found: PlacementResult) -> str:
    helped = [depth for depth, rule in found.rules.items() if rule.helps]
    if not helped:
        return (
            "With these images nothing can be placed: taxa left out landed no nearer than a guess."
        )
    if not found.n_queries:
        return f"There was no unknown to place; images would help to place new {_all(helped)}."
    words = {"cannot place": "that cannot be placed"}
    parts = [f"{n} {words.get(verdict, verdict)}" for verdict, n in found.verdicts.items() if n]
    return (
        f"Of {count(found.n_queries, 'unknown')}: {listed(parts)}. Images help to place new "
        f"{_all(helped)}."
    )


def _all(ranks: list[str]) -> str:
    return listed([plural(rank) for rank in ranks])


def _how(found: PlacementResult) -> str:
    told = f" The unknowns were said to be of a new {found.depth}." if found.depth else ""
    return sentence(
        f"{count(found.tree.n_taxa, found.rank)} of the reference stand on "
        f"{found.tree.n_branches:,} branches; the method is {found.method}. To see how far "
        f"answers can be trusted, {listed([plural(d) for d in found.by_depth])} were left out in "
        f"turn and placed again.{told}"
    )


def _row(found: PlacementResult, depth: str) -> TrustRow:
    scores = found.by_depth[depth]
    own, rule = scores[found.asked], found.rules[depth]
    return TrustRow(
        depth=depth,
        n=f"{own.n:,} in {own.n_clades:,}",
        error=distance(float(own.median_patristic_error)),
        nearest=_error(scores.get(NEAREST)),
        best=_error(scores.get(BEST)),
        covered=_share(own.coverage90),
        told=_share(own.coverage90_told),
        helps=f"{'yes' if rule.helps else 'no'}, p {p_value(float(rule.p_value))}",
    )


def _error(scores: DepthScores | None) -> str:
    return "–" if scores is None else distance(float(scores.median_patristic_error))


def _share(value: float | None) -> str:
    return "–" if value is None else percent(float(value))


def _block(
    one: PlacedUnknown, place: int, tree: Branches | None, taxa: Mapping[str, str]
) -> UnknownBlock:
    shares = np.zeros(len(tree) if tree is not None else 0)
    for branch in one.branches:
        if branch.edge < len(shares):
            shares[branch.edge] = branch.probability
    stem = [
        (
            claim.rank,
            ("stem of " if 2 * claim.stem > claim.probability else "") + claim.clade,
            number(float(claim.probability)),
        )
        for claim in one.clades
    ]
    same = f"The same content as {listed(one.also_reference)}." if one.also_reference else ""
    return UnknownBlock(
        name=one.name,
        verdict=one.verdict,
        why=sentence(one.why),
        nearest=f"{one.nearest}, {distance(float(one.expected_distance))} away",
        branch=f"{one.branch}, {number(float(one.branch_probability))}",
        clades=stem,
        files=one.files[:MOST_FILES],
        relatives=[(file, str(taxa.get(file, file))) for file in one.nearest_specimens],
        figure=f"place-{place + 1}",
        shares=shares,
        alt=f"Tree with the probability of each branch for {one.name}; likeliest: {one.branch}.",
        same=same,
    )


def _notes(found: PlacementResult) -> list[str]:
    tree, notes = found.tree, []
    if not tree.rooted:
        notes.append("The tree came without a root and was rooted at its midpoint.")
    if not tree.ultrametric:
        notes.append(
            "Tips differ in height, so the unknowns' own branches are taken to be as long as "
            "those of the reference."
        )
    if tree.n_polytomies:
        notes.append(f"{count(tree.n_polytomies, 'node')} with more than two branches.")
    if tree.not_named:
        notes.append(
            "No clades on this tree, and therefore never claimed: "
            + listed(tree.not_named[:10])
            + (f" and {len(tree.not_named) - 10} more." if len(tree.not_named) > 10 else ".")
        )
    return notes
