"""Images of taxa with their features, ready for learners: sorted by taxon, weighted by specimen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.values import Features

DEVIATIONS = 5  # of a taxon, whose deviations from its mean stand for what varies within taxa


@dataclass(frozen=True)
class Products:
    """Products of the taxa's means and of images' deviations from them.

    Parameters
    ----------
    means : array, shape (T, T)
    mixed : array, shape (T m, T)
        Row: deviation of an image, the m of each taxon together; column: mean.
    deviations : array, shape (T m, T m)
        Taxa of fewer images have deviations that are zero. The sum of the m products of a taxon is
        an unbiased estimate of the covariance within it.
    images : int
        m.
    width : int
        Number of features.
    """

    means: np.ndarray
    mixed: np.ndarray
    deviations: np.ndarray
    images: int
    width: int

    def rows(self, places: np.ndarray) -> np.ndarray:
        """Rows of the deviations of some taxa."""
        found: np.ndarray = (places[:, None] * self.images + np.arange(self.images)).ravel()
        return found


def deviations_within(
    features: np.ndarray, means: np.ndarray, starts: np.ndarray, stops: np.ndarray, images: int
) -> np.ndarray:
    """Deviations of ``images`` images, evenly spaced, from the mean of their taxon, (T m, d)."""
    found = np.zeros((len(starts), images, means.shape[1]))
    for place, (start, size) in enumerate(zip(starts, stops - starts, strict=True)):
        if size > 1:
            taken = min(images, int(size))
            rows = start + np.linspace(0, size - 1, taken).round().astype(int)
            factor = np.sqrt(size / (size - 1) / taken)
            found[place, :taken] = (features[rows] - means[place]) * factor
    return found.reshape(len(starts) * images, means.shape[1])


def products_of(
    features: np.ndarray, means: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> Products:
    """Multiply; float64, as all that follows is inverted."""
    largest = int((stops - starts).max())
    images = min(DEVIATIONS, largest) if largest > 1 else 0
    within = deviations_within(features, means, starts, stops, images)
    return Products(
        means @ means.T,
        within @ means.T,
        within @ within.T,
        images,
        means.shape[1],
    )


@dataclass(frozen=True)
class Sample:
    """Images of T taxa.

    Taking some taxa, or giving taxa the images of others, copies no features: a million refits
    share one matrix.

    Parameters
    ----------
    taxa : tuple of str
        T names.
    features : array of float32, shape (M, d)
        Features of images, those of a taxon in consecutive rows.
    starts, stops : int array, shape (T,)
        Rows of each taxon: from its start up to its stop.
    shares : array of float64, shape (M,)
        Weight of each row within its taxon, where they sum to 1: specimens count alike, and so do
        the images of a specimen.
    row_ids : tuple of str, length M
        Ids of the images.
    moments : array of float64, shape (2, T, d)
        Weighted means and mean squares of each taxon's rows.
    spec : mapping
        Of the features.
    origin : Sample and int array, optional
        The sample that the taxa were taken from, and their places in it.
    """

    taxa: tuple[str, ...]
    features: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    shares: np.ndarray
    row_ids: tuple[str, ...]
    moments: np.ndarray
    spec: Mapping[str, Any] = field(default_factory=dict)
    origin: tuple["Sample", np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.taxa)

    @property
    def means(self) -> np.ndarray:
        """Mean features of each taxon, float64, shape (T, d)."""
        return self.moments[0]

    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each feature over taxa of equal weight, shape (d,)."""
        mean = self.moments[0].mean(axis=0)
        variance = self.moments[1].mean(axis=0) - mean**2
        return mean, np.sqrt(np.maximum(variance, 0.0))

    @cached_property
    def rows(self) -> np.ndarray:
        """Rows of ``features`` that the taxa use, taxon by taxon, shape (N,)."""
        pairs = zip(self.starts, self.stops, strict=True)
        return np.concatenate([np.arange(start, stop) for start, stop in pairs])

    @property
    def sizes(self) -> np.ndarray:
        """Images of each taxon, shape (T,)."""
        return self.stops - self.starts

    @property
    def codes(self) -> np.ndarray:
        """Taxon of each row of :meth:`matrix`, shape (N,)."""
        return np.repeat(np.arange(len(self)), self.sizes)

    @property
    def weights(self) -> np.ndarray:
        """Weight of each row of :meth:`matrix` within its taxon, shape (N,)."""
        return self.shares[self.rows]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the rows of :meth:`matrix`."""
        return tuple(self.row_ids[row] for row in self.rows)

    @property
    def whole(self) -> tuple["Sample", np.ndarray]:
        """The sample that the taxa were taken from, or itself, and places of their images there."""
        return (self, np.arange(len(self))) if self.origin is None else self.origin

    @cached_property
    def products(self) -> Products:
        """Products of the taxa's features; those of :attr:`whole` serve all taken from it."""
        return products_of(self.features, self.means, self.starts, self.stops)

    def matrix(self) -> np.ndarray:
        """Gather the images' features, float32, shape (N, d)."""
        return self.features[self.rows]

    def average(self, embedded: np.ndarray) -> np.ndarray:
        """Average rows made from those of :meth:`matrix` within taxa, shape (T, k)."""
        weighted = embedded * self.weights[:, None]
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        return np.add.reduceat(weighted, starts, axis=0)

    def take(self, places: np.ndarray) -> "Sample":
        """Return some of the taxa, given by their places, in that order."""
        names = tuple(self.taxa[place] for place in places)
        return self._of(names, places)

    def permuted(self, order: np.ndarray) -> "Sample":
        """Give taxon k the images of taxon ``order[k]``: the null that images say nothing."""
        return self._of(self.taxa, order)

    def _of(self, names: tuple[str, ...], places: np.ndarray) -> "Sample":
        whole, within = self.whole
        return Sample(
            names,
            self.features,
            self.starts[places],
            self.stops[places],
            self.shares,
            self.row_ids,
            self.moments[:, places],
            self.spec,
            (whole, within[places]),
        )


