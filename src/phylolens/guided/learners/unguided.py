"""No guide: taxa stand where the mean of their images does."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.learners.inputs import standardised
from phylolens.guided.noise import sampling_noise
from phylolens.guided.sample import Sample


class Unguided(BaseEstimator):
    """Squared Euclidean distance between mean standardised features; the tree is not looked at.

    Without the sampling noise of the means (:mod:`phylolens.guided.noise`): else clades with few
    images would stand apart for that alone.

    Squared, because along a tree the squared difference of traits grows with the distance
    (Felsenstein 1985, Am. Nat. 125:1).
    """

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Unguided":
        """Learn the features' scale, and nothing else."""
        if not np.isfinite(sample.means).all():
            raise InputError("features must be finite.", ids=sample.taxa)
        self._scaled = standardised(sample)
        self._known = self._scaled(sample.means)
        self._sampling = sampling_noise(sample, self._scaled.factor)
        self._noise = self._sampling.of(sample)
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        noise = self._sampling.of(new)
        return _squared(self._scaled(new.means), self._known) - noise[:, None] - self._noise

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Distances among the training taxa: nothing of the tree was learned that could be left."""
        return _squared(self._known, self._known) - self._noise[:, None] - self._noise

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        rows = self._scaled(new.means)
        noise = self._sampling.of(new)
        found = _squared(rows, rows) - noise[:, None] - noise
        np.fill_diagonal(found, 0.0)
        return found

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Standardise images, shape (N, d)."""
        return self._scaled(matrix)


def _squared(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    sizes = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.maximum(sizes - 2.0 * rows @ others.T, 0.0)
