"""How well the distances from each image keep their order when the features are changed."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

ROUNDING = 12  # digits: what is beyond them must not break ties


def distances_of(rows: np.ndarray, metric: str) -> np.ndarray:
    """Distances between images, shape (N, d) to (N, N); those from an image of zeros are one.

    Parameters
    ----------
    rows : array, shape (N, d)
    metric : {'cosine', 'euclidean'}
    """
    if metric == "cosine":
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = rows / np.where(lengths > 0, lengths, 1.0)
        found: np.ndarray = np.round(1 - unit @ unit.T, ROUNDING)
        return found
    return np.asarray(cdist(rows, rows, metric))


def row_agreement(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Rank correlation of each image's distances to all others, before and after.

    Parameters
    ----------
    before, after : array, shape (N, N)

    Returns
    -------
    array, shape (N,)
        Zero where all distances of an image are equal.
    """
    others = ~np.eye(len(before), dtype=bool)
    size = (len(before), len(before) - 1)
    ranks = [rankdata(one[others].reshape(size), axis=1) for one in (before, after)]
    centred = [one - one.mean(axis=1, keepdims=True) for one in ranks]
    spread = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    found: np.ndarray = (centred[0] * centred[1]).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return found
