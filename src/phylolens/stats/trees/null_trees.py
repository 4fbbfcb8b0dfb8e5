"""All measures at once on many trees: a tree with its tips permuted, and random trees."""

from collections.abc import Iterator

import numpy as np
from skbio import TreeNode

from phylolens.random import stream
from phylolens.stats.trees.align import align_differences
from phylolens.stats.trees.cid import information_differences
from phylolens.stats.trees.coherency import coherency, parents
from phylolens.stats.trees.quartet import grouping, quartets_up_to, separation
from phylolens.stats.trees.rf import split_differences
from phylolens.stats.trees.splits import clades, overlaps, splits, unrooted

QUARTETS = 20_000  # looked at in each tree
CELLS = 1_000_000  # pairs of splits, or tips of clades, held at once
Scores = dict[str, np.ndarray]


class NullTrees:
    """Measures between a reference tree and what chance sets beside it.

    Parameters
    ----------
    tree, reference : TreeNode
        Trees on the same tips.
    codes : array of float, shape (n,), optional
        Labels of the tips, sorted by name, for the coherency index.
    seed : int
        Seed of the random trees and of the quartets.

    Attributes
    ----------
    quartets : array of int, shape (q, 4)
        All quartets, or a sample, the same for every tree: a permutation test on a sample drawn
        beforehand is as valid as one on all, a little less sharp.
    """

    def __init__(
        self, tree: TreeNode, reference: TreeNode, codes: np.ndarray | None, seed: int
    ) -> None:
        self._clades, self._splits, self._reference = clades(tree), splits(tree), splits(reference)
        self._codes, self._seed = codes, seed
        self._n = self._clades.shape[1]
        self.quartets = quartets_up_to(self._n, QUARTETS, seed)
        self._groups = grouping(separation(self._reference), self.quartets)

    def relabelled(self, orders: np.ndarray) -> Scores:
        """Measure the tree with the k-th tip's place taken by tip ``order[k]``; orders (m, n)."""
        found = [
            self._matched(self._splits[:, part].swapaxes(0, 1))
            for part in self._parts(orders, len(self._splits) * max(len(self._reference), self._n))
        ]
        scores = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
        apart = separation(self._splits)
        scores["quartet"] = np.array([self._quartet(apart, order) for order in orders])
        if self._codes is not None:
            above = parents(self._clades)
            labels = self._codes[np.argsort(orders, axis=1)]
            scores["coherency"] = coherency(self._clades, above, labels)
        return scores

    def random(self, count: int) -> Scores:
        """Measure ``count`` random trees."""
        found = [self._one(member) for member in self._drawn(count)]
        return {name: np.array([scores[name] for scores in found]) for name in found[0]}

    def _drawn(self, count: int) -> Iterator[np.ndarray]:
        at_once = max(1, 16 * CELLS // self._n**2)
        for start in range(0, count, at_once):
            yield from random_clades(self._n, min(at_once, count - start), self._seed + start)

    def _one(self, member: np.ndarray) -> dict[str, float]:
        sides = unrooted(member)
        scores = {name: float(values[0]) for name, values in self._matched(sides[None]).items()}
        scores["quartet"] = self._quartet(separation(sides), np.arange(self._n))
        if self._codes is not None:
            scores["coherency"] = float(coherency(member, parents(member), self._codes[None])[0])
        return scores

    def _matched(self, sides: np.ndarray) -> Scores:
        shared = overlaps(sides, self._reference)
        return {
            "nrf": split_differences(shared),
            "cid": information_differences(shared),
            "align": align_differences(shared),
        }

    def _quartet(self, apart: np.ndarray, order: np.ndarray) -> float:
        return float(np.mean(grouping(apart, order[self.quartets]) != self._groups))

    def _parts(self, orders: np.ndarray, cells: int) -> Iterator[np.ndarray]:
        at_once = max(1, CELLS // max(cells, 1))
        for start in range(0, len(orders), at_once):
            yield orders[start : start + at_once]


def random_clades(n: int, count: int, seed: int) -> np.ndarray:
    """Draw rooted binary trees on n tips, every labelled topology with the same chance.

    Each tip in turn is set on a branch drawn evenly among all there are, one above the root
    included (the "proportional to distinguishable arrangements" model, Rosen 1978, Syst. Zool.
    27:159). Without their roots these trees are uniform over unrooted topologies: the population
    to which the measures' expected values in the literature refer. Yule trees are better balanced
    and so a little closer to each other; the shape of the tree at hand is held by permuting its
    tips, the other null.

    Parameters
    ----------
    n : int
        Tips, at least two.
    count : int
        Trees.
    seed : int
        Seed.

    Returns
    -------
    array of bool, shape (count, n - 1, n)
        Clades of two tips or more of each tree, its root among them.
    """
    rng = stream(seed, "stats.trees.random")
    member = np.zeros((count, 2 * n - 1, n), dtype=bool)
    size = np.zeros((count, 2 * n - 1), dtype=np.int32)
    member[:, 0, 0] = size[:, 0] = True
    tree = np.arange(count)
    for tip in range(1, n):
        nodes = 2 * tip - 1  # so far; each has one branch above it
        below = rng.integers(nodes, size=count)
        beneath = member[tree, below]
        one = beneath.argmax(axis=1)  # the clades that hold it and are larger lie above
        above = member[tree, :nodes, one] & (size[:, :nodes] > size[tree, below][:, None])
        member[:, nodes] = beneath
        member[:, :nodes, tip] = above
        member[:, nodes : nodes + 2, tip] = True
        size[:, nodes], size[:, nodes + 1] = size[tree, below] + 1, 1
        size[:, :nodes] += above
    inner = np.r_[1 : 2 * n - 1 : 2]  # every new tip makes one inner node, before itself
    return member[:, inner]
