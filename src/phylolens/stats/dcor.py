"""Is there any dependence, linear or not? Bias-corrected distance correlation, taxa permuted."""

from typing import Any

from phylolens.phylogeny import as_distances, as_genetic
from phylolens.random import Seed, as_seed
from phylolens.stats._align import aligned
from phylolens.stats._pairs import pair_test
from phylolens.stats.centred import double_centre
from phylolens.values import TestResult


def distance_correlation(
    visual: Any,
    genetic: Any,
    *,
    permutations: int = 999,
    seed: Seed = 0,
) -> TestResult:
    """Bias-corrected squared distance correlation of two distance matrices.

    Székely & Rizzo (2014) Ann. Stat. 42:2382; ``energy::bcdcor`` in R. The inner product of the two
    U-centred matrices over the product of their norms: since U-centred pairs have mean zero, the
    Pearson correlation of what double-centring leaves. The t-test of the same paper is not used:
    its size is right only as taxa and features grow without bound.

    Parameters
    ----------
    visual, genetic : DistanceMatrix, DataFrame, str or Path
        The same taxa, four or more, in any order; aligned by id. ``genetic`` may be a tree: its
        path lengths. Population values of zero mean
        independence where distances are Euclidean or square roots of a tree's, or a tree's.
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    seed : int or numpy.random.Generator
        Seed of the permutations.

    Returns
    -------
    TestResult
        ``statistic`` in [-1, 1], about 0 without dependence; one-sided ``greater``.

    Raises
    ------
    InputError
        If ids differ, fewer than four taxa are given, or row means explain a whole matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.spatial.distance import pdist
    >>> from phylolens import as_distances, distance_correlation
    >>> places = np.array([[0.0], [0.2], [1.5], [3.0], [3.3]])
    >>> visual = as_distances(pdist(places), ids=list("abcde"))
    >>> tree = "(((a:1,b:1):1,c:2):2,(d:1,e:1):3);"
    >>> round(distance_correlation(visual, tree).statistic, 2)
    0.92
    """
    seed = as_seed(seed)
    visual = as_distances(visual)
    x, y = aligned(visual, as_genetic(genetic, visual.ids))
    return pair_test(
        "dcor",
        double_centre(x.data),
        double_centre(y.data),
        permutations=permutations,
        seed=seed,
    )
