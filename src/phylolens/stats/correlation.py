"""Correlation as a plain effect size; tests live elsewhere, since pairs are not independent."""

import numpy as np
from scipy.stats import rankdata

CONSTANT = 1e-12  # relative to the values: no unit of branch lengths is too small
TIE_DIGITS = 6
COUNTED_FROM = 100_000  # values; of fewer, sorting is faster than counting over 10^6 steps


def ranks(values: np.ndarray) -> np.ndarray:
    """Rank values, ties sharing their mean rank.

    Values that agree to a millionth of the largest are ties: in a dated tree whole clades are
    equally far apart, and sums of written branch lengths differ only by rounding.
    """
    if len(values) < COUNTED_FROM:
        return rankdata(level(values))
    steps = np.rint(level(values) * 10**TIE_DIGITS).astype(np.int64)
    return ranks_of_codes(steps - steps.min())


def ranks_of_codes(codes: np.ndarray) -> np.ndarray:
    """Rank integers from 0 up by counting them, ties sharing their mean rank: no sorting."""
    counts = np.bincount(codes)
    return (np.cumsum(counts) - (counts - 1) / 2)[codes]


def level(values: np.ndarray) -> np.ndarray:
    """Express values as shares of the largest, to the digits that count for ranking."""
    return np.round(values / (np.abs(values).max() or 1.0), TIE_DIGITS)


def correlation(x: np.ndarray, y: np.ndarray, *, rank: bool = False) -> float | None:
    """Pearson (or with ``rank`` Spearman) correlation of two vectors of one length.

    Returns
    -------
    float or None
        None where one side is constant (distances within a single order, say).
    """
    if any(np.ptp(side) <= CONSTANT * np.abs(side).max() for side in (x, y)):
        return None
    if rank:
        x, y = ranks(x), ranks(y)
        if np.ptp(x) == 0 or np.ptp(y) == 0:  # differing by less than what counts for ranking
            return None
    return float(np.corrcoef(x, y)[0, 1])


def correlation_without_each(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson correlation of the pairs without each taxon in turn.

    From sums over all pairs less those over a taxon's own pairs, so that thousands of taxa take
    one pass and not one each.

    Parameters
    ----------
    x, y : array, shape (n, n)
        Symmetric, the same taxa in the same order.

    Returns
    -------
    array, shape (n,)
        NaN where one side is constant.
    """
    n = len(x)
    upper = np.triu_indices(n, k=1)
    x, y = (side - side[upper].mean() for side in (x, y))  # sums of squares cancel less

    def left(values: np.ndarray) -> np.ndarray:
        return values[upper].sum() - (values.sum(axis=1) - np.diag(values))

    pairs = (n - 1) * (n - 2) / 2
    mean_x, mean_y = left(x) / pairs, left(y) / pairs
    spread_x, spread_y = left(x * x) - pairs * mean_x**2, left(y * y) - pairs * mean_y**2
    product = spread_x * spread_y
    known = product > (1e-12 * (x[upper] @ x[upper])) * (y[upper] @ y[upper])
    covariance = left(x * y) - pairs * mean_x * mean_y
    return np.where(known, covariance / np.sqrt(np.where(known, product, 1.0)), np.nan)


def agreement(predicted: np.ndarray, target: np.ndarray) -> dict[str, float | None]:
    """Pearson, Spearman and mean squared error over the pairs above the diagonal.

    Parameters
    ----------
    predicted, target : array, shape (n, n)
        Symmetric, the same taxa in the same order.
    """
    upper = np.triu_indices(len(target), k=1)
    x, y = predicted[upper], target[upper]
    return {
        "pearson": correlation(x, y),
        "spearman": correlation(x, y, rank=True),
        "mse": float(np.mean((x - y) ** 2)),
    }
