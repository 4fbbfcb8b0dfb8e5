"""Distances between the mean features of taxa, as they are: nothing is learned."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator

from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.stats.visual import visual_distances
from phylolens.values import Features

OF_IMAGES = {
    "euclidean": "euclidean",
    "manhattan": "cityblock",
    "cosine": "cosine",
    "rbf": "euclidean",
    "polynomial": "cosine",
}


class PlainDistance(BaseEstimator):
    """A named distance of :func:`phylolens.stats.visual.visual_distances` between taxon means.

    Parameters
    ----------
    metric : str
    """

    def __init__(self, metric: str = "euclidean") -> None:
        self.metric = metric

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "PlainDistance":
        """Remember the means of the training taxa."""
        self._known = sample
        return self

    def _among(self, samples: Sequence[Sample]) -> np.ndarray:
        """Distances among the taxa of some samples, shape (n, n)."""
        means = np.concatenate([one.means for one in samples]).astype(np.float32)
        names = tuple(f"{place}" for place in range(len(means)))
        return visual_distances(Features(names, means, {}), self.metric).data

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return self._among((new, self._known))[: len(new), len(new) :]

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Distances among the training taxa."""
        return self._among((self._known,))

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        return self._among((new,))

    @property
    def visual_distance(self) -> str:
        """The distance by which taxa are compared elsewhere, too."""
        return self.metric

    def compare(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Distances between images, shapes (P, d) and (Q, d) to (P, Q).

        Kernels order images as the distance does that they are made of.
        """
        return cdist(rows, others, OF_IMAGES[self.metric])

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Leave images as they are, shape (N, d)."""
        return matrix


def _fit(material: Material, metric: str) -> PlainDistance:
    return PlainDistance(metric)


METHODS = tuple(
    Method(
        name=name,
        cell=f"foundational/{cell}",
        fit=partial(_fit, metric=name),
        sees="nothing",
        about=about,
    )
    for name, cell, about in (
        ("euclidean", "distances", "Euclidean distance of mean features."),
        ("manhattan", "distances", "Sum of absolute differences of mean features."),
        ("cosine", "distances", "One minus the cosine of mean features; their length is ignored."),
        ("rbf", "kernels", "Distance of the Gaussian kernel, as wide as the median distance."),
        ("polynomial", "kernels", "Distance of the polynomial kernel of degree three."),
    )
)
