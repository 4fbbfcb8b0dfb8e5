"""Correlation as a plain effect size; tests live elsewhere, since pairs are not independent."""

import numpy as np
from scipy.stats import rankdata

CONSTANT = 1e-12  # relative to the values: no unit of branch lengths is too small
TIE_DIGITS = 6


def ranks(values: np.ndarray) -> np.ndarray:
    """Rank values, ties sharing their mean rank.

    Values that agree to a millionth of the largest are ties: in a dated tree whole clades are
    equally far apart, and sums of written branch lengths differ only by rounding.
    """
    return rankdata(level(values))


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
    return float(np.corrcoef(x, y)[0, 1])


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
