"""The best one-to-one matching between the splits of two trees."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def best_matching(scores: np.ndarray) -> np.ndarray:
    """Largest sum of scores when each split is matched with at most one of the other tree.

    Parameters
    ----------
    scores : array of float, shape (..., m1, m2)
        Score of each pair, not negative; splits left over where m1 and m2 differ score nothing.

    Returns
    -------
    array of float, shape (...)
    """
    if scores.size == 0:
        return np.zeros(scores.shape[:-2])
    tables = scores.reshape(-1, *scores.shape[-2:])
    sums = [table[linear_sum_assignment(table, maximize=True)].sum() for table in tables]
    return np.array(sums, dtype=float).reshape(scores.shape[:-2])
