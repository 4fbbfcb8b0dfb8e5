"""Features as traits: axes along which taxa differ more than the specimens of one taxon."""

from dataclasses import dataclass

import numpy as np

from phylolens.guided.sample import Sample
from phylolens.placement.reference import noise_shares

MOST_AXES = 120
FEWEST_AXES = 8
SHARE_OF_TAXA = 4  # taxa for each axis: more of them would fit the taxa themselves
BASIS = 400  # axes of the means that are looked at
SHRINKAGE = 1.0  # of the covariance within taxa towards a sphere, in mean variances


@dataclass(frozen=True, eq=False)
class Traits:
    """Linear axes of features.

    Means of taxa span a space; within it the covariance within taxa, shrunken towards a sphere,
    is made round, and the axes are the principal ones of the means then.

    Parameters
    ----------
    center : array, shape (d,)
    axes : array, shape (d, q)
    within : array, shape (q,)
        Variance of a single specimen about its taxon's mean.
    """

    center: np.ndarray
    axes: np.ndarray
    within: np.ndarray

    @classmethod
    def fit(cls, sample: Sample, n_axes: int | None = None) -> "Traits":
        """Find the axes.

        Parameters
        ----------
        sample : Sample
            Of T taxa; where no taxon has two images, specimens are taken to vary by nothing.
        n_axes : int, optional
            At most; by default a quarter of the taxa, 8 to 120.
        """
        n = len(sample)
        center = sample.means.mean(axis=0)
        means = sample.means - center
        basis = _basis(means, min(BASIS, n - 1))
        inside = means @ basis
        deviations = sample.matrix() @ basis - (sample.means @ basis)[sample.codes]
        free = len(deviations) - n
        width = inside.shape[1]
        within = deviations.T @ deviations / free if free > 0 else np.zeros((width, width))
        level = np.trace(within) / width or float(np.trace(inside.T @ inside)) / n / width or 1.0
        values, vectors = np.linalg.eigh(within + SHRINKAGE * level * np.eye(width))
        whitened = vectors / np.sqrt(values)
        round_means = inside @ whitened
        order = np.linalg.eigh(round_means.T @ round_means)[1][:, ::-1]
        wanted = n_axes or min(MOST_AXES, max(FEWEST_AXES, n // SHARE_OF_TAXA))
        turn = whitened @ order[:, : min(wanted, width)]
        own = np.einsum("ij,ij->j", turn, within @ turn)
        return cls(center, basis @ turn, own)

    def of(self, matrix: np.ndarray) -> np.ndarray:
        """Traits of images or means, shape (N, d) to (N, q)."""
        found: np.ndarray = (matrix - self.center) @ self.axes
        return found

    def noise(self, sample: Sample) -> np.ndarray:
        """Variance of each taxon's mean by sampling, shape (T, q)."""
        found: np.ndarray = np.outer(noise_shares(sample), self.within)
        return found


def _basis(means: np.ndarray, most: int) -> np.ndarray:
    """Leading principal axes of centred means, orthonormal, shape (d, r)."""
    n, d = means.shape
    if n <= d:
        values, vectors = np.linalg.eigh(means @ means.T)
        kept = _leading(values, most)
        found: np.ndarray = means.T @ (vectors[:, kept] / np.sqrt(values[kept]))
        return found
    values, vectors = np.linalg.eigh(means.T @ means)
    return np.asarray(vectors[:, _leading(values, most)])


def _leading(values: np.ndarray, most: int) -> np.ndarray:
    order = np.argsort(values)[::-1][:most]
    return order[values[order] > 1e-10 * max(float(values.max()), 1e-300)]
