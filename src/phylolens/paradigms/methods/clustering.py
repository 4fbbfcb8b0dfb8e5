"""Places by clusters of training images: k-means, and the spectrum of their similarities."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics.pairwise import euclidean_distances

from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.tree_free import TreeFree
from phylolens.random import stream

COMPONENTS = 64
LANDMARKS = 1500  # images whose similarities are decomposed: time grows with their cube
STARTS = 2
DIMENSIONS = 32
TINY = 1e-6  # share of the largest eigenvalue


class KMeansPlaces(TreeFree):
    """How much nearer than on average an image is to each centre of k-means.

    Coates, Lee & Ng (2011) AISTATS: the "triangle" activation. As many centres as there are
    training taxa, whose names are not looked at.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def learn(self, sample: Sample) -> None:
        """Cluster the images of the sample."""
        rng = stream(self.seed, "paradigms.kmeans")
        self._map = reduced(sample, COMPONENTS, rng)
        rows = self._map(sample.matrix())
        k = min(len(sample), len(rows))
        state = int(rng.integers(2**31))
        self.centres_ = KMeans(k, n_init=STARTS, random_state=state).fit(rows).cluster_centers_

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Place images, shape (N, d) to (N, k)."""
        apart = euclidean_distances(self._map(matrix), self.centres_)
        found: np.ndarray = np.maximum(apart.mean(axis=1, keepdims=True) - apart, 0.0)
        return found

    @property
    def trained_parameters(self) -> int:
        """Coordinates of the centres."""
        return int(self.centres_.size)


class SpectralPlaces(TreeFree):
    """First eigenvectors of the normalised similarities between images; others by Nyström's rule.

    Ng, Jordan & Weiss (2002) NeurIPS; Fowlkes et al. (2004) IEEE TPAMI 26:214. The similarity is a
    Gaussian, as wide as the median distance to the seventh neighbour (Zelnik-Manor & Perona 2005).

    Parameters
    ----------
    seed : int
    """

    NEIGHBOUR = 7

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def learn(self, sample: Sample) -> None:
        """Decompose the similarities of training images."""
        rng = stream(self.seed, "paradigms.spectral")
        self._map = reduced(sample, COMPONENTS, rng)
        rows = self._map(sample.matrix())
        if len(rows) > LANDMARKS:
            rows = rows[np.sort(rng.permutation(len(rows))[:LANDMARKS])]
        self._rows = rows
        squared = euclidean_distances(rows, squared=True)
        near = np.sqrt(np.sort(squared, axis=1)[:, min(self.NEIGHBOUR, len(rows) - 1)])
        self._width = 2.0 * float(np.median(near)) ** 2 or 1.0
        weights = np.exp(-squared / self._width)
        self._degree = weights.sum(axis=1)
        values, vectors = np.linalg.eigh(weights / np.sqrt(np.outer(self._degree, self._degree)))
        kept = np.flatnonzero(values > TINY * values[-1])[::-1][1 : DIMENSIONS + 1]
        self._axes = vectors[:, kept] / values[kept]

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Place images, shape (N, d) to (N, k)."""
        squared = euclidean_distances(self._map(matrix), self._rows, squared=True)
        weights = np.exp(-squared / self._width)
        degree = np.maximum(weights.sum(axis=1), np.finfo(float).tiny)
        found: np.ndarray = (weights / np.sqrt(np.outer(degree, self._degree))) @ self._axes
        return found


def _k_means(material: Material) -> KMeansPlaces:
    return KMeansPlaces(seed=material.seed)


def _spectral(material: Material) -> SpectralPlaces:
    return SpectralPlaces(seed=material.seed)


METHODS = (
    Method(
        name="k-means",
        cell="unsupervised/clustering",
        fit=_k_means,
        sees="images",
        about="Nearness to centres of k-means, as many as taxa (Coates et al. 2011).",
        note="clusters are of training images; others are placed by them",
        cost="moderate",
    ),
    Method(
        name="spectral",
        cell="unsupervised/clustering",
        fit=_spectral,
        sees="images",
        about="Eigenvectors of similarities between images (Ng et al. 2002).",
        note="axes are of training images; others are placed by Nyström's rule",
        cost="moderate",
    ),
)
