"""A tree as arrays: branches, heights, what lies below, and trees without some of the tips."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from skbio import TreeNode

from phylolens.errors import InputError

ROOT = -1
ULTRAMETRIC = 1e-3  # of the tree's height: tips that differ by less are of one age


@dataclass(frozen=True, eq=False)
class Branches:
    """A rooted tree of k nodes, children before their parents, the root last.

    Branch i is the one above node i, so there are k - 1 of them. The tips below a node, and the
    nodes, follow one another without a gap.

    Parameters
    ----------
    taxa : tuple of str
        Names of the T tips, in the order of the nodes.
    names : tuple of str
        Of all nodes; blank where a node has none.
    parents : int array, shape (k,)
        Place of each node's parent; -1 for the root.
    lengths : array of float64, shape (k,)
        Of the branches, unit of the tree; 0 for the root.
    """

    taxa: tuple[str, ...]
    names: tuple[str, ...]
    parents: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, tree: TreeNode) -> "Branches":
        """Read a tree.

        Parameters
        ----------
        tree : TreeNode
            Rooted; a polytomy is one node with several branches, and a missing length is 0.

        Raises
        ------
        InputError
            If there are fewer than three tips, a length is negative, or tips repeat.
        """
        nodes = list(tree.postorder(include_self=True))
        place = {id(node): number for number, node in enumerate(nodes)}
        parents = np.array([place[id(node.parent)] for node in nodes[:-1]] + [ROOT])
        lengths = np.array([float(node.length or 0.0) for node in nodes[:-1]] + [0.0])
        names = tuple(str(node.name or "") for node in nodes)
        taxa = tuple(str(node.name) for node in nodes if node.is_tip())
        below = [name for name, length in zip(names, lengths, strict=True) if length < 0]
        if below:
            raise InputError("branches of negative length.", where="tree", ids=below)
        if len(taxa) < 3 or len(set(taxa)) < len(taxa):
            raise InputError(
                f"at least three tips with names of their own are needed; got {len(set(taxa))}.",
                where="tree",
            )
        return cls(taxa, names, parents, lengths)

    def __len__(self) -> int:
        return len(self.parents) - 1

    @cached_property
    def children(self) -> np.ndarray:
        """Number of children of each node, shape (k,)."""
        return np.bincount(self.parents[:-1], minlength=len(self.parents))

    @cached_property
    def tips(self) -> np.ndarray:
        """Node of each taxon, shape (T,)."""
        return np.flatnonzero(self.children == 0)

    @cached_property
    def starts(self) -> np.ndarray:
        """First node of each subtree; it ends with the node itself. Shape (k,)."""
        found = np.arange(len(self.parents))
        for node, parent in enumerate(self.parents[:-1]):
            found[parent] = min(found[parent], found[node])
        return found

    @cached_property
    def spans(self) -> np.ndarray:
        """Taxa below each node: from the first up to the second, shape (k, 2)."""
        before = np.concatenate([[0], np.cumsum(self.children == 0)])
        return np.stack([before[self.starts], before[1:]], axis=1)

    @cached_property
    def heights(self) -> np.ndarray:
        """Distance of each node from the root, shape (k,)."""
        found = self.lengths.copy()
        for node in range(len(self.parents) - 2, -1, -1):
            found[node] += found[self.parents[node]]
        return found

    @cached_property
    def tip_heights(self) -> np.ndarray:
        """Distance of each taxon from the root, shape (T,)."""
        return self.heights[self.tips]

    @property
    def height(self) -> float:
        """Distance of the farthest tip from the root."""
        return float(self.tip_heights.max())

    @property
    def ultrametric(self) -> bool:
        """Whether all tips are equally far from the root."""
        return bool(np.ptp(self.tip_heights) <= ULTRAMETRIC * self.height)

    @cached_property
    def levels(self) -> tuple[np.ndarray, ...]:
        """Nodes by their number of branches from the root, nearest first, the root left out."""
        depth = np.zeros(len(self.parents), dtype=int)
        for node in range(len(self.parents) - 2, -1, -1):
            depth[node] = depth[self.parents[node]] + 1
        order = np.argsort(depth, kind="stable")
        bounds = np.searchsorted(depth[order], np.arange(1, depth.max() + 2))
        return tuple(order[a:b] for a, b in pairwise(bounds))

    def mass_below(self, shares: np.ndarray) -> np.ndarray:
        """Sum what branches hold over the branches below each node, shape (..., k - 1) to (..., k).

        The branch above the node itself is not below it.
        """
        padding = np.zeros((*shares.shape[:-1], 1), dtype=shares.dtype)
        before = np.concatenate([padding, np.cumsum(shares, axis=-1)], axis=-1)
        found: np.ndarray = before - before[..., self.starts]
        return found

    def ancestor(self, taxa: Sequence[int]) -> int:
        """Node of the last common ancestor of some taxa, given by their places."""
        first, last = min(taxa), max(taxa)
        around = (self.spans[:, 0] <= first) & (self.spans[:, 1] > last)
        return int(np.flatnonzero(around)[0])

    def without(self, away: np.ndarray) -> tuple["Branches", np.ndarray]:
        """Cut taxa off the tree.

        Parameters
        ----------
        away : bool array, shape (T,)

        Returns
        -------
        Branches
            Nodes with one branch left are merged into it; the root is the last common ancestor of
            the taxa kept.
        places : int array, shape (k,)
            Branch of the smaller tree on which each old node lies (as its lower end, or within);
            -1 for nodes with no taxon kept below and for the root and what is above it.
        """
        kept = np.concatenate([[0], np.cumsum(~away)])
        counts = kept[self.spans[:, 1]] - kept[self.spans[:, 0]]
        live = np.bincount(
            self.parents[:-1], weights=counts[:-1] > 0, minlength=len(self.parents)
        ).astype(int)
        stays = (counts > 0) & ((self.children == 0) | (live > 1))
        root = int(np.flatnonzero(stays & (counts == counts[-1]))[0])
        stays[root + 1 :] = False
        places = np.full(len(self.parents), ROOT)
        number = np.cumsum(stays) - 1
        for node in np.flatnonzero(counts[: root + 1] > 0):
            if stays[node]:
                places[node] = number[node]
            above = self.parents[node]
            if node < root and not stays[above]:
                places[above] = places[node]  # merged: it has this branch alone
        parents = np.full(int(stays.sum()), ROOT)
        lengths = np.zeros(len(parents))
        for node in np.flatnonzero(stays)[:-1]:
            above = self.parents[node]
            while not stays[above]:
                above = self.parents[above]
            parents[number[node]] = number[above]
            lengths[number[node]] = self.heights[node] - self.heights[above]
        places[root:] = ROOT
        small = Branches(
            tuple(name for name, gone in zip(self.taxa, away, strict=True) if not gone),
            tuple(self.names[node] for node in np.flatnonzero(stays)),
            parents,
            lengths,
        )
        return small, places

    def attachment(self, places: np.ndarray, taxon: int) -> tuple[int, float]:
        """Where a taxon that was cut off had been attached.

        Parameters
        ----------
        places : int array, shape (k,)
            As :meth:`without` gave them, on this whole tree.
        taxon : int
            Its place among the taxa of this tree.

        Returns
        -------
        branch : int
            Of the smaller tree; where the taxon left a node with several branches, the one above
            that node; -1 where it had left the tree at or above the new root.
        height : float
            Of the point, from this tree's root.
        """
        node = int(self.parents[self.tips[taxon]])
        while node != ROOT and places[node] == ROOT:
            if self._has_kept(places, node):
                return ROOT, float(self.heights[node])
            node = int(self.parents[node])
        return (ROOT, 0.0) if node == ROOT else (int(places[node]), float(self.heights[node]))

    def _has_kept(self, places: np.ndarray, node: int) -> bool:
        return bool((places[self.starts[node] : node] != ROOT).any())

    def to_tree(self) -> TreeNode:
        """Return the tree."""
        nodes = [TreeNode(name=name or None) for name in self.names]
        for node, (parent, length) in enumerate(zip(self.parents, self.lengths, strict=True)):
            if parent != ROOT:
                nodes[node].length = float(length)
                nodes[parent].append(nodes[node])
        return nodes[-1]
