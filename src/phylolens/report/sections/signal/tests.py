"""Tests in words, beside what is known without images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.text import number, p_value, span
from phylolens.stats.correlation import correlation, correlation_without_each

LEVEL = 0.05


@dataclass(frozen=True)
class Words:
    """How a test is named, what its statistic is called and what it asks."""

    name: str
    symbol: str
    asks: str


TESTS = {
    "lambda_score": Words(
        "Score test of Pagel’s λ", "S", "Do taxa that share more history look more alike?"
    ),
    "kmult": Words(
        "K_mult",
        "K_mult",
        "Effect size. Do relatives look alike as if looks had drifted along the tree? 1: as much "
        "as that.",
    ),
    "k_arithmetic": Words(
        "K_A", "K_A", "The same, every direction of looks counted alike: mean over directions."
    ),
    "k_geometric": Words("K_G", "K_G", "The same, geometric mean over directions."),
    "mantel_pearson": Words("Mantel test, Pearson", "r", "Do the two distances rise together?"),
    "mantel_spearman": Words("Mantel test, Spearman (ranks)", "r", "The same of their ranks."),
    "protest": Words("PROTEST", "t", "Can the map of looks be laid upon the map of the phylogeny?"),
    "dcor": Words(
        "distance correlation", "dCor", "Any dependence, straight or bent; bias-corrected."
    ),
    "mantel_pearson_centred": Words(
        "Mantel test, Pearson, centred", "r", "Without what single odd or long-branched taxa add."
    ),
    "mantel_spearman_centred": Words(
        "Mantel test, Spearman, centred", "r", "The same of their ranks."
    ),
}
CONFIRMING = "protest"
OF_LOOKS = ("lambda_score", "kmult", "protest")  # others compare distances, not likeness
TWINS = ("dcor", "mantel_pearson_centred")  # one number by two roads: shown once


def about_tests(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sum up the tests of ``signal.json``, the primary one first.

    Returns
    -------
    list of dict
        One a test that has a statistic. Without a declared primary test, as older results are, the
        first one listed leads.
    """
    tests = {name: test for name, test in found["tests"].items() if _known(test)}
    leader = found.get("primary") if found.get("primary") in tests else next(iter(tests), None)
    order = [*([leader] if leader else []), CONFIRMING, *TESTS, *tests]
    names = [name for name in dict.fromkeys(order) if name in tests]
    names = [name for name in names if not _twin(name, tests)]
    return [_row(name, tests[name], primary=name == found.get("primary")) for name in names]


def _known(test: Mapping[str, Any] | None) -> bool:
    return bool(test) and test.get("statistic") is not None  # type: ignore[union-attr]


