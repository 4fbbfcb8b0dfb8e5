"""Points on a tree at which an unknown may be attached, and what follows from their shares."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phylolens.placement.branches import Branches

FEWEST, MOST = 3, 16  # points of a branch, by Gauss and Legendre
IN_ALL = 4000  # points of a tree that is small enough for more than the fewest
LEAST = 1e-6  # of the tree's height: no branch is shorter as a place to attach to
PENDANTS = (1 / 6, 1 / 2, 5 / 6)  # quantiles of terminal branches, where the unknown's age is free


@dataclass(frozen=True, eq=False)
class Points:
    """Attachment points, those of a branch together.

    An unknown is attached at a height (distance from the root) and ends at another: at the tips'
    where the tree is ultrametric, at its own age where that is known. Otherwise its branch is
    taken to be as long as terminal branches are: their quantiles 1/6, 1/2 and 5/6.

    Parameters
    ----------
    branches : Branches
    ends : float or None
        Height at which the unknown ends; None: free.
    """

    branches: Branches
    ends: float | None = None

    @property
    def _repeats(self) -> int:
        return 1 if self.ends is not None else len(PENDANTS)

    @cached_property
    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        n = int(np.clip(IN_ALL // len(self.branches), FEWEST, MOST))
        places, weights = np.polynomial.legendre.leggauss(n)
        return (places + 1) / 2, weights / 2

    @property
    def per_branch(self) -> int:
        """Points of each branch."""
        return len(self._grid[0]) * self._repeats

    @cached_property
    def branch(self) -> np.ndarray:
        """Branch of each point, shape (P,)."""
        return np.repeat(np.arange(len(self.branches)), self.per_branch)

    @cached_property
    def above(self) -> np.ndarray:
        """Distance of each point from the lower end of its branch, shape (P,)."""
        fractions = np.repeat(self._grid[0], self._repeats)
        return np.tile(fractions, len(self.branches)) * self.branches.lengths[self.branch]

    @cached_property
    def heights(self) -> np.ndarray:
        """Height of each point, shape (P,)."""
        return self.branches.heights[self.branch] - self.above

    @cached_property
    def pendants(self) -> np.ndarray:
        """Length of the unknown's own branch, shape (P,); negative where it would end above."""
        if self.ends is not None:
            return self.ends - self.heights
        tips = self.branches.lengths[self.branches.tips]
        return np.tile(np.quantile(tips, PENDANTS), len(self.branch) // len(PENDANTS))

    @cached_property
    def log_prior(self) -> np.ndarray:
        """Logarithm of the prior, uniform over the length of the tree, shape (P,)."""
        lengths = np.maximum(self.branches.lengths[:-1], LEAST * self.branches.height)
        weights = np.repeat(self._grid[1], self._repeats) / self._repeats
        found = np.log(np.outer(lengths / lengths.sum(), weights).ravel())
        found[self.pendants < 0] = -np.inf
        return found

    def by_group(self, values: np.ndarray) -> np.ndarray:
        """Group values of points by branch, shape (Q, P) to (Q, branches, points of each)."""
        return values.reshape(len(values), -1, self.per_branch)

    def by_branch(self, values: np.ndarray) -> np.ndarray:
        """Sum values of points over each branch, shape (Q, P) to (Q, branches)."""
        found: np.ndarray = self.by_group(values).sum(axis=2)
        return found

    def expected_distances(self, shares: np.ndarray) -> np.ndarray:
        """Average paths from an unknown to every taxon, shape (Q, P) to (Q, T), unit of the tree.

        The path is the sum of both heights less twice that of the last common ancestor, whose mean
        is summed branch by branch down from the root.
        """
        tree = self.branches
        mass = self.by_branch(shares)
        gone = self.by_branch(shares * (self.heights - tree.heights[tree.parents[self.branch]]))
        shared = np.zeros((len(tree.parents), len(shares)))
        shared[:-1] = (tree.mass_below(mass)[:, :-1] * tree.lengths[:-1] + gone).T
        for nodes in tree.levels:
            shared[nodes] += shared[tree.parents[nodes]]
        own = shares @ (self.heights + self.pendants)
        found: np.ndarray = own[:, None] + tree.tip_heights - 2 * shared[tree.tips].T
        return found