def to_sample(
    features: Features,
    taxa: pd.Series,
    specimens: pd.Series,
    wanted: Sequence[str],
    transform: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Sample:
    """Collect the images of the taxa wanted.

    Parameters
    ----------
    features : Features
        One row an image.
    taxa, specimens : Series of str
        Taxon and specimen of each image, indexed by image id.
    wanted : sequence of str
        The taxa; each needs an image. The sample has them sorted.
    transform : callable, optional
        Applied to the features, row by row: nothing that is fitted.

    Raises
    ------
    InputError
        If a taxon has no image.
    """
    names = sorted(wanted)
    ids = list(features.ids)
    frame = pd.DataFrame(
        {"taxon": taxa.reindex(ids).to_numpy(), "specimen": specimens.reindex(ids).to_numpy()}
    )
    frame["id"] = ids
    frame["specimen"] = frame["specimen"].fillna(frame["id"])
    # Sorted, so that sums round alike whatever the order of the rows.
    frame = frame[frame["taxon"].isin(names)].sort_values(["taxon", "specimen", "id"])
    empty = sorted(set(names) - set(frame["taxon"]))
    if empty:
        raise InputError("taxa without an image.", ids=empty)
    images = frame.groupby(["taxon", "specimen"])["id"].transform("size")
    several = frame.groupby("taxon")["specimen"].transform("nunique")
    shares = (1.0 / (images * several)).to_numpy()
    values = features.matrix[frame.index.to_numpy()]
    if transform is not None:
        values = np.ascontiguousarray(transform(values), dtype=np.float32)
    sizes = frame.groupby("taxon", sort=True).size().to_numpy()
    stops = np.cumsum(sizes)
    return sample_of_rows(
        tuple(names), values, stops - sizes, stops, shares, tuple(frame["id"]), features.spec
    )


def sample_of_rows(
    taxa: tuple[str, ...],
    matrix: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    shares: np.ndarray,
    ids: tuple[str, ...],
    spec: Mapping[str, Any],
) -> Sample:
    """Make a sample of rows that are sorted by taxon already; see :class:`Sample`."""
    return Sample(taxa, matrix, starts, stops, shares, ids, _moments(matrix, shares, starts), spec)


def with_features(sample: Sample, matrix: np.ndarray) -> Sample:
    """Give a sample other features, shape (N, k), rows as those of ``sample.matrix()``."""
    matrix = np.ascontiguousarray(matrix, dtype=np.float32)
    stops = np.cumsum(sample.sizes)
    starts = stops - sample.sizes
    return sample_of_rows(
        sample.taxa, matrix, starts, stops, sample.weights, sample.ids, sample.spec
    )


def with_rows(sample: Sample, kept: np.ndarray) -> Sample:
    """Keep some images of a sample, and the taxa that still have any.

    Parameters
    ----------
    sample : Sample
    kept : bool array, shape (N,)
        Over the rows of ``sample.matrix()``.
    """
    codes = sample.codes[kept]
    places, sizes = np.unique(codes, return_counts=True)
    stops = np.cumsum(sizes)
    starts = stops - sizes
    weights = sample.weights[kept]
    totals = np.add.reduceat(weights, starts)
    return sample_of_rows(
        tuple(sample.taxa[place] for place in places),
        sample.matrix()[kept],
        starts,
        stops,
        weights / np.repeat(totals, sizes),
        tuple(np.array(sample.ids, dtype=object)[kept]),
        sample.spec,
    )


def _moments(values: np.ndarray, shares: np.ndarray, starts: np.ndarray) -> np.ndarray:
    weighted = values * shares[:, None]
    means = np.add.reduceat(weighted, starts, axis=0)
    return np.stack([means, np.add.reduceat(weighted * values, starts, axis=0)])
