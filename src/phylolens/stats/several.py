"""Several embeddings or distances beside each other: the main tests of each, in brief."""

import pandas as pd
from skbio import DistanceMatrix

from phylolens.results.signal_parts import MainTests
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.every_test import every_test
from phylolens.writing import plain

SHOWN = ("statistic", "z", "p_value")


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
