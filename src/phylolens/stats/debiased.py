"""Visual distances between taxa without the share that comes from photographing few specimens.

The means of two taxa differ by chance, too: their squared distance is too large by ``s_i^2 / n_i +
s_j^2 / n_j``, the variances within the taxa over the numbers of specimens. Where some clades are
known from fewer specimens than others, that surplus follows the tree, and plain distances with it.
Without the surplus a squared distance is the mean over pairs of different specimens of what would
be measured without chance, and may be negative where two taxa do not differ at all.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.stats.means import SpecimenMeans, specimen_means
from phylolens.stats.visual import (
    _OF_DIRECTIONS,
    GAUSSIAN,
    require_distance,
    taxon_distances,
    visual_distances,
)
from phylolens.values import Features

PRIOR_WEIGHT = 4  # specimens that the pooled variance counts for beside a taxon's own
LEAST_LENGTH = 0.1  # of a taxon's squared mean, below which chance alone would leave nothing of it
NOT_DEFINED = ("manhattan", GAUSSIAN)


@dataclass(frozen=True)
class VisualDistances:
    """Distances between taxa, with and without the sampling noise of their specimens.

    Parameters
    ----------
    plain : DistanceMatrix
        n taxa, as measured.
    squares : array of float64, shape (n, n)
        Squared distances without sampling noise; negative where noise explains more than all of a
        difference. For ``cosine`` those of ``chord``, whose half square it is.
    metric : str
        As for :func:`phylolens.stats.taxon_distances`.
    debiased : bool
        Whether anything was subtracted.
    why : str
        Why not, where nothing was.
    raw : array of float64, shape (n, n), optional
        Squared Euclidean distances between the means of features, as measured: what directions are
        taken of (:mod:`phylolens.stats.unit_length`).
    """

    plain: DistanceMatrix
    squares: np.ndarray
    metric: str = "chord"
    debiased: bool = False
    why: str = ""
    raw: np.ndarray | None = None

    @classmethod
    def of_matrix(
        cls,
        plain: DistanceMatrix,
        metric: str = "",
        why: str = "specimens are unknown",
        raw: np.ndarray | None = None,
    ) -> "VisualDistances":
        """Take distances as they are."""
        return cls(plain, _squares(plain.data, metric), metric, why=why, raw=raw)

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the taxa."""
        return tuple(plain_id for plain_id in self.plain.ids)

    @property
    def matrix(self) -> DistanceMatrix:
        """The distances to go on with: without sampling noise, zero where that leaves nothing."""
        if not self.debiased:
            return self.plain
        squares = np.maximum(self.squares, 0.0)
        values = squares / 2 if self.metric == "cosine" else np.sqrt(squares)
        return DistanceMatrix(values, self.plain.ids)

    @property
    def noise(self) -> np.ndarray:
        """Sampling noise of each taxon, shape (n,), in the unit of the squares.

        The additive part of what was subtracted, exactly ``s_i^2 / n_i`` of Euclidean distances.
        """
        gone = _squares(self.plain.data, self.metric) - self.squares
        n = len(gone)
        np.fill_diagonal(gone, 0.0)
        if n < 3 or not self.debiased:
            return np.zeros(n)
        rows = gone.sum(axis=1)
        return np.maximum((rows - rows.sum() / (2 * (n - 1))) / (n - 2), 0.0)

    @property
    def noisy_squares(self) -> np.ndarray:
        """Squared distances with the additive sampling noise in them, shape (n, n)."""
        noise = self.noise
        squares = self.squares + (noise[:, None] + noise[None, :])
        np.fill_diagonal(squares, 0.0)
        return np.asarray(squares)

    def filter(self, ids: list[str]) -> "VisualDistances":
        """Return the distances between some of the taxa, in that order.

        As measured where those taxa differ by no more than their specimens do.
        """
        place = [self.plain.index(name) for name in ids]
        return _unless_nothing(
            self.plain.filter(ids),
            self.squares[np.ix_(place, place)],
            self.metric,
            self.debiased,
            self.why,
            None if self.raw is None else self.raw[np.ix_(place, place)],
        )

    def to_dict(self) -> dict[str, object]:
        """Return what was done, as it is written to JSON."""
        upper = np.triu_indices(len(self.squares), k=1)
        plain = _squares(self.plain.data, self.metric)[upper]
        return {
            "debiased": self.debiased,
            "why_not": "" if self.debiased else self.why,
            "n_pairs": len(plain),
            "n_pairs_at_zero": int((self.squares[upper] <= 0).sum()) if self.debiased else 0,
            "noise_share": float(1 - self.squares[upper].sum() / plain.sum()),
        }


def _squares(values: np.ndarray, metric: str) -> np.ndarray:
    """Square distances; the cosine distance is half a square already."""
    return 2 * values if metric == "cosine" else values**2


