"""Divergence between taxa as clouds of images: nothing is learned but how wide clouds are."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guided.learners.inputs import standardised
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.stats.gaussian import jeffreys, pooled_variances, shrunk_variances


class Divergence(BaseEstimator):
    """Root of Jeffreys' divergence between normal distributions, one a taxon.

    Variances are of single features, drawn towards those within the training taxa
    (:func:`phylolens.stats.gaussian.shrunk_variances`).
    """

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Divergence":
        """Learn the features' scale and the variance within taxa."""
        self._scaled = standardised(sample)
        squares, sizes = self._spread(sample)
        self._pooled = pooled_variances(squares, sizes)
        self._known = sample
        return self

    def _spread(self, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
        """Return sums of squares about the mean, and numbers of images by their weights."""
        starts = np.concatenate([[0], np.cumsum(sample.sizes)[:-1]])
        sizes = 1.0 / np.add.reduceat(sample.weights**2, starts)
        within = np.maximum(sample.moments[1] - sample.moments[0] ** 2, 0.0)
        return within * self._scaled.factor**2 * sizes[:, None], sizes

    def _among(self, samples: Sequence[Sample]) -> np.ndarray:
        clouds = [self._spread(one) for one in samples]
        squares, sizes = (np.concatenate(parts) for parts in zip(*clouds, strict=True))
        means = self._scaled(np.concatenate([one.means for one in samples]))
        found: np.ndarray = np.sqrt(jeffreys(means, shrunk_variances(squares, sizes, self._pooled)))
        return found

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return self._among((new, self._known))[: len(new), len(new) :]

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Distances among the training taxa."""
        return self._among((self._known,))

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        return self._among((new,))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Standardise images, shape (N, d): single images are no clouds."""
        return self._scaled(matrix)


def _fit(material: Material) -> Divergence:
    return Divergence()


METHODS = (
    Method(
        name="kl",
        cell="foundational/information",
        fit=_fit,
        sees="nothing",
        about="Symmetrised Kullback-Leibler divergence of taxa as normal distributions.",
        gives="distances",
    ),
)
