"""Do looks follow lineage? Tests, baselines, trees and disagreements in words."""

from typing import Any

from phylolens.report.results import Results
from phylolens.report.signal.alts import alts
from phylolens.report.signal.baselines import about_baselines
from phylolens.report.signal.brownian import about_lambda
from phylolens.report.signal.clades import about_clades
from phylolens.report.signal.confounds import about_confounds, with_confounds
from phylolens.report.signal.correlogram import about_correlogram
from phylolens.report.signal.influence import most_influential
from phylolens.report.signal.limits import cannot_tell
from phylolens.report.signal.methods import methods
from phylolens.report.signal.pairs import about_pairs
from phylolens.report.signal.sample import about_sample
from phylolens.report.signal.several import about_several
from phylolens.report.signal.tests import TESTS, about_tests
from phylolens.report.signal.trees import about_trees
from phylolens.report.signal.verdict import points, verdict
from phylolens.report.signal.within import about_within
from phylolens.report.wording import plural, sentence

NOT_POSSIBLE = {
    "correlogram": "Correlogram",
    "lambda": "Pagel’s λ",
    "disagreement": "Pairs that disagree",
    "tree": "Tree of looks",
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
