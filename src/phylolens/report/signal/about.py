"""Do looks follow lineage? The permutation tests in words, beside what taxonomy alone explains."""

from typing import Any

from phylolens.report.results import Results
from phylolens.report.signal.baselines import about_baselines
from phylolens.report.signal.influence import most_influential
from phylolens.report.signal.tests import about_test, each_test
from phylolens.report.signal.verdict import answer, more, verdict
from phylolens.report.wording import plural


def about_signal(results: Results) -> dict[str, Any] | None:
    """Sum up ``signal/signal.json``; None where absent."""
    found = results.signal
    if found is None:
        return None
    tests = [about_test(name, test) for name, test in found["tests"].items()]
    dropped = found.get("dropped") or {}
    summary = {
        "rank": found["rank"],
        "plural": plural(found["rank"]),
        "n_taxa": found["n_taxa"],
        "n_images": found.get("n_images"),
        "n_specimens": found.get("n_specimens"),
        "n_pairs": found["n_taxa"] * (found["n_taxa"] - 1) // 2,
        "distance": found.get("distance", "visual"),
        "circular": bool(found.get("circular")),
        "n_dropped": {key: len(dropped.get(key) or []) for key in ("no_images", "no_phylogeny")},
        "tests": tests,
        "baselines": about_baselines(found.get("baselines") or {}),
        "influential": most_influential(
            *(results.matrix(f"signal/{name}_distances.csv") for name in ("visual", "genetic"))
        ),
    }
    summary["verdict"] = verdict(summary)
    summary["sentences"] = [summary["verdict"], *more(summary, found.get("baselines") or {})]
    summary["answer"] = answer(summary, found.get("baselines") or {})
    summary["alt"] = _alts(summary)
    return summary


def _alts(summary: dict[str, Any]) -> dict[str, str]:
    first = summary["tests"][0]
    return {
        "hexbin": (
            f"Visual against genetic distance of {summary['n_pairs']:,} pairs of "
            f"{summary['plural']}, with medians in bins of equal numbers of pairs: "
            f"r = {first['r']}."
        ),
        "null": f"Correlations under permuted taxa with the observed one marked. "
        f"{each_test(summary['tests'])}.",
    }
