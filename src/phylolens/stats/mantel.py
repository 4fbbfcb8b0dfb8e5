"""Do two distance matrices agree? The Mantel test, taxa permuted.

Mantel (1967) Cancer Res. 27:209. Valid as a test of one autocorrelated matrix against another
that is exchangeable; when both are tree-structured it rejects too often (Guillot & Rousset 2013,
Methods Ecol. Evol. 4:336).
"""

from skbio import DistanceMatrix

from phylolens.stats._align import aligned
from phylolens.stats._pairs import pair_test
from phylolens.values import TestResult


def mantel(
    x: DistanceMatrix,
    y: DistanceMatrix,
    *,
    method: str = "pearson",
    permutations: int = 999,
    alternative: str = "greater",
    seed: int = 0,
) -> TestResult:
    """Correlate the pairs of two distance matrices; test by permuting the taxa of ``x``.

    Parameters
    ----------
    x, y : DistanceMatrix
        The same taxa, in any order; aligned by id.
    method : {'pearson', 'spearman'}
        Linear or rank correlation.
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    alternative : {'greater', 'less', 'two-sided'}
        One-sided ``greater`` by default: looks are expected to follow lineage.
    seed : int
        Seed of the permutations.

    Returns
    -------
    TestResult
        Without an interval: see :mod:`phylolens.stats.leave_out`.

    Raises
    ------
    InputError
        If ids differ, fewer than three taxa are given, or one matrix is constant.
    """
    x, y = aligned(x, y)
    return pair_test(
        f"mantel_{method}",
        x.data,
        y.data,
        method=method,
        permutations=permutations,
        alternative=alternative,
        seed=seed,
    )
