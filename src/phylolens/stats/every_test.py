"""All tests of visual against genetic distance: two that decide, the others to describe.

Decided by: the score test of Pagel's lambda, declared primary, and PROTEST beside it; a finding
needs both. All p-values but the first's are of directions (:mod:`phylolens.stats.unit_length`),
since on distances as they are every one of these tests rejects where relatives share no history
but some clades vary more than others. The statistics printed are of the distances themselves,
without sampling noise: what R's functions give for that matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.results.signal_parts import MainTests
from phylolens.stats._align import same_taxa
from phylolens.stats._permutation import holm, orders, require_permutations, result_of
from phylolens.stats.centred import mantel_centred
from phylolens.stats.dcor import distance_correlation
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.kmatrix import k_eigenvalues, k_means, k_points
from phylolens.stats.kmult import PreparedTree, kmult
from phylolens.stats.lambda_score import lambda_score
from phylolens.stats.mantel import mantel
from phylolens.stats.protest import default_axes, protest, superimposed
from phylolens.stats.statistics import Statistics
from phylolens.stats.unit_length import unit_distances
from phylolens.values import TestResult
from phylolens.writing import plain

PRIMARY_WITH_TREE, PRIMARY_WITHOUT = "lambda_score", "mantel_pearson"
CONFIRMATORY = "protest"
SAME_NUMBER = {"mantel_pearson_centred": "dcor"}  # after double-centring, Pearson is that
OF_THE_TREE = ("kmult", "k_arithmetic", "k_geometric")
SCALES = {True: "squared distances, pairwise centred", False: "directions from the centre"}
Makers = dict[str, Callable[[], TestResult]]


SHOWN = ("statistic", "z", "p_value")


@dataclass(frozen=True)
class Tests:
    """What all tests found.

    Parameters
    ----------
    primary : str
        The test declared before looking: ``lambda_score`` with a tree, else ``mantel_pearson``.
    results : dict
        Of each test that could be made, as :meth:`phylolens.values.TestResult.to_dict` gives it,
        with ``role`` (``primary``, ``confirmatory`` or ``description``), ``tested`` (the
        statistic that ``p_value``, ``z`` and the null belong to), ``scale`` (of what),
        ``statistic`` (of the distances without sampling noise), ``plain`` (as measured) and, of
        descriptions, ``p_holm``.
    residuals : Series or None
        Procrustes residual of each taxon, largest first.
    not_possible : dict
        Test to the reason why it could not be made.
    """

    __test__ = False  # not a pytest class

    primary: str
    results: dict[str, dict[str, Any]]
    residuals: pd.Series | None
    not_possible: dict[str, str]


def every_test(
    visual: VisualDistances | DistanceMatrix,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    *,
    primary: str | None = None,
    axes: int | None = None,
    permutations: int = 999,
    seed: int = 0,
) -> Tests:
    """Run every test of visual against genetic distance.

    Parameters
    ----------
    visual : VisualDistances or DistanceMatrix
        n taxa.
    genetic : DistanceMatrix
        The same taxa.
    covariance : DataFrame or None
        Of the taxa under Brownian motion; None leaves out K_mult, K_A and K_G.
    primary : str, optional
        The primary test; by default the score of lambda where there is a covariance, else
        Mantel's. Where it cannot be made, Mantel's takes its place.
    axes : int, optional
        Principal coordinates of PROTEST, K_A and K_G.
    permutations, seed : int
        Of all tests; each permutes the taxa in the same orders.

    Returns
    -------
    Tests
        P-values of descriptions are Holm-corrected (Holm 1979, Scand. J. Stat. 6:65) among
        themselves. The primary and the confirmatory test are not: a finding needs both, and the
        larger of two p-values needs no correction.
    """
    if isinstance(visual, DistanceMatrix):
        visual = VisualDistances.of_matrix(visual)
    names = sorted(visual.ids)
    genetic = same_taxa(visual.plain, genetic).filter(names)
    visual = visual.filter(names)
    shared = None if covariance is None else covariance.loc[names, names]
    results, not_possible = _made(
        _makers(visual, genetic, shared, axes, permutations=permutations, seed=seed)
    )
    wanted = primary or (PRIMARY_WITHOUT if covariance is None else PRIMARY_WITH_TREE)
    primary = wanted if wanted in results else PRIMARY_WITHOUT
    _describe(results, visual, genetic, shared, axes)
    _assign_roles(results, primary)
    residuals = None
    if CONFIRMATORY in results:
        fit = superimposed(visual.matrix, genetic, axes=axes)
        residuals = fit.residuals
        results[CONFIRMATORY] |= {"statistic": fit.statistic, "axes": fit.axes}
    if "kmult" in results:
        results["kmult"]["expected_under_brownian"] = 1.0
    for name, same in SAME_NUMBER.items():
        if same in results:
            results[name] = results[same] | {"name": name, "same_as": same}
    return Tests(primary, results, residuals, not_possible)


def _makers(
    visual: VisualDistances,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    axes: int | None,
    **common: Any,
) -> Makers:
    """Return what makes each test."""
    unit = unit_distances(visual)
    makers: Makers = {
        "lambda_score": lambda: lambda_score(visual, genetic, **common),
        "protest": lambda: protest(unit, genetic, axes=axes, **common).test,
    }
    if covariance is not None:
        makers["kmult"] = lambda: kmult(unit, covariance, **common)
        by_direction: list[dict[str, TestResult]] = []

        def of(name: str) -> TestResult:
            if not by_direction:
                by_direction.append(_k_tests(unit, covariance, axes, **common))
            return by_direction[0][name]

        makers |= {name: lambda name=name: of(name) for name in OF_THE_TREE[1:]}  # type: ignore[misc]
    return makers | {
        "mantel_pearson": lambda: mantel(unit, genetic, method="pearson", **common),
        "mantel_spearman": lambda: mantel(unit, genetic, method="spearman", **common),
        "dcor": lambda: distance_correlation(unit, genetic, **common),
        "mantel_spearman_centred": lambda: mantel_centred(
            unit, genetic, method="spearman", **common
        ),
    }


def _k_tests(
    unit: DistanceMatrix,
    covariance: pd.DataFrame,
    axes: int | None,
    *,
    permutations: int,
    seed: int,
) -> dict[str, TestResult]:
    """Test K_A and K_G."""
    require_permutations(permutations)
    n = len(unit.ids)
    tree = PreparedTree.of(covariance)
    points = k_points(unit, default_axes(n) if axes is None else axes)
    tried, exact = orders(n, permutations, seed)
    found = k_means(tree, points, np.vstack([np.arange(n), tried]))
    return {
        name: result_of(name, float(values[0]), values[1:], exact, n, seed=seed)
        for name, values in zip(OF_THE_TREE[1:], found, strict=True)
    }


def _made(makers: Makers) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Make each test; one that is not possible must not cost the others.

    Raises
    ------
    InputError
        If none is possible, for the reason of the first.
    """
    results, not_possible = {}, {}
    faults = []
    for name, make in makers.items():
        try:
            results[name] = make().to_dict()
        except InputError as error:
            faults.append(error)
            not_possible[name] = str(error)
    if PRIMARY_WITHOUT in not_possible:
        raise next(fault for fault in faults if str(fault) == not_possible[PRIMARY_WITHOUT])
    return results, not_possible


