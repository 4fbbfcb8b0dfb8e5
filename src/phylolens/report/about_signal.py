"""Do looks follow lineage? The permutation tests in words, beside what taxonomy alone explains."""

from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.results import Results
from phylolens.report.wording import count, listed, number, p_value, percent, plural
from phylolens.stats.correlation import correlation

LEVEL = 0.05
FEWEST_FOR_INFLUENCE = 5
TEST_WORDS = {
    "mantel_pearson": "Mantel test, Pearson",
    "mantel_spearman": "Mantel test, Spearman (ranks)",
}


def about_signal(results: Results) -> dict[str, Any] | None:
    """Sum up ``signal/signal.json``; None where absent."""
    found = results.signal
    if found is None:
        return None
    tests = [_test(name, test) for name, test in found["tests"].items()]
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
        "baselines": _baselines(found.get("baselines") or {}),
        "influential": most_influential(
            *(results.matrix(f"signal/{name}_distances.csv") for name in ("visual", "genetic"))
        ),
    }
    summary["verdict"] = _verdict(summary)
    summary["sentences"] = [summary["verdict"], *_more(summary, found.get("baselines") or {})]
    summary["answer"] = _answer(summary, found.get("baselines") or {})
    summary["alt"] = _alts(summary)
    return summary


def _test(name: str, test: dict[str, Any]) -> dict[str, Any]:
    interval = test.get("interval")
    return {
        "name": name,
        "words": TEST_WORDS.get(name, name),
        "statistic": test["statistic"],
        "p_value": test["p_value"],
        "n": test["n"],
        "n_permutations": test["n_permutations"],
        "exact": bool(test.get("exact")),
        "smallest_p": test.get("smallest_p"),
        "q95": (test.get("null_quantiles") or {}).get("0.95"),
        "r": number(test["statistic"]),
        "p": p_value(test["p_value"]),
        "interval": f"{number(interval[0])} to {number(interval[1])}" if interval else "",
        "interval_method": test.get("interval_method", ""),
        "histogram": test.get("null_histogram") or {},
        "alternative": test.get("alternative", "greater"),
    }


def most_influential(
    visual: pd.DataFrame | None, genetic: pd.DataFrame | None
) -> dict[str, Any] | None:
    """Find the taxon whose absence changes the correlation most.

    A single distant taxon can carry a correlation of distances; a reader has to know.

    Parameters
    ----------
    visual, genetic : DataFrame, shape (T, T)
        Distances of the same taxa.

    Returns
    -------
    dict or None
        ``taxon`` and ``pearson`` without it; None with fewer than five taxa.
    """
    if visual is None or genetic is None or len(genetic) < FEWEST_FOR_INFLUENCE:
        return None
    x = visual.loc[genetic.index, genetic.index].to_numpy()
    without = _without_each(x, genetic.to_numpy())
    upper = np.triu_indices(len(genetic), k=1)
    full = correlation(x[upper], genetic.to_numpy()[upper])
    if full is None or not np.isfinite(without).any():
        return None
    place = int(np.nanargmax(np.abs(without - full)))
    return {"taxon": str(genetic.index[place]), "pearson": float(without[place])}


