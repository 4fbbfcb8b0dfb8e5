"""Sampling noise of taxon means: what photographing few specimens adds to squared distances.

The squared distance of two means is too large by the noise of both, ``s^2 / n`` each. Where numbers
of images follow the clades, so does that surplus, and distances with it: without the tree's doing,
taxa of clades with few images would stand apart.
"""

from dataclasses import dataclass

import numpy as np

from phylolens.guided.sample import Sample
from phylolens.stats.debiased import PRIOR_WEIGHT

TINY = 1e-9


@dataclass(frozen=True)
class SamplingNoise:
    """Squared standard errors of means, summed over features.

    As in :func:`phylolens.stats.debiased_distances`: a taxon's own variance counts with its number
    of specimens less one, the pooled one with four; taxa of one specimen borrow the pooled one.

    Parameters
    ----------
    factor : array, shape (d,)
        What features are multiplied with.
    pooled : float
        Variance within the taxa of the fit; zero where all have one image.
    """

    factor: np.ndarray
    pooled: float

    def of(self, sample: Sample) -> np.ndarray:
        """Noise of each taxon's mean, shape (T,); no taxon's depends on another of the sample."""
        squares, freedom, spread = _spread(sample, self.factor)
        variance = (spread + self.pooled * PRIOR_WEIGHT) / (freedom + PRIOR_WEIGHT)
        found: np.ndarray = variance * squares
        return found


def sampling_noise(sample: Sample, factor: np.ndarray) -> SamplingNoise:
    """Pool the variance within the taxa of a sample."""
    _, freedom, spread = _spread(sample, factor)
    total = float(freedom.sum())
    return SamplingNoise(factor, float(spread.sum()) / total if total > 0 else 0.0)


def _spread(sample: Sample, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum squared weights; degrees of freedom and squares about the mean, shape (T,) each."""
    starts = np.concatenate([[0], np.cumsum(sample.sizes)[:-1]])
    squares = np.add.reduceat(sample.weights**2, starts)  # one over the effective number
    several = squares < 1 - TINY
    freedom = np.where(several, 1 / squares - 1, 0.0)
    within = np.maximum(sample.moments[1] - sample.moments[0] ** 2, 0.0) @ factor**2
    return squares, freedom, np.where(several, within / squares, 0.0)