def _describe(
    results: dict[str, dict[str, Any]],
    visual: VisualDistances,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    axes: int | None,
) -> None:
    """Set the statistics of the distances themselves beside those that were tested."""
    prepared = Statistics(genetic, covariance, axes)
    described = prepared.of(visual.matrix)
    plain = prepared.of(visual.plain) if visual.debiased else described
    for name, test in results.items():
        test["tested"] = test["statistic"]
        test["scale"] = SCALES[name == "lambda_score"]
        if described.get(name) is not None:
            test |= {"statistic": described[name], "plain": plain[name]}
    if covariance is not None and "k_arithmetic" in results:
        n = len(genetic.ids)
        points = k_points(visual.matrix, default_axes(n) if axes is None else axes)
        values = k_eigenvalues(PreparedTree.of(covariance), points)
        results["k_arithmetic"]["eigenvalues"] = [float(value) for value in values]


def _assign_roles(results: dict[str, dict[str, Any]], primary: str) -> None:
    deciding = {primary: "primary", CONFIRMATORY: "confirmatory"} | {primary: "primary"}
    for name, test in results.items():
        test["role"] = deciding.get(name, "description")
    described = [name for name, test in results.items() if test["role"] == "description"]
    corrected = holm([results[name]["p_value"] for name in described])
    for name, p_value in zip(described, corrected, strict=True):
        results[name]["p_holm"] = p_value


def main_tests(
    visual: VisualDistances | DistanceMatrix,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> MainTests:
    """Run the tests that decide, K_mult and both Mantel tests, for a row of a table.

    Choosing the embedding or the distance by the smallest of such p-values and reporting that one
    alone would be a test of its own: the table has to be shown whole.

    Parameters
    ----------
    visual, genetic, covariance, permutations, seed
        See :func:`phylolens.stats.every_test.every_test`.

    Returns
    -------
    MainTests
        ``lambda_score``, ``protest``, ``kmult``, ``mantel_pearson``, ``mantel_spearman``: each
        ``statistic``, ``z``, ``p_value``, or None where the test cannot be made.
    """
    found = every_test(visual, genetic, covariance, permutations=permutations, seed=seed).results
    return MainTests.model_validate(
        {
            name: {key: plain(found[name][key]) for key in SHOWN} if name in found else None
            for name in MainTests.model_fields
        }
    )
