"""All tests of looks against lineage on one pair of matrices, one of them declared primary."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats._holm import holm
from phylolens.stats.centred import mantel_centred
from phylolens.stats.dcor import dcor
from phylolens.stats.kmult import kmult
from phylolens.stats.mantel import mantel
from phylolens.stats.protest import Protest, protest
from phylolens.values import TestResult

PRIMARY_WITH_TREE, PRIMARY_WITHOUT = "kmult", "mantel_pearson"
SAME_NUMBER = {"mantel_pearson_centred": "dcor"}  # after double-centring, Pearson is that


@dataclass(frozen=True)
class Tests:
    """What all tests found.

    Parameters
    ----------
    primary : str
        The test declared before looking: ``kmult`` with a tree, else ``mantel_pearson``.
    results : dict
        Of each test that could be made, as :meth:`phylolens.values.TestResult.to_dict` gives it,
        with ``p_holm`` for the secondary ones.
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
    visual: DistanceMatrix,
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
    visual, genetic : DistanceMatrix
        The same taxa.
    covariance : DataFrame or None
        Of the taxa under Brownian motion; None leaves K_mult out.
    primary : str, optional
        The primary test; by default K_mult where there is a covariance, else Mantel's. Where it
        cannot be made, Mantel's takes its place.
    axes : int, optional
        Principal coordinates of PROTEST.
    permutations, seed : int
        Of all tests; each permutes the taxa in the same orders.

    Returns
    -------
    Tests
        Secondary p-values are Holm-corrected (Holm 1979, Scand. J. Stat. 6:65) over the secondary
        tests; the primary one stands alone and is not.
    """
    common: dict[str, Any] = {"permutations": permutations, "seed": seed}
    rotated: list[Protest] = []

    def rotate() -> TestResult:
        rotated.append(protest(visual, genetic, axes=axes, **common))
        return rotated[0].test

    makers: dict[str, Callable[[], TestResult]] = {}
    if covariance is not None:
        makers["kmult"] = lambda: kmult(visual, covariance, **common)
    makers |= {
        "mantel_pearson": lambda: mantel(visual, genetic, method="pearson", **common),
        "mantel_spearman": lambda: mantel(visual, genetic, method="spearman", **common),
        "protest": rotate,
        "dcor": lambda: dcor(visual, genetic, **common),
        "mantel_spearman_centred": lambda: mantel_centred(
            visual, genetic, method="spearman", **common
        ),
    }
    results, not_possible = _made(makers)
    wanted = primary or PRIMARY_WITH_TREE
    primary = wanted if wanted in results else PRIMARY_WITHOUT
    _correct(results, primary)
    if rotated:
        results["protest"]["axes"] = rotated[0].axes
    if "kmult" in results:
        results["kmult"]["expected_under_brownian"] = 1.0
    for name, same in SAME_NUMBER.items():
        if same in results:
            results[name] = results[same] | {"name": name, "same_as": same}
    return Tests(primary, results, rotated[0].residuals if rotated else None, not_possible)


def _made(
    makers: dict[str, Callable[[], TestResult]],
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
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


def _correct(results: dict[str, dict[str, Any]], primary: str) -> None:
    secondary = [name for name in results if name != primary]
    corrected = holm([results[name]["p_value"] for name in secondary])
    for name, p_value in zip(secondary, corrected, strict=True):
        results[name]["p_holm"] = p_value
