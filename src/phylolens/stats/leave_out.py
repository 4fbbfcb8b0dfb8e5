"""Influence of single taxa on every statistic, each of fewer taxa made cheap."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd
from scipy.spatial.distance import squareform
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny import coordinates
from phylolens.phylogeny.geometry import principal_coordinates
from phylolens.results.signal_parts import Influential
from phylolens.stats._align import aligned
from phylolens.stats.centred import double_centre
from phylolens.stats.correlation import (
    correlation,
    correlation_without_each,
    level,
    ranks,
    ranks_of_codes,
)
from phylolens.stats.intervals import CORRELATION, Limits, jackknife_interval, taxon_interval
from phylolens.stats.kmult import PreparedTree
from phylolens.stats.protest import default_axes, matched, procrustes_fits
from phylolens.writing import plain

OfRows = Callable[[np.ndarray], float | None]
NOT_NEGATIVE: Limits = (0.0, np.inf)
SHARE: Limits = (0.0, 1.0)


def taxon_intervals(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame | None = None,
    *,
    axes: int | None = None,
    seed: int = 0,
) -> dict[str, tuple[float, float] | None]:
    """Influence of single taxa (see :func:`phylolens.stats.intervals.taxon_interval`).

    All statistics are computed anew from the taxa kept, but for PROTEST, whose principal
    coordinates are those of all taxa.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa, in any order.
    covariance : DataFrame, optional
        Of the same taxa, one that :func:`phylolens.stats.kmult.kmult` takes; without it there is
        no interval of K_mult.
    axes : int, optional
        Of PROTEST.
    seed : int
        Of the groups left out, where there are more than 100 taxa.

    Returns
    -------
    dict
        By name of test; None where there is no interval (fewer than 10 taxa, or a constant
        matrix).
    """
    visual, genetic = aligned(visual, genetic)
    x, y, n = visual.data, genetic.data, len(visual.ids)
    upper = np.triu_indices(n, k=1)
    whole = correlation(x[upper], y[upper])
    found = {"mantel_pearson": jackknife_interval(whole, correlation_without_each(x, y))}
    statistics: dict[str, tuple[OfRows, Limits]] = {
        "mantel_spearman": (spearman_of(x, y), CORRELATION),
        "mantel_pearson_centred": (centred_of(x, y), CORRELATION),
        "mantel_spearman_centred": (centred_of(x, y, rank=True), CORRELATION),
        "protest": (protest_of(visual, genetic, axes), SHARE),
    }
    if covariance is not None:
        shared = covariance.loc[list(visual.ids), list(visual.ids)]
        statistics["kmult"] = kmult_of(visual, shared), NOT_NEGATIVE
    for name, (statistic, limits) in statistics.items():
        found[name] = taxon_interval(statistic, n, seed=seed, limits=limits)
    return found | {"dcor": found["mantel_pearson_centred"]}


FEWEST_FOR_INFLUENCE = 5


def most_influential(visual: DistanceMatrix, genetic: DistanceMatrix) -> Influential | None:
    """Find the taxon whose absence changes the correlation most.

    A single distant taxon can carry a correlation of distances; a reader has to know.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa, in any order.

    Returns
    -------
    Influential or None
        None with fewer than five taxa, or where a matrix is constant.
    """
    if len(genetic.ids) < FEWEST_FOR_INFLUENCE:
        return None
    visual, genetic = aligned(visual, genetic)
    x, y = visual.data, genetic.data
    without = correlation_without_each(x, y)
    upper = np.triu_indices(len(genetic.ids), k=1)
    full = correlation(x[upper], y[upper])
    if full is None or not np.isfinite(without).any():
        return None
    place = int(np.nanargmax(np.abs(without - full)))
    return Influential(taxon=str(genetic.ids[place]), pearson=plain(without[place]))


def spearman_of(x: np.ndarray, y: np.ndarray) -> OfRows:
    """Rank correlation of the pairs of some taxa; values are sorted once, ranks counted anew."""
    codes = [_codes(side) for side in (x, y)]

    def statistic(rows: np.ndarray) -> float | None:
        kept = (ranks_of_codes(_pairs(side, rows)) for side in codes)
        return correlation(*kept)

    return statistic


def _pairs(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return squareform(matrix[np.ix_(rows, rows)], checks=False)


def _codes(matrix: np.ndarray) -> np.ndarray:
    """Replace each value by its place among the different values, tied as in ``ranks``."""
    pairs = np.unique(level(squareform(matrix, checks=False)), return_inverse=True)[1]
    return squareform(pairs)


def centred_of(x: np.ndarray, y: np.ndarray, *, rank: bool = False) -> OfRows:
    """Correlation of what double-centring leaves of some taxa."""

    def statistic(rows: np.ndarray) -> float | None:
        try:
            left = [double_centre(side[np.ix_(rows, rows)]) for side in (x, y)]
        except InputError:  # row means explain everything
            return None
        if not rank:
            return float(np.vdot(*left) / np.prod([np.linalg.norm(side) for side in left]))
        kept = (ranks(squareform(side, checks=False)) for side in left)
        return correlation(*kept)

    return statistic


def protest_of(visual: DistanceMatrix, genetic: DistanceMatrix, axes: int | None = None) -> OfRows:
    """Procrustes correlation of some taxa, in the principal coordinates of all."""
    wanted = axes or default_axes(len(visual.ids))
    looks = principal_coordinates(visual, dimensions=wanted).to_numpy()
    places = coordinates(genetic, dimensions=wanted).to_numpy()

    def statistic(rows: np.ndarray) -> float | None:
        every = np.arange(len(rows))[None]
        return float(procrustes_fits(*matched(looks[rows], places[rows]), every)[0])

    return statistic


def kmult_of(visual: DistanceMatrix, covariance: pd.DataFrame) -> OfRows:
    """K_mult of some taxa; the covariance, in the order of ``visual``, is inverted once."""
    tree = PreparedTree.of(covariance)

    def statistic(rows: np.ndarray) -> float | None:
        names = [visual.ids[row] for row in rows]
        looks = DistanceMatrix(visual.data[np.ix_(rows, rows)], names)
        with suppress(InputError):  # too far from Euclidean
            return float(tree.without(rows).kmult(looks)[0])
        return None

    return statistic