def _twin(name: str, tests: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a test is another one, under a second name."""
    if name != TWINS[1] or TWINS[0] not in tests:
        return False
    one, other = (tests[twin]["statistic"] for twin in TWINS)
    return bool(abs(one - other) < 1e-6)


def _row(name: str, test: Mapping[str, Any], *, primary: bool) -> dict[str, Any]:
    words = TESTS.get(name, Words(name, "value", ""))
    quantiles = test.get("null_quantiles") or {}
    return {
        "name": name,
        "words": words.name,
        "symbol": words.symbol,
        "asks": words.asks,
        "primary": primary,
        "statistic": test["statistic"],
        "role": test.get("role", ""),
        "plain": number(test["plain"]) if test.get("plain") is not None else "",
        "tested": number(test["tested"]) if test.get("tested") is not None else "",
        "p_value": test["p_value"],
        "p_holm": test.get("p_holm"),
        "n": test["n"],
        "n_permutations": test["n_permutations"],
        "exact": bool(test.get("exact")),
        "smallest_p": test.get("smallest_p"),
        "q95": quantiles.get("0.95"),
        "shuffled": number(quantiles["0.5"]) if "0.5" in quantiles else "",
        "r": number(test["statistic"]),
        "z": number(test["z"], 1) if test.get("z") is not None else "",
        "p": p_value(test["p_value"]),
        "corrected": p_value(test["p_holm"]) if test.get("p_holm") is not None else "",
        "limits": test.get("interval"),
        "interval": span(test.get("interval")),
        "interval_method": test.get("interval_method", ""),
        "influence": span(test.get("influence")),
        "specimen_interval": span(test.get("specimen_interval")),
        "histogram": test.get("null_histogram") or {},
        "alternative": test.get("alternative", "greater"),
        "seed": test.get("seed"),
    }


def significant(test: Mapping[str, Any]) -> bool:
    """Whether a test rejects at 5%, after Holm's correction where it is one of several."""
    p = test["p_value"] if test["p_holm"] is None else test["p_holm"]
    return bool(p <= LEVEL)


def reaches(test: Mapping[str, Any]) -> bool:
    """Whether a test that decides rejects at 5%: a finding needs all of them, so uncorrected."""
    return bool(test["p_value"] <= LEVEL)


def figure(test: Mapping[str, Any]) -> str:
    """Write a test's statistic with its p: ``r = 0.25, p = 0.012``."""
    text = f"{test['symbol']} = {test['r']}"
    text += f", z = {test['z']}" if test["primary"] and test["z"] else ""
    if test["p_holm"] is not None and test["name"] != CONFIRMING:
        return f"{text}, p = {test['corrected']} after Holm"
    return f"{text}, p = {test['p']}"


def each_test(tests: list[dict[str, Any]]) -> str:
    """Name every test with its figures."""
    return "; ".join(
        figure(test) if test["words"] == test["symbol"] else f"{test['words']}: {figure(test)}"
        for test in tests
    )


def orders_tried(test: Mapping[str, Any]) -> str:
    """Say how many orders of the taxa were tried."""
    if test["exact"]:
        return f"all {test['n_permutations']:,} orders of the taxa tried"
    return f"{test['n_permutations']:,} random permutations of the taxa"


FEWEST_FOR_INFLUENCE = 5


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
    without = correlation_without_each(x, genetic.to_numpy())
    upper = np.triu_indices(len(genetic), k=1)
    full = correlation(x[upper], genetic.to_numpy()[upper])
    if full is None or not np.isfinite(without).any():
        return None
    place = int(np.nanargmax(np.abs(without - full)))
    return {"taxon": str(genetic.index[place]), "pearson": float(without[place])}


NAMED = (
    ("taxonomy_only", "taxonomy alone", "no images; steps over {ranks}"),
    ("row_means", "row means", "no images; each taxon's mean genetic distance, in-sample"),
    (
        "image_counts",
        "numbers of images",
        "no looks; how differently often two taxa were photographed",
    ),
)


def about_baselines(
    found: Mapping[str, Any], tests: list[dict[str, Any]], *, circular: bool
) -> list[dict[str, str]]:
    """Rows of the table: correlations with genetic distance, of the images and without them."""
    rows = []
    mantel = {test["name"]: test["r"] for test in tests}
    if "mantel_pearson" in mantel:
        rows.append(
            {
                "kind": "mine",
                "name": "images (in-sample)" if circular else "images",
                "note": "",
                "pearson": mantel["mantel_pearson"],
                "spearman": mantel.get("mantel_spearman", "–"),
            }
        )
    for key, name, note in NAMED:
        own = found.get(key)
        if own:
            rows.append(
                {
                    "kind": "baseline",
                    "name": name,
                    "note": note.format(ranks=", ".join(own.get("ranks") or [])),
                    "pearson": number(own.get("pearson")),
                    "spearman": number(own["spearman"]) if "spearman" in own else "–",
                }
            )
    return rows


def beside(found: Mapping[str, Any], tests: list[dict[str, Any]]) -> str:
    """Set the correlation of the images and that of taxonomy alone side by side."""
    taxonomy = (found.get("taxonomy_only") or {}).get("pearson")
    own = next((test for test in tests if test["name"] == "mantel_pearson"), None)
    alone = "axonomy alone, without an image, reaches"
    if own is None:
        return "" if taxonomy is None else f"T{alone} r = {number(taxonomy)}."
    text = f"Visual and genetic distance correlate with r = {own['r']}"
    text += f" (95% interval {own['interval']})" if own["interval"] else ""
    if taxonomy is not None:
        more = "more" if taxonomy > own["statistic"] else "less"
        text += f"; t{alone} {more}, r = {number(taxonomy)}"
    return text + "."


def remarks(found: Mapping[str, Any]) -> list[str]:
    """Say what else comes free: branch lengths, and uneven sampling."""
    lines = []
    row_means = (found.get("row_means") or {}).get("pearson")
    if row_means is not None:
        lines.append(
            f"Long and short branches alone (each taxon's mean distance to the others) give "
            f"r = {number(row_means)}, in-sample."
        )
    lines += _sampling(found.get("image_counts") or {})
    return lines


def _sampling(counts: Mapping[str, Any]) -> list[str]:
    """Say so where looks go with how often taxa were photographed."""
    looks = counts.get("visual") or {}
    r, p = looks.get("pearson"), looks.get("p_pearson")
    if r is None or p is None or p > LEVEL:
        return []
    return [
        f"Looks go with the number of images, too (r = {number(r)}, p = {p_value(p)} by a Mantel "
        "test): taxa photographed alike often look more alike, for whatever reason."
    ]
