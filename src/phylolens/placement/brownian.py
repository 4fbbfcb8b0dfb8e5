"""Traits that evolve by Brownian motion on a tree, and what they say of an unknown at any point.

Felsenstein (1973, Am. J. Hum. Genet. 25:471) and Pagel (1999, Nature 401:877). One pass up and one
down the tree tell every point what all tips say of it (Pearl's messages); an unknown's likelihood
at a point is a Gaussian of that mean and variance.
"""

from dataclasses import dataclass

import numpy as np

from phylolens.placement.branches import Branches
from phylolens.placement.points import Points

LAMBDAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
RATES = np.exp(np.linspace(np.log(1e-3), np.log(30.0), 22))  # times variance over height
LEAST = 1e-9  # of the height: the smallest variance of a tip


@dataclass(frozen=True, eq=False)
class Motion:
    """Independent traits on a tree.

    Parameters
    ----------
    branches : Branches
    means : array, shape (T, q)
        Traits of the taxa, in the order of ``branches.taxa``.
    noise : array, shape (T, q)
        Variance of each mean by sampling.
    rates : array, shape (q,)
        Variance gained per unit of branch length.
    lambdas : array, shape (q,)
        Share of it that follows the tree; the rest is the tip's own.
    log_likelihood : float
        Of the traits (REML), 0 where nothing was fitted.
    """

    branches: Branches
    means: np.ndarray
    noise: np.ndarray
    rates: np.ndarray
    lambdas: np.ndarray
    log_likelihood: float = 0.0

    @classmethod
    def fit(cls, branches: Branches, means: np.ndarray, noise: np.ndarray) -> "Motion":
        """Find rates, and a lambda that all traits share, by restricted maximum likelihood.

        Both are the best of a grid: 22 rates over four orders of magnitude, six lambdas. A lambda
        for every trait would follow chance: on birds left out it did worse.
        """
        q = means.shape[1]
        unit = np.maximum(means.var(axis=0), 1e-300) / branches.height
        rates = (RATES[:, None] * unit).ravel()
        many = len(RATES)
        found: list[Motion] = []
        for value in LAMBDAS:
            same = np.full(q, value)
            tiled = cls(
                branches, np.tile(means, many), np.tile(noise, many), rates, np.tile(same, many)
            )
            likelihoods = tiled.restricted().reshape(many, q)
            top = likelihoods.argmax(axis=0)
            total = float(likelihoods.max(axis=0).sum())
            found.append(cls(branches, means, noise, RATES[top] * unit, same, total))
        return max(found, key=lambda one: one.log_likelihood)

    def _tip_variances(self) -> np.ndarray:
        """Of tips about the tree's own value, in branch lengths, shape (T, q)."""
        own = (1 - self.lambdas) * self.branches.tip_heights[:, None]
        return np.maximum(self.noise / self.rates + own, LEAST * self.branches.height)

    def _up(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Gather what the tips below each node say of it.

        Returns
        -------
        mean, variance : array, shape (k, q)
            Of the node's value; variances in branch lengths.
        precision, weighted : array, shape (k, q)
            Sums over the node's children at the node.
        """
        tree = self.branches
        k, q = len(tree.parents), self.means.shape[1]
        mean, variance = np.zeros((k, q)), np.zeros((k, q))
        precision, weighted = np.zeros((k, q)), np.zeros((k, q))
        mean[tree.tips], variance[tree.tips] = self.means, self._tip_variances()
        for nodes in (*reversed(tree.levels), np.array([k - 1])):
            inner = nodes[tree.children[nodes] > 0]
            variance[inner] = 1 / precision[inner]
            mean[inner] = weighted[inner] * variance[inner]
            if nodes[-1] == k - 1:
                break
            share = 1 / (variance[nodes] + tree.lengths[nodes, None] * self.lambdas)
            np.add.at(precision, tree.parents[nodes], share)
            np.add.at(weighted, tree.parents[nodes], share * mean[nodes])
        return mean, variance, precision, weighted

    def restricted(self) -> np.ndarray:
        """Restricted log-likelihood of each trait, shape (q,).

        Summed over the contrasts at every node; a polytomy has several.
        """
        tree = self.branches
        mean, variance, precision, _ = self._up()
        spans = variance[:-1] + tree.lengths[:-1, None] * self.lambdas
        apart = (mean[:-1] - mean[tree.parents[:-1]]) ** 2 / spans
        inner = tree.children > 0
        logs = np.log(spans).sum(axis=0) + np.log(precision[inner]).sum(axis=0)
        n = len(tree.taxa) - 1
        found: np.ndarray = -0.5 * (
            n * np.log(2 * np.pi * self.rates) + logs + apart.sum(axis=0) / self.rates
        )
        return found

    def at(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """Gather what all taxa say of the value at each point, in the traits' units.

        Returns
        -------
        mean, variance : array, shape (P, q)
        """
        tree = self.branches
        mean, variance, precision, weighted = self._up()
        k, q = mean.shape
        rest_precision, rest_weighted = np.zeros((k, q)), np.zeros((k, q))
        from_above, from_above_weighted = np.zeros((k, q)), np.zeros((k, q))
        spans = tree.lengths[:, None] * self.lambdas
        for nodes in tree.levels:
            above = tree.parents[nodes]
            share = 1 / (variance[nodes] + spans[nodes])
            p = from_above[above] + precision[above] - share
            w = from_above_weighted[above] + weighted[above] - share * mean[nodes]
            p = np.maximum(p, 1e-12 * share)  # of nothing but rounding: a root with one branch
            rest_precision[nodes], rest_weighted[nodes] = p, w
            through = 1 / (1 / p + spans[nodes])
            from_above[nodes], from_above_weighted[nodes] = through, through * w / p
        own = points.branch
        below = 1 / (variance[own] + points.above[:, None] * self.lambdas)
        left = (tree.lengths[own] - points.above)[:, None] * self.lambdas
        beyond = 1 / (1 / rest_precision[own] + left)
        total = 1 / (below + beyond)
        middle = total * (below * mean[own] + beyond * rest_weighted[own] / rest_precision[own])
        return middle, total * self.rates

    def densities(self, points: Points, noise: np.ndarray) -> "Densities":
        """Gaussian of an unknown's traits at each point.

        Parameters
        ----------
        points : Points
        noise : array, shape (q,)
            Variance of the unknown's mean by sampling.
        """
        middle, variance = self.at(points)
        heights, pendants = points.heights[:, None], points.pendants[:, None]
        ends = heights + pendants
        own = self.lambdas * np.maximum(pendants, 0) + (1 - self.lambdas) * np.maximum(ends, 0)
        spread = variance + self.rates * own + noise
        return Densities.of(middle, spread)


@dataclass(frozen=True, eq=False)
class Densities:
    """Gaussians at points, as products of matrices.

    Parameters
    ----------
    linear, square : array of float32, shape (q, P)
    constant : array of float64, shape (P,)
    """

    linear: np.ndarray
    square: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(cls, middle: np.ndarray, spread: np.ndarray) -> "Densities":
        """From means and variances, shape (P, q)."""
        constant = -0.5 * (np.log(2 * np.pi * spread) + middle**2 / spread).sum(axis=1)
        square = (-0.5 / spread).T.astype(np.float32)
        return cls((middle / spread).T.astype(np.float32), square, constant)

    def log(self, traits: np.ndarray) -> np.ndarray:
        """Log-density of unknowns at points, shape (Q, q) to (Q, P)."""
        rows = traits.astype(np.float32)
        found: np.ndarray = rows @ self.linear + (rows**2) @ self.square
        return found + self.constant.astype(np.float32)