def debiased_distances(
    features: Features, taxa: pd.Series, specimens: pd.Series, metric: str = "chord"
) -> VisualDistances:
    """Measure the distance between taxa, with and without sampling noise.

    Parameters
    ----------
    features, taxa, specimens
        As for :func:`phylolens.stats.means.taxon_means`.
    metric : str
        As for :func:`phylolens.stats.visual.taxon_distances`. Distances along axes
        (``manhattan``) and between normal distributions (``gaussian-kl``) stay as measured: the
        noise of the first is no sum of two, the second compares spread as well.

    Returns
    -------
    VisualDistances
        Taxa sorted by name; as measured, and saying why, where no taxon has two specimens.
    """
    require_distance(metric)
    if metric in NOT_DEFINED:
        return plain_distances(
            features, taxa, specimens, metric, f"not defined for {metric} distances"
        )
    found = specimen_means(features, taxa, specimens)
    noise = sampling_variance(found)
    if noise is None:
        why = "no taxon has two specimens that differ"
        return plain_distances(features, taxa, specimens, metric, why)
    plain = taxon_distances(features, taxa, specimens, metric)
    return debias(plain, found.centres, noise, metric)


def plain_distances(
    features: Features, taxa: pd.Series, specimens: pd.Series, metric: str, why: str
) -> VisualDistances:
    """Measure the distance between taxa as it is, and say why; as :func:`debiased_distances`."""
    plain = taxon_distances(features, taxa, specimens, metric)
    raw = None
    if metric != GAUSSIAN:  # which compares spread as well, not places alone
        raw = taxon_distances(features, taxa, specimens, "euclidean").data ** 2
    return VisualDistances.of_matrix(plain, metric, why, raw)


def sampling_variance(found: SpecimenMeans) -> np.ndarray | None:
    """Variance of the mean of each taxon's specimens, summed over features, shape (T,).

    The variance within a taxon is drawn towards that within all taxa, the more the fewer
    specimens it has: ``(4 pooled + (k - 1) own) / (4 + k - 1)``. A taxon of one specimen has the
    pooled one.

    Returns
    -------
    array, shape (T,), or None
        None where no taxon has two specimens that differ.
    """
    freedom = found.sizes - 1
    squares = found.squares().sum(axis=1)
    if freedom.sum() < 1 or squares.sum() <= 0:
        return None
    pooled = squares.sum() / freedom.sum()
    own = (PRIOR_WEIGHT * pooled + squares) / (PRIOR_WEIGHT + freedom)
    return np.asarray(own / found.sizes, dtype=np.float64)


def debias(
    plain: DistanceMatrix, means: np.ndarray, noise: np.ndarray, metric: str
) -> VisualDistances:
    """Take sampling noise out of distances between means.

    Parameters
    ----------
    plain : DistanceMatrix
        Distances of the rows of ``means``, by ``metric``.
    means : array, shape (T, d)
    noise : array, shape (T,)
        Variance of each mean, summed over features.
    metric : str
        ``chord``, ``cosine``, ``euclidean``, ``rbf`` or ``polynomial``. Of directions the length
        of a mean counts: its square is too large by the noise, and is taken for no less than a
        tenth of itself.
    """
    lengths = plain.data if metric == "euclidean" else _euclidean(means, plain)
    if metric in _OF_DIRECTIONS:
        long = np.einsum("ij,ij->i", means, means)
        stretch = np.sqrt(long / np.maximum(long - noise, LEAST_LENGTH * long))
        squares = _stretched(visual_distances(_rows(means, plain), "chord").data ** 2, stretch)
        if metric == "polynomial":
            # Opposite directions have a kernel of zero; noise may carry a pair beyond them.
            squares = 2 - 2 * (np.maximum(1 - squares / 4, 0.0)) ** 3
    else:
        squares = lengths**2 - (noise[:, None] + noise[None, :])
        if metric == "rbf":
            positive = lengths[lengths > 0]
            squares = -2 * np.expm1(-squares / (2 * np.median(positive) ** 2))
    np.fill_diagonal(squares, 0.0)
    return _unless_nothing(plain, squares, metric, True, "", lengths**2)


def _unless_nothing(
    plain: DistanceMatrix,
    squares: np.ndarray,
    metric: str,
    debiased: bool,
    why: str,
    raw: np.ndarray | None = None,
) -> VisualDistances:
    """Fall back to distances as measured where noise explains all of them."""
    if debiased and squares.max() <= 0:
        why = "taxa differ by no more than their specimens do"
        return VisualDistances.of_matrix(plain, metric, why, raw)
    return VisualDistances(plain, squares, metric, debiased, why, raw)


def _stretched(squares: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """Squared chords ``2 - 2 cos`` when every cosine grows by the factors of its two taxa."""
    factor = np.outer(stretch, stretch)
    return squares * factor - 2 * (factor - 1)


def _rows(means: np.ndarray, plain: DistanceMatrix) -> Features:
    return Features(tuple(plain.ids), means, {})


def _euclidean(means: np.ndarray, plain: DistanceMatrix) -> np.ndarray:
    return visual_distances(_rows(means, plain), "euclidean").data
