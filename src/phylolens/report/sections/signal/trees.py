"""The tree of visual distances, other trees, and classes of genetic distance."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from phylolens.errors import InputError
from phylolens.report.ordering import lineage_table
from phylolens.report.results import Results
from phylolens.report.sections.signal.tests import LEVEL, TESTS, TWINS
from phylolens.report.text import count, distance, listed, number, p_value, percent, span


def about_correlogram(found: Mapping[str, Any], rank_plural: str) -> dict[str, Any] | None:
    """Sum up ``correlogram``; None where it was not made.

    Returns
    -------
    dict or None
        ``sentence`` and ``rows``, one a class of genetic distance.
    """
    classes = (found.get("correlogram") or {}).get("classes") or []
    if not classes:
        return None
    rows = [_row(one) for one in classes]
    return {"rows": rows, "sentence": _sentence(rows, rank_plural)}


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    tested = bool(one.get("tested", True)) and one.get("p_holm") is not None
    r = one.get("r")
    sign = 0
    if tested and one["p_holm"] <= LEVEL and r:
        sign = 1 if r > 0 else -1
    return {
        "range": f"{distance(one['low'])} to {distance(one['high'])}",
        "low": one["low"],
        "high": one["high"],
        "n_pairs": one["n_pairs"],
        "r": number(r) if r is not None else "–",
        "p": p_value(one["p_holm"]) if tested else "not tested",
        "sign": sign,
    }


def _sentence(rows: list[dict[str, Any]], rank_plural: str) -> str:
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


def _stretches(rows: list[dict[str, Any]], sign: int) -> list[str]:
    """Join neighbouring classes of one verdict."""
    found = []
    for own, members in groupby(rows, key=lambda row: row["sign"]):
        joined = list(members)
        if own == sign:
            found.append(f"{distance(joined[0]['low'])} to {distance(joined[-1]['high'])}")
    return found


def about_sample(
    found: Mapping[str, Any], tests: list[dict[str, Any]], trees: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Sum up ``tree_sample``; None where one tree was given.

    Returns
    -------
    dict or None
        ``rows`` (test, value on the tree compared with, median and 95% interval over the trees)
        and ``sentence``.
    """
    own = found.get("tree_sample")
    if not own or not own.get("intervals"):
        return None
    given = {test["name"]: test["r"] for test in tests}
    given |= {row["key"]: row["value"] for row in (trees or {"rows": []})["rows"]}
    rows = [
        {
            "name": TESTS[name].name if name in TESTS else _measure(name),
            "given": given.get(name, "–"),
            "median": number(one.get("median")),
            "interval": f"{number(one.get('low'))} to {number(one.get('high'))}",
        }
        for name, one in own["intervals"].items()
        if one and one.get("median") is not None and _shown(name, own["intervals"])
    ]
    file = own.get("file", "a file")
    used, n = own.get("n_used"), own.get("n_trees")
    read = count(used, "tree") if used == n or n is None else f"{used:,} of {count(n, 'tree')}"
    return {
        "rows": rows,
        "sentence": f"The statistics were computed again on {read} of {file}.",
    }


def _shown(name: str, intervals: Mapping[str, Any]) -> bool:
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


def about_trees(results: Results, found: Mapping[str, Any], *, circular: bool) -> dict | None:
    """Sum up ``tree``; None where no tree was built.

    Returns
    -------
    dict or None
        ``rows``, one a measure; ``method``; ``sentence``; ``support``, how firm the visual tree
        is in itself.
    """
    own = found.get("tree")
    if not own:
        return None
    lineage = lineage_table(results, found["rank"])
    group = str(lineage.columns[-2]) if lineage is not None and lineage.shape[1] > 1 else ""
    known = [name for name in MEASURES if (own.get(name) or {}).get("value") is not None]
    rows = [_trees_row(name, own, group) for name in known]
    if not rows:
        return None
    return {
        "rows": rows,
        "method": METHODS.get(own.get("method", ""), str(own.get("method", ""))),
        "n_null": own.get("n_null"),
        "n_random": own.get("n_random") or own.get("n_null"),
        "exact": bool(own.get("exact")),
        "smallest_p": own.get("smallest_p"),
        "reference": own.get("reference", ""),
        "names": [row["name"] for row in rows],
        "sentence": _trees_sentence(rows, circular, own.get("smallest_p") or 0.0),
        "support": _support(results, str(own.get("method", ""))),
    }


def _trees_row(name: str, own: Mapping[str, Any], group: str) -> dict[str, Any]:
    values, measure = own[name], MEASURES[name]
    means = measure.means.format(group=group or "named group")
    if values.get("reference_value") is not None:
        means += f" The reference tree itself: {number(values['reference_value'])}."
    return {
        "key": name,
        "name": measure.name,
        "means": means,
        "value": number(values["value"]),
        "sampled": values.get("exact") is False,
        "interval": span(values.get("interval"), 3),
        "random": _mean(values, "random"),
        "permuted": _mean(values, "tip_permuted"),
        "p_value": values.get("p_value"),
        "p": p_value(values["p_value"]) if values.get("p_value") is not None else "–",
    }


def _mean(values: Mapping[str, Any], key: str) -> str:
    mean, sd = values.get(f"{key}_mean"), values.get(f"{key}_sd")
    if mean is None:
        return "–"
    return number(mean) if sd is None else f"{number(mean)} ± {number(sd)}"


def _trees_sentence(rows: list[dict[str, Any]], circular: bool, smallest: float) -> str:
    tested = [row for row in rows if row["p_value"] is not None]
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
    first = next((row for row in tested if row["key"] == CHOSEN), tested[0])
    near = first["p_value"] <= LEVEL
    agree = [row for row in tested if row is not first and (row["p_value"] <= LEVEL) == near]
    others = len(tested) - 1
    figures = f"{first['value']}, permuted taxa {first['permuted']}, p = {first['p']}"
    text = (
        f"By the {first['name']}, chosen beforehand, the visual tree is "
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
        f"specimens drawn again (median {np.median(support):.0f}%). That is how firm looks are, "
        "not how true."
    )


def _number(name: str | None) -> float | None:
    try:
        return float(name) if name else None
    except ValueError:
        return None