def _without_each(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Correlation of the pairs without each taxon in turn, shape (n,); NaN where one is constant.

    From sums over all pairs less those over a taxon's own pairs, so that thousands of taxa take
    one pass and not one each.
    """
    n = len(x)
    upper = np.triu_indices(n, k=1)
    x, y = (side - side[upper].mean() for side in (x, y))  # sums of squares cancel less

    def left(values: np.ndarray) -> np.ndarray:
        return values[upper].sum() - (values.sum(axis=1) - np.diag(values))

    pairs = (n - 1) * (n - 2) / 2
    mean_x, mean_y = left(x) / pairs, left(y) / pairs
    spread_x, spread_y = left(x * x) - pairs * mean_x**2, left(y * y) - pairs * mean_y**2
    product = spread_x * spread_y
    known = product > (1e-12 * (x[upper] @ x[upper])) * (y[upper] @ y[upper])
    covariance = left(x * y) - pairs * mean_x * mean_y
    return np.where(known, covariance / np.sqrt(np.where(known, product, 1.0)), np.nan)


def _baselines(found: dict[str, Any]) -> list[dict[str, str]]:
    named = (
        ("taxonomy_only", "taxonomy alone", "no pictures; steps over "),
        ("row_means", "row means", "no pictures; each taxon's mean genetic distance, in-sample"),
    )
    rows = []
    for key, name, note in named:
        if key in found:
            ranks = ", ".join(found[key].get("ranks") or [])
            spearman = number(found[key]["spearman"]) if "spearman" in found[key] else "–"
            rows.append(
                {
                    "name": name,
                    "note": note + (ranks if note.endswith(" ") else ""),
                    "pearson": number(found[key].get("pearson")),
                    "spearman": spearman,
                }
            )
    return rows


def _verdict(summary: dict[str, Any]) -> str:
    """Say what the tests allow: one sentence, no more than they carry."""
    first = summary["tests"][0]
    n, what = count(summary["n_taxa"], summary["rank"]), summary["plural"]
    figures = f"r = {first['r']}, p = {first['p']}, {n}"
    if summary["circular"]:
        return (
            f"In-sample: the features were fitted to this phylogeny, so this figure says nothing "
            f"about whether looks follow lineage ({figures})."
        )
    if first["smallest_p"] and first["smallest_p"] > LEVEL:
        return (
            f"With {n} the test cannot decide: the smallest p-value it could give is "
            f"{number(first['smallest_p'])} ({figures})."
        )
    below = [test["p_value"] <= LEVEL for test in summary["tests"]]
    if all(below):
        return (
            f"Closely related {what} look more alike than chance would make them ({figures}; "
            f"{_permutations(first)})."
        )
    if any(below):
        return f"The tests disagree, so the question stays open ({_each(summary['tests'])}; {n})."
    return (
        f"There is no evidence here that closely related {what} look more alike ({figures}). "
        "That is no evidence of the opposite: with few taxa, or features that miss what matters, "
        "a real signal can go unseen."
    )


def _each(tests: list[dict[str, Any]]) -> str:
    return "; ".join(f"{test['words']}: r = {test['r']}, p = {test['p']}" for test in tests)


def _permutations(test: dict[str, Any]) -> str:
    if test["exact"]:
        return f"all {test['n_permutations']:,} orders of the taxa tried"
    return f"{test['n_permutations']:,} random permutations of the taxa"


def _more(summary: dict[str, Any], found: dict[str, Any]) -> list[str]:
    first, lines = summary["tests"][0], []
    if first["interval"]:
        lines.append(
            f"The correlation is uncertain by the choice of taxa: 95% interval {first['interval']}."
        )
    if first["statistic"] > 0:
        lines.append(
            f"A correlation of {first['r']} means that genetic distance goes with "
            f"{percent(first['statistic'] ** 2)} of the variation in visual distance."
        )
    if summary["influential"]:
        lines.append(
            f"Without the single most influential {summary['rank']}, "
            f"{summary['influential']['taxon']}, r would be "
            f"{number(summary['influential']['pearson'])}."
        )
    taxonomy = found.get("taxonomy_only") or {}
    if taxonomy.get("pearson") is not None:
        steps = listed(taxonomy.get("ranks") or [])
        higher = taxonomy["pearson"] > first["statistic"]
        lines.append(
            f"Knowing only the {steps} of each {summary['rank']}, and no picture, gives "
            f"r = {number(taxonomy['pearson'])} with the same genetic distances, "
            f"{'more' if higher else 'less'} than the pictures. Whether pictures add anything to "
            "the taxonomy is not tested here."
        )
    row_means = (found.get("row_means") or {}).get("pearson")
    if row_means is not None:
        lines.append(
            f"Long and short branches alone (each taxon's mean distance to the others) give "
            f"r = {number(row_means)}, in-sample."
        )
    return lines


def _answer(summary: dict[str, Any], found: dict[str, Any]) -> str:
    taxonomy = (found.get("taxonomy_only") or {}).get("pearson")
    text = str(summary["verdict"])
    if taxonomy is not None:
        text += f" Taxonomy alone, without a picture, reaches r = {number(taxonomy)}."
    return text


def _alts(summary: dict[str, Any]) -> dict[str, str]:
    first = summary["tests"][0]
    return {
        "hexbin": (
            f"Visual against genetic distance of {summary['n_pairs']:,} pairs of "
            f"{summary['plural']}, with medians in bins of equal numbers of pairs: "
            f"r = {first['r']}."
        ),
        "null": f"Correlations under permuted taxa with the observed one marked. "
        f"{_each(summary['tests'])}.",
    }
