"""Principal components: the directions in which images vary most."""

import numpy as np

from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.tree_free import TreeFree
from phylolens.random import stream

DIMENSIONS = 32


class Principal(TreeFree):
    """Standardised features on the principal axes of some images of each taxon.

    Parameters
    ----------
    dimensions : int
    seed : int
        Of the images drawn of taxa that have many.
    """

    def __init__(self, *, dimensions: int = DIMENSIONS, seed: int = 0) -> None:
        self.dimensions, self.seed = dimensions, seed

    def learn(self, sample: Sample) -> None:
        """Fit the axes."""
        self._map = reduced(sample, self.dimensions, stream(self.seed, "paradigms.pca"))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Project images, shape (N, d) to (N, k)."""
        return self._map(matrix)

    @property
    def trained_parameters(self) -> int:
        """Coordinates of the axes."""
        return int(self._map.axes.size)


def _fit(material: Material) -> Principal:
    return Principal(seed=material.seed)


METHODS = (
    Method(
        name="pca",
        cell="unsupervised/projection",
        fit=_fit,
        sees="images",
        about="The first 32 principal components (Pearson 1901).",
    ),
)
