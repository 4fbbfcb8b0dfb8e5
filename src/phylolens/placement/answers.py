"""Placements in the words of a result: branches by name, clades, verdicts."""

from collections.abc import Mapping, Sequence

import numpy as np

from phylolens.placement.branches import Branches
from phylolens.placement.placer import Placed
from phylolens.placement.posterior import CladeShares
from phylolens.placement.verdict import CANNOT, CLADE_ONLY, PLACED, SURE, Rules, Verdict
from phylolens.results.placement import CladeClaim, PlacedBranch, PlacedUnknown

MOST_BRANCHES = 20
SPECIMENS = 3  # of the reference, most alike


def branch_names(tree: Branches) -> tuple[str, ...]:
    """Name what each branch leads to: a taxon, or two taxa whose last common ancestor ends it."""
    found = []
    for node in range(len(tree)):
        first, last = tree.spans[node]
        if last - first == 1:
            found.append(tree.taxa[first])
        else:
            found.append(f"{tree.taxa[first]} + {tree.taxa[last - 1]}")
    return tuple(found)


def answers_of(
    placed: Placed,
    files: Mapping[str, Sequence[str]],
    nearest_specimens: Sequence[Sequence[str]],
    also_reference: Mapping[str, Sequence[str]],
) -> list[PlacedUnknown]:
    """Put placements into words.

    Parameters
    ----------
    placed : Placed
        Q unknowns.
    files : mapping of str to sequence of str
        Images by unknown.
    nearest_specimens : sequence of sequence of str
        Reference files that look most alike, by unknown.
    also_reference : mapping of str to sequence of str
        Reference files with the content of an unknown's.
    """
    posterior, tree = placed.posterior, placed.posterior.reference.branches
    names, sets = branch_names(tree), placed.credible(0.9)
    heights, pendants = posterior.best_points()
    distal = tree.heights[:-1] - heights
    clades = posterior.clade_shares()
    found = []
    for row, name in enumerate(placed.names):
        shares = posterior.shares[row]
        claims = [_claim(rank, one, row, placed.rules) for rank, one in clades.items()]
        verdict, why = _verdict(float(shares.max()), claims, placed.rules)
        best = next((one for one in reversed(claims) if one.claimed), None)
        top = np.argsort(-shares, kind="stable")[:MOST_BRANCHES]
        near = int(posterior.nearest[row])
        found.append(
            PlacedUnknown(
                name=name,
                n_images=len(files.get(name, ())),
                files=list(files.get(name, ())),
                verdict=verdict,
                why=why,
                claimed_rank=best.rank if best else None,
                claimed_clade=best.clade if best else None,
                claimed_probability=best.probability if best else None,
                clades=claims,
                nearest=tree.taxa[near],
                expected_distance=float(posterior.distances[row, near]),
                nearest_specimens=list(nearest_specimens[row]),
                branch=names[int(top[0])],
                branch_probability=float(shares[top[0]]),
                set_size=len(sets[row]),
                branches=[
                    PlacedBranch(
                        edge=int(branch),
                        leads_to=names[branch],
                        probability=float(shares[branch]),
                        distal=float(distal[row, branch]),
                        pendant=float(pendants[row, branch]),
                    )
                    for branch in top
                ],
                novelty=float(placed.novelty[row]),
                depths={
                    depth: float(share)
                    for depth, share in zip(placed.depths, placed.depth_shares[row], strict=True)
                },
                also_reference=list(also_reference.get(name, ())),
            )
        )
    return found


def _claim(rank: str, clades: CladeShares, row: int, rules: Rules) -> CladeClaim:
    place = int(clades.total[row].argmax())
    share = float(clades.total[row, place])
    return CladeClaim(
        rank=rank,
        clade=clades.taxa[place],
        probability=share,
        stem=float(clades.stem[row, place]),
        claimed=rank in rules.thresholds and share >= rules.thresholds[rank],
    )


def _verdict(top: float, claims: Sequence[CladeClaim], rules: Rules) -> tuple[Verdict, str]:
    """Say what may be claimed, and why."""
    best = next((one for one in reversed(claims) if one.claimed), None)
    if not rules.helped:
        return CANNOT, "images of taxa left out led no nearer to their place than a guess"
    if top >= SURE and best is not None:
        return PLACED, f"one branch has a probability of {top:.2f}"
    if best is not None:
        where = "on the stem of" if best.stem > best.probability / 2 else "in"
        return CLADE_ONLY, f"it stands {where} {best.clade} with probability {best.probability:.2f}"
    if not rules.thresholds:
        return CANNOT, "at no rank were enough claims about taxa left out right"
    return CANNOT, "no clade is probable enough to be claimed"
