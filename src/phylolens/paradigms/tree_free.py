"""Bases of methods that look at no genetic distance: an embedding, and distances of its means."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guided.learners.unguided import Unguided
from phylolens.guided.sample import Sample, with_features


class OfLabels(BaseEstimator):
    """An embedding that is learned from the names of the taxa and not from the tree.

    Taxa are compared as :class:`phylolens.guided.learners.unguided.Unguided` compares features:
    squared Euclidean distance of their means less the sampling noise, here with the axes as long as
    the method made them. Taxa that were learned stand further apart than new ones, so that leaving
    clades out for the calibration takes refits.
    """

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> Self:
        """Learn from the images of the sample; see :class:`phylolens.guided.learners.base.Learner`.

        ``genetic`` and ``groups`` are not looked at.
        """
        self.learn(sample)
        embedded = with_features(sample, self.embed(sample))
        self._distances = Unguided(standardise=False).fit(embedded, genetic, groups)
        return self

    @abstractmethod
    def learn(self, sample: Sample) -> None:
        """Fit the embedding to the images of the sample."""

    def embed(self, sample: Sample) -> np.ndarray:
        """Embed a sample's images, rows as ``sample.matrix()``, shape (N, k)."""
        return self.transform(sample.matrix())

    @abstractmethod
    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images by their features, shape (N, d) to (N, k)."""

    @property
    def trained_parameters(self) -> int:
        """Numbers that training set; 0 where there are none."""
        return 0

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return self._distances.predict(with_features(new, self.embed(new)))

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        return self._distances.between(with_features(new, self.embed(new)))

    def place(self, sample: Sample) -> np.ndarray:
        """Mean embedding of each taxon's images, shape (T, k)."""
        return sample.average(np.asarray(self.embed(sample), dtype=np.float64))


class TreeFree(OfLabels):
    """An embedding that is learned from images alone.

    Leaving clades out for the calibration takes no refits: only the clade that is judged is kept
    from the fit.
    """

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Distances among the training taxa: nothing of them was learned that could be left."""
        return self._distances.left_out(parts)
