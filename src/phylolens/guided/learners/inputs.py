"""Features as learners see them: every feature on one scale, fitted on training images alone."""

from dataclasses import dataclass

import numpy as np

from phylolens.guided.sample import Sample

TINY = 1e-6  # of the largest standard deviation: a feature that varies less does not vary


@dataclass(frozen=True)
class Standardised:
    """Each feature minus its mean, times a factor, divided by the root of the number of features.

    Parameters
    ----------
    mean, factor : array, shape (d,)
        Factor zero for features that do not vary.
    """

    mean: np.ndarray
    factor: np.ndarray

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Scale rows, shape (N, d); the map is affine: means of rows go where rows' means go."""
        scaled: np.ndarray = (matrix - self.mean) * self.factor
        return scaled


def standardised(sample: Sample) -> Standardised:
    """Scale to unit variance over the images of the sample, taxa of equal weight."""
    mean, deviation = sample.scale()
    varies = deviation > TINY * deviation.max(initial=0.0)
    factor = np.zeros_like(deviation)
    factor[varies] = 1.0 / deviation[varies]
    return Standardised(mean, factor / np.sqrt(len(factor)))
