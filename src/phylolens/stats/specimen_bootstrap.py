"""How much do distances and statistics hang on the specimens at hand? Bootstrap within taxa."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.random import stream
from phylolens.stats.debiased import NOT_DEFINED, sampling_variance
from phylolens.stats.debiased import debias as debias_means
from phylolens.stats.means import specimen_means
from phylolens.stats.visual import GAUSSIAN, cloud_distances, require_distance
from phylolens.values import Features


def specimen_replicates(
    features: Features,
    taxa: pd.Series,
    specimens: pd.Series,
    *,
    distance: str = "chord",
    replicates: int = 100,
    borrow: bool = False,
    debias: bool = False,
    seed: int = 0,
) -> Iterator[DistanceMatrix]:
    """Draw specimens with replacement within each taxon and measure all distances again.

    Images of a specimen stay together. Taxa of one specimen cannot vary
    (:attr:`phylolens.stats.means.SpecimenMeans.single` names them): the more there are, the more
    these replicates understate, unless such taxa borrow.

    Parameters
    ----------
    features, taxa, specimens
        As for :func:`phylolens.stats.means.taxon_means`.
    distance : str
        As for :func:`phylolens.stats.visual.taxon_distances`.
    replicates : int
        Matrices to draw.
    borrow : bool
        Let taxa of one specimen vary by differences between specimens of other taxa: right as far
        as specimens vary alike within all taxa.
    debias : bool
        Subtract the sampling noise of both draws, of specimens from nature and of these from
        them (see :mod:`phylolens.stats.debiased`), where the distance allows.
    seed : int
        Seed of the draws.

    Yields
    ------
    DistanceMatrix
        With the ids of :func:`phylolens.stats.visual.taxon_distances`, one replicate at a time.
    """
    require_distance(distance)
    found = specimen_means(features, taxa, specimens)
    noise = sampling_variance(found) if debias and distance not in NOT_DEFINED else None
    rng = stream(seed, "stats.specimens")
    for _ in range(replicates):
        counts = _draw(found.sizes, rng)
        means, squares = found.drawn(counts, squares=distance == GAUSSIAN)
        if borrow:
            means[found.sizes < 2] += found.borrowed(rng)
        plain = cloud_distances(found, means, squares, distance)
        yield plain if noise is None else debias_means(plain, means, 2 * noise, distance).matrix


def _draw(sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Count how often each specimen is drawn, k times from each taxon of k; shape (S,)."""
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    within = np.repeat(sizes, sizes)
    drawn = starts + (rng.random(len(within)) * within).astype(np.intp)
    return np.bincount(drawn, minlength=len(within))
