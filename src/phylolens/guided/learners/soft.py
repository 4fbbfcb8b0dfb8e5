"""Soft placement: each image votes for the known taxa it resembles, and their distances count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.image_free import floor_of
from phylolens.guided.learners.closed_form import axes_of
from phylolens.guided.learners.inputs import check_fit
from phylolens.guided.learners.whitened import whitened
from phylolens.guided.sample import Sample

IMAGES = 10  # of a training taxon that vote where it is left out in turn, evenly spaced


@dataclass(frozen=True)
class Discriminant:
    """Linear discriminant functions of T taxa.

    Covariance within taxa, pooled and shrunk towards a sphere (Friedman 1989, J. Am. Stat. Assoc.
    84:165). The noise of taxon means, which would set taxa of few images apart, is taken out.

    Parameters
    ----------
    slopes : array, shape (d, T)
    offsets : array, shape (T,)
        ``x @ slopes - offsets`` is minus half the squared distance to a taxon's mean, but for what
        is the same for all taxa.
    unit : float
        Mean squared distance between taxon means, in which temperatures are measured.
    """

    slopes: np.ndarray
    offsets: np.ndarray
    unit: float

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Score images, shape (N, d) to (N, T); differences within a row count."""
        found: np.ndarray = (images @ self.slopes - self.offsets) / self.unit
        return found


def discriminant(sample: Sample, shrinkage: float) -> Discriminant:
    """Fit the discriminant to a sample."""
    kernel = whitened(sample, shrinkage)
    slopes = kernel.slopes()
    own = np.einsum("td,dt->t", sample.means, slopes)
    starts = np.concatenate([[0], np.cumsum(sample.sizes)[:-1]])
    noise = kernel.within() * np.add.reduceat(sample.weights**2, starts)
    total = own.mean() - float((sample.means @ slopes.mean(axis=1)).mean())
    return Discriminant(slopes, (own - noise) / 2, max(2 * float(total), np.finfo(float).tiny))


@dataclass(frozen=True)
class SomeImages:
    """At most :data:`IMAGES` images of each taxon.

    Parameters
    ----------
    features : array of float64, shape (N, d)
    weights : array, shape (N,)
        They sum to one within each taxon.
    codes : int array, shape (N,)
        Taxon of each image, in rising order.
    """

    features: np.ndarray
    weights: np.ndarray
    codes: np.ndarray

    def average(self, values: np.ndarray, taxa: np.ndarray) -> np.ndarray:
        """Average rows, made of the images of some taxa (in rising order), within these."""
        chosen = np.isin(self.codes, taxa)
        starts = np.searchsorted(self.codes[chosen], taxa)
        found: np.ndarray = np.add.reduceat(values * self.weights[chosen, None], starts, axis=0)
        return found


def some_images(sample: Sample) -> SomeImages:
    """Take images of each taxon, evenly spaced."""
    rows, weights = [], []
    for start, stop in zip(sample.starts, sample.stops, strict=True):
        taken = min(IMAGES, int(stop - start))
        places = start + np.linspace(0, stop - start - 1, taken).round().astype(int)
        rows.append(places)
        weights.append(sample.shares[places] / sample.shares[places].sum())
    codes = np.repeat(np.arange(len(sample)), [len(one) for one in rows])
    features = sample.features[np.concatenate(rows)].astype(np.float64)
    return SomeImages(features, np.concatenate(weights), codes)


def log_prior(groups: np.ndarray, balance: float) -> np.ndarray:
    """Logarithm of the prior of taxa, shape (T,), but for a constant.

    Every taxon alike at balance 0, every clade alike, whatever the number of its taxa, at 1.
    """
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    found: np.ndarray = -balance * np.log(sizes[codes])
    return found


def posterior(scores: np.ndarray, prior: np.ndarray, temperature: float) -> np.ndarray:
    """Posterior of images over taxa, shape (N, T)."""
    found: np.ndarray = np.exp(log_softmax(scores / temperature + prior, axis=1))
    return found


def weighed(shares: np.ndarray, genetic: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Weigh the known taxa's distances to each other, shape (H, T), none below the floor.

    Parameters
    ----------
    shares : array, shape (H, T)
        Of each new taxon's images that known taxa have; rows sum to 1.
    genetic : array, shape (T, T)
    groups : int array, shape (T,)
    """
    found: np.ndarray = shares @ np.maximum(genetic, floor_of(genetic, groups))
    return found


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
        # In the order in which a stored model comes back: sums round alike then.
        self._places = np.ascontiguousarray(axes.places[:, axes.signs > 0])
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

        At most :data:`phylolens.guided.learners.soft.IMAGES` images of each taxon vote.
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
