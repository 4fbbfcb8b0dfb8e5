"""Principal components of a sample's images: fewer numbers an image, for learners that iterate."""

from dataclasses import dataclass

import numpy as np

from phylolens.guided.learners.inputs import Standardised, standardised
from phylolens.guided.sample import Sample

IMAGES = 4  # of a taxon at most: time grows with their square
TINY = 1e-6  # share of the largest eigenvalue below which an axis is rounding


@dataclass(frozen=True)
class Reduced:
    """Standardised features projected to principal axes.

    Parameters
    ----------
    scaled : Standardised
    axes : array of float32, shape (d, c)
        Scaled so that the root mean square distance between the sample's taxon means is 1.
    """

    scaled: Standardised
    axes: np.ndarray

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Reduce rows, shape (N, d) to (N, c) of float32; affine."""
        found: np.ndarray = self.scaled(matrix).astype(np.float32) @ self.axes
        return found


def reduced(sample: Sample, components: int, rng: np.random.Generator) -> Reduced:
    """Fit the components to a few images of each taxon, so that no taxon outweighs another.

    Parameters
    ----------
    sample : Sample
        T taxa.
    components : int
        Kept at most, largest variance first.
    rng : Generator
        Draws the images of taxa that have many.
    """
    scaled = standardised(sample)
    pairs = zip(sample.starts, sample.stops, strict=True)
    rows = np.concatenate([rng.permutation(np.arange(*pair))[:IMAGES] for pair in pairs])
    images = scaled(sample.features[rows])
    images = (images - images.mean(axis=0)).astype(np.float32)
    values, vectors = np.linalg.eigh((images @ images.T).astype(np.float64))
    kept = np.flatnonzero(values > TINY * max(values[-1], TINY))[::-1][:components]
    axes = images.T @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    means = scaled(sample.means) @ axes
    spread = np.sqrt(2.0 * ((means - means.mean(axis=0)) ** 2).sum(axis=1).mean())
    return Reduced(scaled, (axes / (spread or 1.0)).astype(np.float32))
