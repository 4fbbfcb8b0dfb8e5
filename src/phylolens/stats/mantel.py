"""Do two distance matrices agree? The Mantel test, taxa permuted.

Mantel (1967) Cancer Res. 27:209. Valid as a test of one autocorrelated matrix against another
that is exchangeable; when both are tree-structured it rejects too often (Guillot & Rousset 2013,
Methods Ecol. Evol. 4:336).
"""

from typing import Any

from phylolens.phylogeny import as_distances, as_genetic
from phylolens.random import Seed, as_seed
from phylolens.stats._align import aligned
from phylolens.stats._pairs import pair_test
from phylolens.values import TestResult


def mantel(
    x: Any,
    y: Any,
    *,
    method: str = "pearson",
    permutations: int = 999,
    alternative: str = "greater",
    seed: Seed = 0,
) -> TestResult:
    """Correlate the pairs of two distance matrices; test by permuting the taxa of ``x``.

    Parameters
    ----------
    x, y : DistanceMatrix, DataFrame, str or Path
        The same taxa, in any order; aligned by id. ``y`` may be a tree: its path lengths.
    method : {'pearson', 'spearman'}
        Linear or rank correlation.
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    alternative : {'greater', 'less', 'two-sided'}
        One-sided ``greater`` by default: visual distance is expected to follow lineage.
    seed : int or numpy.random.Generator
        Seed of the permutations.

    Returns
    -------
    TestResult
        Without an interval: see :mod:`phylolens.stats.leave_out`.

    Raises
    ------
    InputError
        If ids differ, fewer than three taxa are given, or one matrix is constant.

    Examples
    --------
    >>> import pandas as pd
    >>> from phylolens import mantel
    >>> names = list("abcd")
    >>> seen = pd.DataFrame([[0, 1, 4, 5], [1, 0, 4, 4], [4, 4, 0, 2], [5, 4, 2, 0]], names, names)
    >>> result = mantel(seen, "((a:1,b:1):2,(c:2,d:2):1);")
    >>> round(result.statistic, 2), result.n
    (0.95, 4)
    """
    x = as_distances(x)
    x, y = aligned(x, as_genetic(y, x.ids))
    return pair_test(
        f"mantel_{method}",
        x.data,
        y.data,
        method=method,
        permutations=permutations,
        alternative=alternative,
        seed=as_seed(seed),
    )
