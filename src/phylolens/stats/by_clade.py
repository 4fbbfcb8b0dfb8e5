"""Every test within each clade: signal inside orders, not only between them."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats._align import same_taxa
from phylolens.stats._permutation import holm
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.every_test import every_test

FEWEST = 5  # taxa: 5! = 120 orders, of which p = 0.05 is six
TESTS = (
    "lambda_score",
    "kmult",
    "mantel_pearson",
    "mantel_spearman",
    "protest",
    "dcor",
    "mantel_pearson_centred",
    "mantel_spearman_centred",
)


def by_clade(
    visual: VisualDistances | DistanceMatrix,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    lineage: pd.DataFrame,
    *,
    permutations: int = 999,
    seed: int = 0,
    fewest: int = FEWEST,
) -> list[dict[str, Any]]:
    """Run every test within each clade of each coarser rank.

    A clade that holds all taxa is the whole test again and is left out; so is one that holds the
    same taxa as a coarser one, whose tests are its own.

    Parameters
    ----------
    visual : VisualDistances or DistanceMatrix
        n taxa.
    genetic : DistanceMatrix
        The same taxa, in any order.
    covariance : DataFrame or None
        Of the taxa under Brownian motion; None leaves K_mult out.
    lineage : DataFrame
        Index: taxa; columns: ranks, coarse to fine, the last being the taxa themselves. Taxa
        unknown at a rank are in none of its clades.
    permutations, seed : int
        Of all tests; clades of 8 taxa or fewer are tested over all orders.
    fewest : int
        Taxa a clade must have.

    Returns
    -------
    list of dict
        One a clade, ranks coarse to fine, clades by name: ``rank``, ``clade``, ``n_taxa``,
        ``tests`` and, of Mantel's, ``pearson``, ``spearman``, ``p_pearson``, ``p_spearman`` (not
        corrected). Each test has ``statistic``, ``p_value``, ``z``, ``exact``, ``smallest_p`` and
        ``p_holm``, corrected over all clades of all ranks (Holm 1979, Scand. J. Stat. 6:65), since
        one sentence names them all; a test that cannot be made has None for all, and the
        ``reason``.
    """
    if isinstance(visual, DistanceMatrix):
        visual = VisualDistances.of_matrix(visual)
    genetic = same_taxa(visual.plain, genetic)
    found: list[dict[str, Any]] = []
    for rank, clade, taxa in _clades(lineage.loc[list(visual.ids)], fewest):
        inner = None if covariance is None else covariance.loc[taxa, taxa]
        sides = visual.filter(taxa), genetic.filter(taxa)
        tests = _tests(*sides, inner, permutations=permutations, seed=seed)
        row: dict[str, Any] = {"rank": rank, "clade": clade, "n_taxa": len(taxa)}
        for way in ("pearson", "spearman"):
            mantel = tests[f"mantel_{way}"]
            row |= {way: mantel["statistic"], f"p_{way}": mantel["p_value"]}
        found.append(row | {"tests": tests})
    _correct([row["tests"] for row in found])
    return found


def _clades(lineage: pd.DataFrame, fewest: int) -> Iterator[tuple[str, str, list[str]]]:
    """Rank, name and taxa of each clade that can be tested."""
    seen = {frozenset(lineage.index)}
    for rank in lineage.columns[:-1]:
        for clade, rows in lineage.groupby(rank, sort=True):
            taxa = frozenset(rows.index)
            if len(taxa) >= fewest and taxa not in seen:
                seen.add(taxa)
                yield str(rank), str(clade), sorted(taxa)


def _tests(
    visual: VisualDistances,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    **common: Any,
) -> dict[str, dict[str, Any]]:
    results: dict[str, dict[str, Any]] = {}
    try:
        made = every_test(visual, genetic, covariance, **common)
        results, reasons, fallback = made.results, made.not_possible, ""
    except InputError as error:  # nothing varies within this clade
        reasons, fallback = {}, str(error)
    wanted = [name for name in TESTS if covariance is not None or name != "kmult"]
    tests = {}
    for name in wanted:
        given = results.get(name, {})
        kept = ("statistic", "p_value", "z", "exact", "smallest_p")
        tests[name] = {key: given.get(key) for key in kept} | {"p_holm": None}
        if not given:
            same = {"mantel_pearson_centred": "dcor"}.get(name, name)
            tests[name]["reason"] = reasons.get(same, fallback)
    return tests


def _correct(clades: list[dict[str, dict[str, Any]]]) -> None:
    """Correct over the clades in which a test could be made, test by test."""
    for name in TESTS:
        made = [tests[name] for tests in clades if tests.get(name, {}).get("p_value") is not None]
        corrected = holm([test["p_value"] for test in made])
        for test, p_value in zip(made, corrected, strict=True):
            test["p_holm"] = p_value
