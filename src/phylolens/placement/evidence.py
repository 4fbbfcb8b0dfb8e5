"""What images say of every branch: the evidence that placements weigh."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.guided.sample import Sample
from phylolens.placement.brownian import Motion
from phylolens.placement.least_squares import log_fit
from phylolens.placement.points import LEAST, Points
from phylolens.placement.reference import Reference, noise_shares
from phylolens.placement.traits import Traits

KINDS = ("brownian", "distances", "votes", "tip", "length", "height")
LEAST_VOTE = 1e-3
VOTE_SHARPNESS = 5.0  # of squared distances, in those to the nearest relative
LEARNER = "soft"


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence on Q unknowns.

    Parameters
    ----------
    points : Points
        Where they may be attached.
    kinds : array, shape (Q, branches, kinds)
        In the order of :data:`KINDS`: log-likelihood under Brownian motion; fit to predicted
        distances; logarithm of the votes below the branch; the same of terminal branches alone;
        logarithm of the branch's length; height of its middle.
    inside : array, shape (Q, P)
        Logarithm of each point's share within its branch.
    novelty : array, shape (Q,)
        How far the nearest reference taxon is, in standard deviations of such distances among the
        reference taxa.
    """

    points: Points
    kinds: np.ndarray
    inside: np.ndarray
    novelty: np.ndarray

    def small(self) -> "Evidence":
        """Return the same as float32."""
        halves = (self.kinds.astype(np.float32), self.inside.astype(np.float32))
        return Evidence(self.points, *halves, self.novelty)

    def facts(self) -> np.ndarray:
        """Gather what tells how new unknowns are, shape (Q, 4).

        Its novelty and the square of it; by how much the best branch is likelier than the middle
        one, and than the eleventh.
        """
        ranked = -np.sort(-self.kinds[:, :, KINDS.index("brownian")], axis=1)
        tenth = min(10, ranked.shape[1] - 1)
        found = [
            self.novelty,
            self.novelty**2,
            ranked[:, 0] - np.median(ranked, axis=1),
            ranked[:, 0] - ranked[:, tenth],
        ]
        return np.stack(found, axis=1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Observer:
    """What was fitted to a reference to gather evidence.

    Parameters
    ----------
    reference : Reference
    traits : Traits
    motion : Motion
        Of the traits on the tree.
    learner : Learner
        Predicts distances.
    nearest : tuple of float
        Mean and standard deviation of the distance from a reference taxon to the nearest other.
    """

    reference: Reference
    traits: Traits
    motion: Motion
    learner: Learner
    nearest: tuple[float, float]

    @classmethod
    def fit(cls, reference: Reference, *, n_axes: int | None = None, seed: int = 0) -> "Observer":
        """Fit traits, their motion on the tree, and predicted distances to the reference alone."""
        sample, branches = reference.sample, reference.branches
        traits = Traits.fit(sample, n_axes)
        means = traits.of(sample.means)
        motion = Motion.fit(branches, means, traits.noise(sample))
        genetic = path_lengths(reference)
        groups = np.arange(len(sample))
        learner = make_learner(LEARNER, seed, balance=0.0).fit(sample, genetic, groups)
        apart = squares(means, means)
        np.fill_diagonal(apart, np.inf)
        near = np.sqrt(apart.min(axis=1))
        return cls(reference, traits, motion, learner, (float(near.mean()), float(near.std() or 1)))

    def of(self, unknowns: Sample, points: Points) -> Evidence:
        """Gather the evidence on some unknowns, one taxon of the sample each."""
        tree = self.reference.branches
        rows = self.traits.of(unknowns.means)
        motion = points.by_group(self._motion(unknowns, rows, points))
        fit = log_fit(self.learner.predict(unknowns), points)
        apart = np.sqrt(squares(rows, self.motion.means))
        novelty = (apart.min(axis=1) - self.nearest[0]) / self.nearest[1]
        votes = self._votes(apart)
        before = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(votes, axis=1)], axis=1)
        below = before[:, tree.spans[:-1, 1]] - before[:, tree.spans[:-1, 0]]
        logs = np.log(LEAST_VOTE + below)
        lengths = np.log(np.maximum(tree.lengths[:-1], LEAST * tree.height) / tree.height)
        middle = (tree.heights[:-1] - tree.lengths[:-1] / 2) / tree.height
        prior = points.by_group(points.log_prior[None])
        within = prior - logsumexp(prior, axis=2, keepdims=True)
        of_branches = logsumexp(motion + within, axis=2)
        kinds = [
            of_branches,
            logsumexp(points.by_group(fit) + within, axis=2),
            logs,
            np.where(tree.children[:-1] == 0, logs, np.log(LEAST_VOTE)),
            np.broadcast_to(lengths, logs.shape),
            np.broadcast_to(middle, logs.shape),
        ]
        inside = motion + within - of_branches[:, :, None]
        return Evidence(points, np.stack(kinds, axis=2), inside.reshape(len(rows), -1), novelty)

    def _motion(self, unknowns: Sample, rows: np.ndarray, points: Points) -> np.ndarray:
        """Log-likelihood at points; unknowns of equal sampling noise share the densities."""
        found = np.empty((len(rows), len(points.branch)))
        shares = noise_shares(unknowns).round(6)
        for share in np.unique(shares):
            alike = shares == share
            densities = self.motion.densities(points, self.traits.within * share)
            found[alike] = densities.log(rows[alike])
        return found

    def _votes(self, apart: np.ndarray) -> np.ndarray:
        """Share of each taxon by how near it is, in units of the distance to nearest relatives."""
        scores = -((apart / self.nearest[0]) ** 2) * VOTE_SHARPNESS
        found: np.ndarray = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
        return found


def squares(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances between rows."""
    found = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.maximum(found, 0.0)


def path_lengths(reference: Reference) -> np.ndarray:
    """Paths between the reference taxa, shape (T, T), unit of the tree."""
    tree = reference.branches
    n = len(tree.taxa)
    shared = np.zeros((n, n))
    for node in range(len(tree.parents) - 1, -1, -1):  # from the root: finer clades overwrite
        first, last = tree.spans[node]
        shared[first:last, first:last] = tree.heights[node]
    found: np.ndarray = tree.tip_heights[:, None] + tree.tip_heights - 2 * shared
    return found
