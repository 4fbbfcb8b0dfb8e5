"""Refit a pool to permuted taxa, in-sample: what a fit reaches where images say nothing.

Every refit is the whole fit at the penalty of the observed one, from the same start: a start at the
observed optimum would favour it. Refits share their passes over the images, and so 99 of them take
far less than 99 times as long as one.
"""

from dataclasses import dataclass

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from phylolens.guided.learners.pool import TOGETHER, Frame
from phylolens.guided.learners.pooled import Pooled
from phylolens.guided.sample import Sample
from phylolens.stats.correlation import correlation


@dataclass(frozen=True)
class Refits:
    """Fits of taxa that were given the images of others.

    Parameters
    ----------
    objectives : array, shape (m,)
        At the end, in units of the loss of plain means.
    pearson : array, shape (m,)
        Between genetic distances and one minus the cosines; 0 where cosines do not vary.
    evaluations : int
        Of all refits.
    """

    objectives: np.ndarray
    pearson: np.ndarray
    evaluations: int


def permuted_refits(
    learner: Pooled, sample: Sample, genetic: np.ndarray, orders: np.ndarray, *, jobs: int = 1
) -> Refits:
    """Fit again, taxon k having the images of taxon ``order[k]``.

    Parameters
    ----------
    learner : Pooled
        Its settings count, not its fit; the penalty must be given or fitted.
    sample : Sample
        T taxa.
    genetic : array, shape (T, T)
    orders : int array, shape (m, T)
        The identity gives the observed fit.
    jobs : int
        Threads, which share the images. Results do not depend on their number.
    """
    given = learner.penalty
    penalty = float(learner.penalty_ if given is None else given)
    groups = [orders[first : first + TOGETHER] for first in range(0, len(orders), TOGETHER)]
    with threadpool_limits(1, "blas"):
        frame = learner.frame(sample)
        parts = joblib.Parallel(n_jobs=jobs, backend="threading")(
            joblib.delayed(_refit)(learner, frame, genetic, group, penalty) for group in groups
        )
    return Refits(
        np.concatenate([part.objectives for part in parts]),
        np.concatenate([part.pearson for part in parts]),
        sum(part.evaluations for part in parts),
    )


def _refit(
    learner: Pooled, frame: Frame, genetic: np.ndarray, orders: np.ndarray, penalty: float
) -> Refits:
    found = learner.minima(
        frame, [learner.problem(frame, genetic, order, penalty) for order in orders]
    )
    upper = np.triu_indices(len(genetic), k=1)
    pearson = []
    for order, vectors in zip(orders, learner.embeddings(frame, found), strict=True):
        placed = vectors[order]
        pearson.append(correlation(-(placed @ placed.T)[upper], genetic[upper]) or 0.0)
    return Refits(
        np.array([one.curve[-1] for one in found]),
        np.array(pearson),
        sum(one.evaluations for one in found),
    )
