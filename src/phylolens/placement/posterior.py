"""What probabilities of branches say: credible sets, clades, relatives."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phylolens.placement.points import Points
from phylolens.placement.reference import Reference

STEM, CROWN = "stem", "crown"


@dataclass(frozen=True, eq=False)
class Posterior:
    """Probabilities of Q unknowns over the branches of a reference tree.

    Parameters
    ----------
    reference : Reference
    points : Points
    shares : array, shape (Q, branches)
        They sum to one for each unknown.
    inside : array, shape (Q, P)
        Share of each point within its branch.
    """

    reference: Reference
    points: Points
    shares: np.ndarray
    inside: np.ndarray

    @cached_property
    def of_points(self) -> np.ndarray:
        """Probability of each point, shape (Q, P)."""
        found: np.ndarray = self.shares[:, self.points.branch] * self.inside
        return found

    @cached_property
    def distances(self) -> np.ndarray:
        """Expected path to each reference taxon, shape (Q, T), unit of the tree."""
        return self.points.expected_distances(self.of_points)

    @property
    def nearest(self) -> np.ndarray:
        """The taxon of least expected path, shape (Q,)."""
        return self.distances.argmin(axis=1)

    @property
    def best(self) -> np.ndarray:
        """The most probable branch, shape (Q,)."""
        return self.shares.argmax(axis=1)

    def best_points(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean height on, and pendant length from, each branch, shape (Q, branches)."""
        heights = self.points.by_branch(self.inside * self.points.heights)
        pendants = self.points.by_branch(self.inside * np.maximum(self.points.pendants, 0))
        return heights, pendants

    def credible(self, level: float | np.ndarray) -> list[np.ndarray]:
        """Smallest set of branches for each unknown that holds at least ``level``, likeliest first.

        Branches as likely as the last one in are in, too.

        Parameters
        ----------
        level : float or array, shape (Q,)
        """
        levels = np.broadcast_to(level, len(self.shares))
        found = []
        for row, wanted in zip(self.shares, levels, strict=True):
            order = np.argsort(-row, kind="stable")
            total = np.cumsum(row[order])
            size = min(int(np.searchsorted(total, wanted - 1e-9)) + 1, len(order))
            last = row[order[size - 1]]
            while size < len(order) and row[order[size]] >= last * (1 - 1e-9):
                size += 1
            found.append(order[:size])
        return found

    def clade_shares(self) -> dict[str, "CladeShares"]:
        """Probability of standing in, or on the stem of, each clade, by rank, coarse to fine."""
        below = np.maximum(self.reference.branches.mass_below(self.shares), 0.0)
        padded = np.concatenate([self.shares, np.zeros((len(self.shares), 1))], axis=1)
        found = {}
        for rank, nodes in clade_nodes(self.reference).items():
            places = np.array(list(nodes.values()))
            found[rank] = CladeShares(tuple(nodes), below[:, places], padded[:, places])
        return found


@dataclass(frozen=True, eq=False)
class CladeShares:
    """Probabilities of the taxa of one rank, shape (Q, taxa) each.

    Parameters
    ----------
    taxa : tuple of str
    crown, stem : array
        Within the last common ancestor's clade, and on the branch that leads to it.
    """

    taxa: tuple[str, ...]
    crown: np.ndarray
    stem: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Crown and stem together."""
        found: np.ndarray = self.crown + self.stem
        return found

    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """Place of the likeliest taxon, and its probability, shape (Q,)."""
        place = self.total.argmax(axis=1)
        return place, self.total[np.arange(len(place)), place]


def clade_nodes(reference: Reference) -> dict[str, Mapping[str, int]]:
    """Last common ancestor of the taxa of each clade, by rank and name.

    Clades that hold other taxa too (not monophyletic on this tree), or all taxa, are left out.
    """
    tree = reference.branches
    found: dict[str, Mapping[str, int]] = {}
    for rank in reference.ranks:
        nodes = {}
        column = reference.lineage[rank].reset_index(drop=True)
        for name, places in column.groupby(column, sort=True).groups.items():
            node = tree.ancestor(list(places))
            low, high = tree.spans[node]
            if high - low == len(places) < len(reference):
                nodes[str(name)] = node
        if nodes:
            found[rank] = nodes
    return found
