"""No guide: taxa stand where the mean of their images does, less the sampling noise of these means.

The squared distance of two means is too large by the noise of both, ``s^2 / n`` each. Where numbers
of images follow the clades, so does that surplus, and distances with it: without the tree's doing,
taxa of clades with few images would stand apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.learners.inputs import in_one_unit, standardised
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


class Unguided(BaseEstimator):
    """Squared Euclidean distance between mean standardised features; the tree is not looked at.

    Without the sampling noise of the means: else clades with few images would stand apart for that
    alone.

    Squared, because along a tree the squared difference of traits grows with the distance
    (Felsenstein 1985, Am. Nat. 125:1).

    Parameters
    ----------
    standardise : bool
        Whether every feature counts alike; else they keep their lengths, in one unit.
    """

    def __init__(self, *, standardise: bool = True) -> None:
        self.standardise = standardise

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Unguided":
        """Learn the features' scale, and nothing else."""
        if not np.isfinite(sample.means).all():
            raise InputError("features must be finite.", ids=sample.taxa)
        self._scaled = standardised(sample) if self.standardise else in_one_unit(sample)
        self._known = self._scaled(sample.means)
        self._sampling = sampling_noise(sample, self._scaled.factor)
        self._noise = self._sampling.of(sample)
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        noise = self._sampling.of(new)
        return _squared(self._scaled(new.means), self._known) - noise[:, None] - self._noise

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Distances among the training taxa: nothing of the tree was learned that could be left."""
        return _squared(self._known, self._known) - self._noise[:, None] - self._noise

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        rows = self._scaled(new.means)
        noise = self._sampling.of(new)
        found = _squared(rows, rows) - noise[:, None] - noise
        np.fill_diagonal(found, 0.0)
        return found

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Standardise images, shape (N, d)."""
        return self._scaled(matrix)


def _squared(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    sizes = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.maximum(sizes - 2.0 * rows @ others.T, 0.0)
