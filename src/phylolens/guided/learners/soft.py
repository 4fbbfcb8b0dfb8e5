"""Soft placement: each image votes for the known taxa it resembles, and their distances count."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.learners.axes import axes_of
from phylolens.guided.learners.checks import check_fit
from phylolens.guided.learners.placing import (
    discriminant,
    log_prior,
    posterior,
    some_images,
    weighed,
)
from phylolens.guided.sample import Sample

# Averaged over, not chosen: choosing one of them by leaving clades out did worse on the images
# of docs/results.md, and takes longer.
TEMPERATURES = (0.25, 0.125, 0.063, 0.031, 0.016)  # in mean squared distances of taxon means
SHRINKAGES = (20.0, 80.0)  # times the mean variance within taxa


class Soft(BaseEstimator):
    """Place a taxon among the known ones by the posterior of its images over them.

    A new taxon is none of the known ones, but its images resemble some: the posterior of a shrunken
    linear discriminant over the known taxa, made for each image and averaged, weighs these taxa's
    distances to each other. None comes below the floor
    (:func:`phylolens.guided.image_free.floor_of`). All clades are equally likely beforehand,
    whatever the number of their taxa. Posteriors are averaged over a few temperatures and
    shrinkages, from that of nearly the mean over clades to that of the nearest taxon alone.

    Parameters
    ----------
    temperatures : sequence of float
        What scores are divided by, in units of the mean squared distance between taxon means.
    shrinkages : sequence of float
        Of the covariance within taxa towards a sphere, in units of the mean variance.
    balance : float
        Prior: 1 takes all clades as equally likely, 0 all taxa.
    """

    def __init__(
        self,
        *,
        temperatures: Sequence[float] = TEMPERATURES,
        shrinkages: Sequence[float] = SHRINKAGES,
        balance: float = 1.0,
    ) -> None:
        self.temperatures = temperatures
        self.shrinkages = shrinkages
        self.balance = balance

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Soft":
        """Learn from the images; see :class:`phylolens.guided.learners.base.Learner`.

        Raises
        ------
        InputError
            If sizes differ, a feature or distance is not finite, or a setting is not positive.
        """
        check_fit(sample, genetic, groups)
        for name in ("temperatures", "shrinkages"):
            values = getattr(self, name)
            if not len(values) or not all(value > 0 for value in values):
                raise InputError(f"{name} are positive; got {tuple(values)}.", where=name)
        self._genetic, self._groups = genetic, groups
        axes = axes_of(genetic)
        self._places = axes.places[:, axes.signs > 0]
        self._models = [discriminant(sample, one) for one in self.shrinkages]
        self._images = some_images(sample)
        return self

    def _votes(self, scores: Sequence[np.ndarray], groups: np.ndarray) -> np.ndarray:
        """Average posteriors over the settings, shape (N, K), of images over K taxa."""
        prior = log_prior(groups, self.balance)
        made = [posterior(one, prior, t) for one in scores for t in self.temperatures]
        found: np.ndarray = np.mean(made, axis=0)
        return found

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the training pairs, the row's part left out: no image votes for its own part.

        At most :data:`phylolens.guided.learners.placing.IMAGES` images of each taxon vote.
        """
        scores = [one.scores(self._images.features) for one in self._models]
        found = np.full(self._genetic.shape, np.nan)
        for part in parts:
            kept = np.setdiff1d(np.arange(len(found)), part)
            rows, groups = np.isin(self._images.codes, part), self._groups[kept]
            votes = self._votes([one[np.ix_(rows, kept)] for one in scores], groups)
            shares = self._images.average(votes, part)
            found[np.ix_(part, kept)] = weighed(shares, self._genetic[np.ix_(kept, kept)], groups)
        return found

    def _of_images(self, matrix: np.ndarray) -> np.ndarray:
        return self._votes([one.scores(matrix) for one in self._models], self._groups)

    def _shares(self, new: Sample) -> np.ndarray:
        return new.average(self._of_images(new.matrix()))

    def predict(self, new: Sample) -> np.ndarray:
        """Predict distances from H new taxa to T known ones, shape (H, T)."""
        return weighed(self._shares(new), self._genetic, self._groups)

    def between(self, new: Sample) -> np.ndarray:
        """Predict distances among H new taxa, shape (H, H); zero on the diagonal."""
        shares = self._shares(new)
        found = shares @ self._genetic @ shares.T
        np.fill_diagonal(found, 0.0)
        symmetric: np.ndarray = (found + found.T) / 2
        return symmetric

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k): known taxa's principal coordinates, weighed."""
        found: np.ndarray = self._of_images(matrix) @ self._places
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return what is stored: the discriminants, not the images that they were learned from."""
        state = dict(super().__getstate__())
        state.pop("_images", None)
        return state
