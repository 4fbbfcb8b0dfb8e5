"""Margins and distances to probabilities: a softmax with one scale, fitted by likelihood.

Platt (1999) for many classes with one parameter; Guo et al. (2017) ICML 1321 call its inverse the
temperature.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

LARGEST_LOG = 7.0  # scales between exp(-7) and exp(7)


def softmax_rows(scores: np.ndarray) -> np.ndarray:
    """Softmax of every row, float64 of shape (n, n_classes)."""
    found = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float64)
    found /= found.sum(axis=1, keepdims=True)
    return found


def fit_scale(scores: np.ndarray, truth: np.ndarray) -> float:
    """Find the factor on scores that makes the softmax likeliest.

    One row in ``n + 2`` is taken for a guess, after Platt's targets, so that classes told apart
    without a mistake do not send the factor to infinity.

    Parameters
    ----------
    scores : array of float64, shape (n, n_classes)
        High where a class fits; of rows the scores were not fitted on.
    truth : array of int, shape (n,)
        Column of the true class; without any row the scale is 1.

    Returns
    -------
    float
        Within exp(-7) and exp(7).
    """
    if not len(truth):
        return 1.0
    rows, guessed = np.arange(len(truth)), 1 / (len(truth) + 2)

    def loss(log_scale: float) -> float:
        found = log_softmax(np.exp(log_scale) * scores, axis=1)
        return -float((1 - guessed) * found[rows, truth].mean() + guessed * found.mean())

    found = minimize_scalar(loss, bounds=(-LARGEST_LOG, LARGEST_LOG), method="bounded")
    return float(np.exp(found.x))
