"""Nearest class mean of centred unit features (SimpleShot).

Wang, Chao, Weinberger & van der Maaten (2019) arXiv 1911.04623, variant CL2N.
"""

import numpy as np
from sklearn.base import ClassifierMixin

from phylolens.classification.heads.base import Head, fit_scale, softmax_rows
from phylolens.classification.heads.shrunken_lda import class_means
from phylolens.classification.transform import behind_steps

LARGEST_FIT = 8_000  # rows the scale is fitted on, evenly spaced beyond
SMALLEST = 1e-12


class Prototype(Head):
    """Centre by the training mean, scale to unit length, answer with the nearest class mean.

    Probabilities are a softmax of negative squared distances. Their scale is fitted by likelihood
    on the training rows, each one's specimen left out of the mean of its own class; classes of one
    specimen say nothing about it.

    Attributes
    ----------
    centre_ : array of float64, shape (d,)
    means_ : array of float64, shape (n_classes, d)
    scale_ : float
    """

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> "Prototype":
        """Average every class.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.
        """
        X, codes = self._start(X, y)
        self.centre_ = X.mean(axis=0, dtype=np.float64)
        unit = self._unit(X)
        self.means_ = class_means(unit, codes, len(self.classes_))
        units = np.arange(len(X)) if groups is None else np.asarray(groups)
        self.scale_ = self._scale(unit, codes, units)
        return self

    def _unit(self, X: np.ndarray) -> np.ndarray:
        centred = X - self.centre_
        return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), SMALLEST)

    def _scale(self, unit: np.ndarray, codes: np.ndarray, groups: np.ndarray) -> float:
        sizes = np.bincount(codes)
        # A specimen's part in the mean of a class, so that it can be taken out again.
        _, part = np.unique(
            np.unique(groups, return_inverse=True)[1] * len(sizes) + codes, return_inverse=True
        )
        shares = np.bincount(part)
        rows = np.flatnonzero(sizes[codes] > shares[part])
        rows = rows[:: max(1, -(-len(rows) // LARGEST_FIT))]
        if not len(rows):
            return 1.0
        own = codes[rows]
        removed = class_means(unit, part, len(shares))[part[rows]] * shares[part[rows], None]
        left = sizes[own] - shares[part[rows]]
        others = (self.means_[own] * sizes[own, None] - removed) / left[:, None]
        scores = -_squared(unit[rows], self.means_)
        scores[np.arange(len(rows)), own] = -((unit[rows] - others) ** 2).sum(axis=1)
        return fit_scale(scores, own)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return softmax_rows(-self.scale_ * _squared(self._unit(self._asked(X)), self.means_))


def _squared(points: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances, shape (n, n_classes)."""
    lengths = (points**2).sum(axis=1)[:, None]
    return np.maximum(lengths + (means**2).sum(axis=1) - 2 * points @ means.T, 0)


def prototype(seed: int) -> ClassifierMixin:
    """Nearest class mean behind the usual transforms."""
    return behind_steps(Prototype(), seed)
