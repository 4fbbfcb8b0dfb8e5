"""Do two distance matrices agree? The Mantel test, taxa permuted.

Mantel (1967) Cancer Res. 27:209. Valid as a test of one autocorrelated matrix against another
that is exchangeable; when both are tree-structured it rejects too often (Guillot & Rousset 2013,
Methods Ecol. Evol. 4:336).
"""

from dataclasses import replace

import numpy as np
from skbio import DistanceMatrix

from phylolens.stats._align import aligned
from phylolens.stats._pairs import pair_test
from phylolens.stats.correlation import correlation
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
    x, y = aligned(x, y)
    result = pair_test(
        f"mantel_{method}",
        x.data,
        y.data,
        method=method,
        permutations=permutations,
        alternative=alternative,
        seed=seed,
    )
    interval = _interval(x.data, y.data, method, seed) if len(x.ids) >= 10 else None
    return replace(
        result,
        interval=interval,
        interval_method=INTERVAL_METHOD if interval else "",
    )


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
