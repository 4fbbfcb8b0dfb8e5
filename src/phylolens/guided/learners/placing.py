"""Posterior of images over known taxa: a shrunken linear discriminant, and places that it gives."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from phylolens.guided.image_free import floor_of
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
