"""Learners trained for a fixed time: losses are compared, not the choice of when to stop."""

import numpy as np

from phylolens.guided.held_out import Maker
from phylolens.guided.sample import Sample
from phylolens.paradigms.evaluate import embed_rows


class FixedLength:
    """A learner that is told of one clade alone, so that it can watch none and stop at none.

    :class:`phylolens.guided.learners.metric.Metric` then runs half of its epochs, whatever they
    bring. With its own early stopping, two losses that bring nothing would be the same head: the
    untrained one.

    Parameters
    ----------
    make : callable
        Gives an unfitted learner.
    """

    def __init__(self, make: Maker) -> None:
        self.make = make

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "FixedLength":
        """Learn, with nothing held out to stop by."""
        self._learner = self.make().fit(sample, genetic, np.zeros(len(sample), dtype=int))
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return self._learner.predict(new)

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        return self._learner.between(new)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        return self._learner.transform(matrix)

    def embed(self, sample: Sample) -> np.ndarray:
        """Embed a sample's images, rows as ``sample.matrix()``."""
        return embed_rows(self._learner, sample)
