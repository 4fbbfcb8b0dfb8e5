"""Several embeddings or distances beside each other: the main tests of each, in brief."""

from typing import Any

import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.kmult import kmult
from phylolens.stats.mantel import mantel

SHOWN = ("statistic", "z", "p_value")


def main_tests(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> dict[str, dict[str, Any] | None]:
    """Run K_mult and both Mantel tests, for a row of a table.

    Choosing the embedding or the distance by the smallest of such p-values and reporting that one
    alone would be a test of its own: the table has to be shown whole.

    Parameters
    ----------
    visual, genetic, covariance, permutations, seed
        See :func:`phylolens.stats.every_test.every_test`.

    Returns
    -------
    dict
        ``kmult``, ``mantel_pearson``, ``mantel_spearman``: each ``statistic``, ``z``, ``p_value``,
        or None where the test cannot be made.
    """
    found: dict[str, dict[str, Any] | None] = {"kmult": None}
    if covariance is not None:
        try:
            result = kmult(visual, covariance, permutations=permutations, seed=seed)
            found["kmult"] = {key: getattr(result, key) for key in SHOWN}
        except InputError:  # said once, by the test of the main embedding
            pass
    for method in ("pearson", "spearman"):
        result = mantel(visual, genetic, method=method, permutations=permutations, seed=seed)
        found[f"mantel_{method}"] = {key: getattr(result, key) for key in SHOWN}
    return found
