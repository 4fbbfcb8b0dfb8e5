"""Do looks follow lineage? Tests, baselines, trees and disagreements in words."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.results import Results
from phylolens.report.sections.signal.clades import about_clades, about_within
from phylolens.report.sections.signal.confounds import about_confounds, with_confounds
from phylolens.report.sections.signal.methods import methods
from phylolens.report.sections.signal.pairs import about_pairs
from phylolens.report.sections.signal.tests import (
    TESTS,
    about_baselines,
    about_tests,
    each_test,
    most_influential,
)
from phylolens.report.sections.signal.trees import about_correlogram, about_sample, about_trees
from phylolens.report.sections.signal.verdict import about_lambda, points, verdict
from phylolens.report.text import count, listed, number, p_value, plural, sentence

COLUMNS = (
    ("lambda_score", "score of λ"),
    ("protest", "PROTEST"),
    ("kmult", "K_mult"),
    ("mantel_pearson", "Mantel r"),
    ("mantel_spearman", "Mantel, ranks"),
)


def about_several(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Sum up ``by_features``; None with one kind of features and distance."""
    rows = found.get("by_features") or []
    if not rows:
        return None
    columns = [(key, words) for key, words in COLUMNS if any(row.get(key) for row in rows)]
    return {
        "columns": [words for _, words in columns],
        "rows": [
            {
                "name": str(row.get("name", "")),
                "distance": str(row.get("distance", "")),
                "n_features": row.get("n_features"),
                "cells": [_cell(row.get(key)) for key, _ in columns],
            }
            for row in rows
        ],
    }


def _cell(test: Mapping[str, Any] | None) -> dict[str, str]:
    if not test or test.get("statistic") is None:
        return {"value": "–", "note": ""}
    notes = [f"z = {number(test['z'], 1)}"] if test.get("z") is not None else []
    notes += [f"p = {p_value(test['p_value'])}"] if test.get("p_value") is not None else []
    return {"value": number(test["statistic"]), "note": ", ".join(notes)}


WHY = (
    "Why relatives look alike: shared descent, shared habitat, and shared photographer or "
    "background leave the same trace."
)
CERTAIN = {
    False: "How certain the phylogeny is: it is taken as given.",
    True: (
        "How certain the phylogeny is beyond the trees given: they may all share wrong names, a "
        "wrong alignment or a wrong clock."
    ),
}
TOPOLOGY = {
    False: (
        "Whether a tree could be built from the images: a correlation of distances is far from "
        "a topology."
    ),
    True: (
        "Where the visual tree and the reference differ, which of them is right: looks "
        "converge, and support says only that other specimens would give the same."
    ),
}
MORE = {
    False: (
        "Whether images say more than the taxonomy. If looks and another tree-structured thing "
        "(such as habitat) are compared, this test rejects too often."
    ),
    True: (
        "Whether looks go with another tree-structured thing (such as habitat): compared with "
        "that, these tests would reject too often."
    ),
}
PAIRS = (
    "Whether a listed pair converged: it looks more alike than drift along the tree predicts, for "
    "whatever reason. Pairs share taxa, so one odd taxon may stand in many."
)


def cannot_tell(summary: Mapping[str, Any]) -> list[str]:
    """List what stays open."""
    within = bool(summary["within"] and summary["within"]["rows"])
    lines = [WHY, CERTAIN[bool(summary["sample"])], TOPOLOGY[bool(summary["trees"])], MORE[within]]
    return [*lines, PAIRS] if summary["pairs"] else lines


NAMED = 5  # worst fitting taxa


