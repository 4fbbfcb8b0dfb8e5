"""Maps of neighbourhoods in two dimensions that place new images: t-SNE and UMAP."""

import warnings
from typing import Any

import numpy as np

from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.tree_free import TreeFree
from phylolens.random import stream

COMPONENTS = 50
MOST = 1000  # images that the map is made of; all others are placed on it
NEIGHBOURS = 15
NOTE = (
    "transductive: the map is of training images, and others are placed on it afterwards; "
    "neighbourhoods can be trusted, distances cannot"
)


class Map(TreeFree):
    """A map in the plane.

    Parameters
    ----------
    steps : int
        Of the descent.
    seed : int
    """

    def __init__(self, *, steps: int = 250, seed: int = 0) -> None:
        self.steps, self.seed = steps, seed

    def learn(self, sample: Sample) -> None:
        """Make the map of training images."""
        rng = self.numbers()
        self._reduced = reduced(sample, COMPONENTS, rng)
        rows = self._reduced(sample.matrix())
        if len(rows) > MOST:
            rows = rows[np.sort(rng.permutation(len(rows))[:MOST])]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # both libraries warn of what is meant here
            self._map = self.draw(rows, int(rng.integers(2**31)))

    def numbers(self) -> np.random.Generator:
        """Return the random numbers of this map."""
        raise NotImplementedError

    def draw(self, rows: np.ndarray, state: int) -> Any:
        """Make a map that has ``transform``."""
        raise NotImplementedError

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Place images on the map, shape (N, d) to (N, 2)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(self._map.transform(self._reduced(matrix)), dtype=np.float64)


class TSNEMap(Map):
    """t-SNE by openTSNE (Poličar et al. 2024), which places new points on a finished map."""

    def numbers(self) -> np.random.Generator:
        """Return the random numbers of this map."""
        return stream(self.seed, "paradigms.tsne")

    def draw(self, rows: np.ndarray, state: int) -> Any:
        """Descend with early exaggeration for a quarter of the steps."""
        from openTSNE import TSNE

        early = self.steps // 4
        return TSNE(
            perplexity=min(30.0, (len(rows) - 1) / 3),
            early_exaggeration_iter=early,
            n_iter=self.steps - early,
            neighbors="exact",
            negative_gradient_method="bh",
            n_jobs=1,
            random_state=state,
        ).fit(rows)


class UMAPMap(Map):
    """UMAP (McInnes et al. 2018)."""

    def numbers(self) -> np.random.Generator:
        """Return the random numbers of this map."""
        return stream(self.seed, "paradigms.umap")

    def draw(self, rows: np.ndarray, state: int) -> Any:
        """Make the map on one thread, so that equal seeds give equal maps."""
        from umap import UMAP

        near = min(NEIGHBOURS, len(rows) - 1)
        return UMAP(n_neighbors=near, n_epochs=self.steps, random_state=state, n_jobs=1).fit(rows)


def _tsne(material: Material) -> TSNEMap:
    return TSNEMap(steps=250 if material.quick else 750, seed=material.seed)


def _umap(material: Material) -> UMAPMap:
    return UMAPMap(steps=200 if material.quick else 500, seed=material.seed)


METHODS = (
    Method(
        name="t-sne",
        cell="unsupervised/projection",
        fit=_tsne,
        sees="images",
        about="t-SNE in two dimensions (van der Maaten & Hinton 2008).",
        packages=("openTSNE",),
        extra="bench",
        cost="moderate",
        note=NOTE,
    ),
    Method(
        name="umap",
        cell="unsupervised/projection",
        fit=_umap,
        sees="images",
        about="UMAP in two dimensions (McInnes et al. 2018).",
        packages=("umap",),
        extra="umap",
        cost="moderate",
        note=NOTE,
    ),
)
