"""Linear discriminant analysis with a shrunken covariance and equal priors."""

import numpy as np
from scipy.linalg import solve

from phylolens.classify.heads.base import Head
from phylolens.classify.heads.softmax import softmax_rows


class ShrunkenLda(Head):
    """Gaussian classes of one covariance, shrunken towards a sphere; every class equally likely.

    The covariance within classes, pooled over rows, is ``(1 - s) S + s tr(S) / d I``. One solve of
    size d serves all classes, so hundreds of them cost no more than a few; scikit-learn's own goes
    through the classes one by one. Equal priors are what macro-averaged scores ask for.

    Parameters
    ----------
    shrinkage : float
        Between 0 (none) and 1 (a sphere). Friedman (1989) JASA 84:165.

    Attributes
    ----------
    coef_ : array of float64, shape (n_classes, d)
    intercept_ : array of float64, shape (n_classes,)
    """

    def __init__(self, shrinkage: float = 0.5) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: np.ndarray, y: np.ndarray) -> "ShrunkenLda":
        """Find the class means and their common covariance."""
        X, codes = self._start(X, y)
        means = class_means(X, codes, len(self.classes_))
        spread = X - means[codes]
        covariance = spread.T @ spread / max(len(X) - len(means), 1)
        size = len(covariance)
        sphere = max(float(np.trace(covariance)) / size, np.finfo(np.float64).tiny * 1e20)
        covariance *= 1 - self.shrinkage
        # A trace of roundness keeps the solve possible when nothing is shrunk.
        covariance[np.diag_indices(size)] += max(self.shrinkage, 1e-8) * sphere
        self.coef_ = solve(covariance, means.T, assume_a="pos", overwrite_a=True).T
        self.intercept_ = -0.5 * np.einsum("kd,kd->k", self.coef_, means)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return softmax_rows(self._asked(X) @ self.coef_.T + self.intercept_)


def class_means(X: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """Mean of every class, float64 of shape (count, d)."""
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sums = np.add.reduceat(X[order], starts, axis=0, dtype=np.float64)
    return sums / sizes[:, None]