def alts(summary: Mapping[str, Any], worst: list[str]) -> dict[str, str]:
    """Alternative texts of the figures of this section, by name of the figure.

    Parameters
    ----------
    summary : dict
        As :func:`phylolens.report.signal.about_signal` makes it, all but this.
    worst : list of str
        Taxa by Procrustes residual, largest first.
    """
    what, taxa = summary["plural"], count(summary["n_taxa"], summary["rank"])
    correlation = next((test for test in summary["tests"] if test["symbol"] == "r"), None)
    r = f": r = {correlation['r']}" if correlation else ""
    trees, clades = summary["trees"], summary["clades"]
    values = [f"{row['name']} {row['value']}" for row in (trees or {"rows": []})["rows"]]
    n_clades = count(len(clades["rows"]), "clade") if clades else "each clade"
    return {
        "hexbin": (
            f"Visual against genetic distance of {summary['n_pairs']:,} pairs of {what}, with "
            f"medians in bins of equal numbers of pairs{r}."
        ),
        "null": (
            f"Statistics under permuted taxa with the observed one marked. "
            f"{each_test(summary['tests'])}."
        ),
        "heatmaps": f"Visual and genetic distance of {taxa}, both in the order of the tree{r}.",
        "ranks": f"The same two matrices of {taxa} as percentiles within each panel.",
        "correlogram": (summary["correlogram"] or {}).get("sentence") or "Mantel correlogram.",
        "tanglegram": (
            f"Reference tree and visual tree of {taxa} face to face, the same taxa joined by "
            f"lines. {(trees or {}).get('sentence', '')}"
        ).strip(),
        "pcoa": f"{taxa} by the first two principal coordinates of their visual distances.",
        "phylomorphospace": f"The reference tree of {taxa} laid over the map of their looks.",
        "procrustes": (
            f"{what.capitalize()} whose looks fit their place in the phylogeny worst"
            + (f": first {listed(worst[:NAMED])}." if worst else ".")
        ),
        "measures": (
            "Distance of the visual tree to the reference tree, beside random and permuted "
            f"ones: {listed(values)}."
        ),
        "clades": f"Correlation of visual and genetic distance within {n_clades}.",
    }


NOT_POSSIBLE = {
    "correlogram": "Correlogram",
    "lambda": "Pagel’s λ",
    "disagreement": "Pairs that disagree",
    "tree": "Visual tree",
}


def about_signal(results: Results) -> dict[str, Any] | None:
    """Sum up ``signal/signal.json``; None where absent. Parts it does not hold are None."""
    found = results.signal
    if found is None:
        return None
    rank, n = found["rank"], found["n_taxa"]
    dropped = found.get("dropped") or {}
    circular = bool(found.get("circular"))
    tests = about_tests(found)
    if not tests:
        return None
    summary: dict[str, Any] = {
        "rank": rank,
        "plural": plural(rank),
        "n_taxa": n,
        "n_images": found.get("n_images"),
        "n_specimens": found.get("n_specimens"),
        "n_pairs": n * (n - 1) // 2,
        "distance": found.get("distance", "visual"),
        "circular": circular,
        "not_possible": _not_possible(found),
        "specimen_method": (found.get("specimen_bootstrap") or {}).get("method", ""),
        "circular_why": found.get("circular_why") or "",
        "n_dropped": {key: len(dropped.get(key) or []) for key in ("no_images", "no_phylogeny")},
        "tests": tests,
        "baselines": about_baselines(found.get("baselines") or {}, tests, circular=circular),
        "influential": most_influential(
            *(results.matrix(f"signal/{name}_distances.csv") for name in ("visual", "genetic"))
        ),
        "lambda": about_lambda(found, plural(rank)),
        "confounds": about_confounds(found, rank),
        **_parts(results, found, tests),
    }
    summary |= with_confounds(verdict(found, summary), summary)
    summary["points"] = points(found, summary)
    summary["answer"] = summary["verdict"]
    summary["cannot_tell"] = cannot_tell(summary)
    summary["methods"] = methods(found, summary)
    summary["alt"] = alts(summary, _worst(results))
    return summary


def _parts(results: Results, found: dict[str, Any], tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up everything beyond tests and baselines; None where it was not made."""
    circular = bool(found.get("circular"))
    clades = about_clades(found, tests[0]["name"])
    trees = about_trees(results, found, circular=circular)
    return {
        "within": about_within(found, clades, circular=circular),
        "correlogram": about_correlogram(found, plural(found["rank"])),
        "clades": clades,
        "trees": trees,
        "pairs": about_pairs(results, found),
        "sample": about_sample(found, tests, trees),
        "several": about_several(found),
    }


def _not_possible(found: dict[str, Any]) -> list[str]:
    """Say what the data did not allow, and why."""
    return [
        f"{NOT_POSSIBLE.get(name) or (TESTS[name].name if name in TESTS else name)}: "
        f"{sentence(str(why))}"
        for name, why in (found.get("not_possible") or {}).items()
    ]


def _worst(results: Results) -> list[str]:
    """Taxa by Procrustes residual, largest first."""
    table = results.table("signal/residuals.csv", numbers=("residual",))
    if table is None or "taxon" not in table:
        return []
    ordered = table.sort_values(["residual", "taxon"], ascending=[False, True])
    return list(ordered["taxon"])
