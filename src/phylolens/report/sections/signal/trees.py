"""The tree of visual distances, other trees, and classes of genetic distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from phylolens.errors import InputError
from phylolens.report.ordering import lineage_table
from phylolens.report.results import Results
from phylolens.report.sections.signal.tests import LEVEL, TESTS, TWINS, TestRow
from phylolens.report.text import count, distance, listed, number, p_value, percent, span
from phylolens.results.base import Number
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import DistanceClass, OverTrees, TreeMeasure


@dataclass(frozen=True)
class ClassRow:
    """One class of genetic distance; ``sign`` is 1 or -1 where r is significant, else 0."""

    range: str
    low: Number
    high: Number
    n_pairs: int
    r: str
    p: str
    sign: int


@dataclass(frozen=True)
class CorrelogramFacts:
    """Visual similarity by class of genetic distance."""

    rows: list[ClassRow]
    sentence: str


def about_correlogram(found: SignalResult, rank_plural: str) -> CorrelogramFacts | None:
    """Sum up ``correlogram``; None where it was not made."""
    classes = found.correlogram.classes if found.correlogram else []
    if not classes:
        return None
    rows = [_row(one) for one in classes]
    return CorrelogramFacts(rows, _sentence(rows, rank_plural))


def _row(one: DistanceClass) -> ClassRow:
    tested = one.tested is not False and one.p_holm is not None
    sign = 0
    if one.tested is not False and one.p_holm is not None and one.p_holm <= LEVEL and one.r:
        sign = 1 if one.r > 0 else -1
    return ClassRow(
        range=f"{distance(one.low)} to {distance(one.high)}",
        low=one.low,
        high=one.high,
        n_pairs=one.n_pairs,
        r=number(one.r) if one.r is not None else "–",
        p=p_value(one.p_holm) if tested and one.p_holm is not None else "not tested",
        sign=sign,
    )


def _sentence(rows: list[ClassRow], rank_plural: str) -> str:
    alike, apart = _stretches(rows, 1), _stretches(rows, -1)
    if not alike and not apart:
        return (
            f"In no class of genetic distance do {rank_plural} look more or less alike than at "
            "other distances (after Holm)."
        )
    parts = []
    if alike:
        parts.append(f"more alike than other pairs at genetic distances of {listed(alike)}")
    if apart:
        parts.append(f"less alike than other pairs at {listed(apart)}")
    return f"{rank_plural.capitalize()} look {' and '.join(parts)} (p ≤ {LEVEL} after Holm)."


def _stretches(rows: list[ClassRow], sign: int) -> list[str]:
    """Join neighbouring classes of one verdict."""
    found = []
    for own, members in groupby(rows, key=lambda row: row.sign):
        joined = list(members)
        if own == sign:
            found.append(f"{distance(joined[0].low)} to {distance(joined[-1].high)}")
    return found


@dataclass(frozen=True)
class SampleRow:
    """One statistic on the tree compared with, and over the trees of a sample."""

    name: str
    given: str
    median: str
    interval: str


@dataclass(frozen=True)
class SampleFacts:
    """Every statistic over a sample of trees."""

    rows: list[SampleRow]
    sentence: str


def about_sample(
    found: SignalResult, tests: Sequence[TestRow], trees: "TreeFacts | None"
) -> SampleFacts | None:
    """Sum up ``tree_sample``; None where one tree was given."""
    own = found.tree_sample
    if not own or not own.intervals:
        return None
    given = {test.name: test.r for test in tests}
    given |= {row.key: row.value for row in (trees.rows if trees else [])}
    rows = [
        SampleRow(
            name=TESTS[name].name if name in TESTS else _measure(name),
            given=given.get(name, "–"),
            median=number(one.median),
            interval=f"{number(one.low)} to {number(one.high)}",
        )
        for name, one in own.intervals.items()
        if one and one.median is not None and _shown(name, own.intervals)
    ]
    used, n = own.n_used, own.n_trees
    read = count(used, "tree") if used == n or n is None else f"{used:,} of {count(n, 'tree')}"
    return SampleFacts(
        rows, f"The statistics were computed again on {read} of {own.file or 'a file'}."
    )


def _shown(name: str, intervals: Mapping[str, OverTrees | None]) -> bool:
    return name != TWINS[1] or TWINS[0] not in intervals


def _measure(name: str) -> str:
    return MEASURES[name].name if name in MEASURES else name


SUPPORTED = 50  # per cent of the bootstrap trees


@dataclass(frozen=True)
class Measure:
    """Name of a measure and what it says, in a line."""

    name: str
    means: str


CHOSEN = "cid"  # the measure that decides; see docs/theory.md
MEASURES = {
    "cid": Measure(
        "clustering information distance",
        "How little the groups of one tree tell of those of the other; 0 the same, 1 nothing.",
    ),
    "nrf": Measure(
        "normalised Robinson–Foulds distance",
        "Share of groups found in one tree only; 0 the same, 1 none shared. One misplaced taxon "
        "can bring it near 1.",
    ),
    "quartet": Measure(
        "quartet distance",
        "Share of sets of four taxa that are joined otherwise; 0 the same, 0.67 by chance.",
    ),
    "align": Measure(
        "align score",
        "Each group matched with the most similar one of the other tree (Nye); 0 the same.",
    ),
    "coherency": Measure(
        "Kiel’s coherency",
        "Taxa in groups of one {group} only: their mean number a group × their share of all taxa. "
        "Higher is better.",
    ),
}
METHODS = {
    "nj": "neighbour joining",
    "bme": "balanced minimum evolution",
    "gme": "greedy minimum evolution",
    "upgma": "average linkage (UPGMA)",
}


@dataclass(frozen=True)
class TreeRow:
    """One measure of the visual tree, its figures as text."""

    key: str
    name: str
    means: str
    value: str
    sampled: bool
    interval: str
    random: str
    permuted: str
    p_value: Number | None
    p: str


@dataclass(frozen=True)
class TreeFacts:
    """The visual tree beside the reference tree.

    Parameters
    ----------
    rows : list of TreeRow
        One a measure.
    method : str
        In words.
    n_null, n_random : int or None
        Permutations of the tips, and random trees.
    exact : bool
        Whether all orders of the tips were tried.
    sentence, support : str
        The finding, and how firm the visual tree is in itself.
    """

    rows: list[TreeRow]
    method: str
    n_null: int | None
    n_random: int | None
    exact: bool
    sentence: str
    support: str


def about_trees(results: Results, found: SignalResult, *, circular: bool) -> TreeFacts | None:
    """Sum up ``tree``; None where no tree was built."""
    own = found.tree
    if not own:
        return None
    lineage = lineage_table(results, found.rank)
    group = str(lineage.columns[-2]) if lineage is not None and lineage.shape[1] > 1 else ""
    measures = own.measures
    rows = [_trees_row(name, measures[name], group) for name in MEASURES if name in measures]
    if not rows:
        return None
    method = own.method or ""
    return TreeFacts(
        rows=rows,
        method=METHODS.get(method, method),
        n_null=own.n_null,
        n_random=own.n_random or own.n_null,
        exact=bool(own.exact),
        sentence=_trees_sentence(rows, circular, own.smallest_p or 0.0),
        support=_support(results, method),
    )


def _trees_row(name: str, own: TreeMeasure, group: str) -> TreeRow:
    measure = MEASURES[name]
    means = measure.means.format(group=group or "named group")
    if own.reference_value is not None:
        means += f" The reference tree itself: {number(own.reference_value)}."
    return TreeRow(
        key=name,
        name=measure.name,
        means=means,
        value=number(own.value),
        sampled=own.exact is False,
        interval=span(own.interval, 3),
        random=_mean(own.random_mean, own.random_sd),
        permuted=_mean(own.tip_permuted_mean, own.tip_permuted_sd),
        p_value=own.p_value,
        p=p_value(own.p_value) if own.p_value is not None else "–",
    )


def _mean(mean: Number | None, sd: Number | None) -> str:
    if mean is None:
        return "–"
    return number(mean) if sd is None else f"{number(mean)} ± {number(sd)}"


def _trees_sentence(rows: list[TreeRow], circular: bool, smallest: Number) -> str:
    tested = [(row, row.p_value) for row in rows if row.p_value is not None]
    if circular:
        return "In-sample: the features had been fitted to this phylogeny."
    if not tested:
        return ""
    if smallest > LEVEL:
        return (
            f"With so few taxa trees cannot be told from chance: no p below {number(smallest)} is "
            "possible."
        )
    # One measure was chosen beforehand: of five, one of them would be "significant" in every
    # seventh null world.
    first, p = next((one for one in tested if one[0].key == CHOSEN), tested[0])
    near = p <= LEVEL
    agree = [row for row, own in tested if row is not first and (own <= LEVEL) == near]
    others = len(tested) - 1
    figures = f"{first.value}, permuted taxa {first.permuted}, p = {first.p}"
    text = (
        f"By the {first.name}, chosen beforehand, the visual tree is "
        f"{'' if near else 'not '}nearer to the reference tree than trees of permuted taxa are "
        f"({figures}; 0 for the same tree)."
    )
    if others:
        counted = f"all {others}" if len(agree) == others else f"{len(agree)} of {others}"
        text += f" Of the other measures {counted} say{'s' if len(agree) == 1 else ''} the same."
    return text


def _support(results: Results, method: str) -> str:
    """Say how many inner branches the bootstrap of specimens keeps."""
    try:
        tree = results.tree("visual_tree.nwk")
    except InputError:  # a tree that cannot be read is no reason to go without a report
        return ""
    if tree is None:
        return ""
    nodes = list(tree.non_tips())
    halves = [node for node in tree.children if not node.is_tip()]
    if method != "upgma" and len(tree.children) == len(halves) == 2:
        nodes.remove(halves[1])  # a root set on an inner branch makes one branch two
    found = [_number(node.name) for node in nodes]
    support = np.array([value for value in found if value is not None])
    if not len(support):
        return ""
    firm = int((support >= SUPPORTED).sum())
    return (
        f"Of {len(support):,} inner branches of the visual tree {firm:,} "
        f"({percent(firm / len(support))}) return in at least {SUPPORTED}% of the trees built from "
        f"specimens drawn again (median {np.median(support):.0f}%). That is how firm the visual "
        "distances are, "
        "not how true."
    )


def _number(name: str | None) -> float | None:
    try:
        return float(name) if name else None
    except ValueError:
        return None
