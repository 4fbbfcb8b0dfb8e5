"""Linear discriminant analysis with a shrunken covariance and equal priors."""

import numpy as np
from scipy.linalg import solve

from phylolens.classification.heads.base import LinearScores


class ShrunkenLda(LinearScores):
    """Gaussian classes of one covariance, shrunken towards a sphere; every class equally likely.

    The covariance within classes, pooled over rows, is ``(1 - s) S + s tr(S) / d I``. One solve of
    size d serves all classes, so hundreds of them cost no more than a few; scikit-learn's own goes
    through the classes one by one. Equal priors are what macro-averaged scores ask for. With few
    images a class the Gaussians are far too sure of themselves, hence the scale.

    Parameters
    ----------
    shrinkage : float
        Between 0 (none) and 1 (a sphere). Friedman (1989) JASA 84:165.
    scaled : bool
        Whether to fit the scale of the probabilities; see :class:`LinearScores`.
    seed : int
        Decides which specimens the scale is fitted on.
    """

    def __init__(self, shrinkage: float = 0.5, scaled: bool = True, seed: int = 0) -> None:
        self.shrinkage, self.scaled, self.seed = shrinkage, scaled, seed

    def _solve(self, X: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        means = class_means(X, codes, int(codes.max()) + 1)
        spread = X - means[codes]
        covariance = spread.T @ spread / max(len(X) - len(means), 1)
        size = len(covariance)
        sphere = float(np.trace(covariance)) / size
        if sphere == 0:  # classes of one image each: nothing varies within
            sphere = 1.0
        covariance *= 1 - self.shrinkage
        # A trace of roundness keeps the solve possible when nothing is shrunk.
        covariance[np.diag_indices(size)] += max(self.shrinkage, 1e-8) * sphere
        coef = solve(covariance, means.T, assume_a="pos", overwrite_a=True).T
        return coef, -0.5 * np.einsum("kd,kd->k", coef, means)


def class_means(X: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """Mean of every class, float64 of shape (count, d)."""
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sums = np.add.reduceat(X[order], starts, axis=0, dtype=np.float64)
    return sums / sizes[:, None]
