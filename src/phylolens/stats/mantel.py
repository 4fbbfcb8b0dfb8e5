"""Do two distance matrices agree? The Mantel test, taxa permuted.

Mantel (1967) Cancer Res. 27:209. Valid as a test of one autocorrelated matrix against another
that is exchangeable; when both are tree-structured it rejects too often (Guillot & Rousset 2013,
Methods Ecol. Evol. 4:336).
"""

from dataclasses import replace

import numpy as np
from skbio import DistanceMatrix
from skbio.stats.distance import mantel as skbio_mantel

from phylolens.errors import InputError
from phylolens.stats._align import same_taxa
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats._products import permuted_products
from phylolens.stats.correlation import CONSTANT, correlation, level, ranks
from phylolens.values import TestResult

SUBSAMPLES, DELETED_SHARE = 500, 0.1
INTERVAL_METHOD = (
    f"95% interval, delete-d jackknife over taxa: {SUBSAMPLES} subsamples without "
    f"{DELETED_SHARE:.0%} of the taxa, their variance scaled by (n - d) / d (Shao & Wu 1989)"
)


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
        Seed of permutations and interval.

    Returns
    -------
    TestResult
        With an interval by jackknife over taxa when there are at least 10 taxa.

    Raises
    ------
    InputError
        If ids differ, fewer than three taxa are given, or one matrix is constant.
    """
    if method not in ("pearson", "spearman"):
        raise InputError(f"unknown Mantel method '{method}': pearson or spearman.")
    y = same_taxa(x, y)
    if method == "spearman":
        x, y = (DistanceMatrix(level(matrix.data), matrix.ids) for matrix in (x, y))
    left, right = _standard(x.data, method), _standard(y.data, method)

    require_permutations(permutations)
    n = len(x.ids)
    tried, exact = orders(n, permutations, seed)
    null = permuted_products(left, [right], tried)[:, 0]
    r, _, _ = skbio_mantel(x, y, method=method, permutations=0)
    result = result_of(
        f"mantel_{method}", float(r), null, exact, n, alternative=alternative, seed=seed
    )
    interval = _interval(x.data, y.data, method, seed) if n >= 10 else None
    return replace(
        result,
        interval=interval,
        interval_method=INTERVAL_METHOD if interval else "",
    )


def _standard(matrix: np.ndarray, method: str) -> np.ndarray:
    """Centre and scale the pairs so that the product of two matrices is their correlation."""
    upper = np.triu_indices(len(matrix), k=1)
    pairs = ranks(matrix[upper]) if method == "spearman" else matrix[upper]
    size = np.linalg.norm(pairs)
    pairs = pairs - pairs.mean()
    norm = np.linalg.norm(pairs)
    if norm <= CONSTANT * size:
        raise InputError("all distances of a matrix are equal: nothing can be correlated.")
    square = np.zeros(matrix.shape)
    square[upper] = pairs / norm
    return square + square.T


def _interval(x: np.ndarray, y: np.ndarray, method: str, seed: int) -> tuple[float, float] | None:
    """95% interval of the correlation.

    The plain quantiles of such subsamples (as ecodist prints them) span a third of the true
    sampling error, because nine tenths of the taxa are shared; the jackknife scales them up.
    Shao & Wu (1989) Ann. Stat. 17:1176.
    """
    rng = np.random.default_rng([seed, 1])
    n = len(x)
    deleted = max(1, round(DELETED_SHARE * n))
    values = []
    for _ in range(SUBSAMPLES):
        rows = np.sort(rng.choice(n, n - deleted, replace=False))
        value = _correlation(x[np.ix_(rows, rows)], y[np.ix_(rows, rows)], method)
        if value is not None:
            values.append(value)
    centre = _correlation(x, y, method)
    if len(values) < SUBSAMPLES / 2 or centre is None:
        return None
    half = 1.96 * float(np.std(values)) * np.sqrt((n - deleted) / deleted)
    return max(-1.0, centre - half), min(1.0, centre + half)


def _correlation(x: np.ndarray, y: np.ndarray, method: str) -> float | None:
    upper = np.triu_indices(len(x), k=1)
    return correlation(x[upper], y[upper], rank=method == "spearman")
