"""The tree and the Brownian covariance of taxa whose tips stand at a finer rank."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse
from skbio import DistanceMatrix, TreeNode

from phylolens.phylogeny.geometry import covariance, depths, tip_rows
from phylolens.phylogeny.root import ordered, reference_tree

FROM_TREE = "tree"
FROM_MATRIX = "neighbour-joining tree of the matrix, rooted at its midpoint"
SAME = 1e-12  # of the largest variance: a difference that varies no more than this does not vary


@dataclass(frozen=True)
class TaxonTree:
    """A tree whose tips are taxa, and the covariance of the taxa under Brownian motion.

    Parameters
    ----------
    tree : TreeNode
        One tip a taxon, smaller clades first.
    covariance : DataFrame
        Taxa by taxa, unit rate; see :func:`taxa_of_tree`.
    source : str
        What the covariance is of: :data:`FROM_TREE` or :data:`FROM_MATRIX`.
    not_monophyletic : dict
        Each taxon whose tips are no clade, with the taxa (sorted) that stand within its smallest
        clade.
    """

    tree: TreeNode
    covariance: pd.DataFrame
    source: str
    not_monophyletic: dict[str, tuple[str, ...]] = field(default_factory=dict)


def group_means(values: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """Mean of a symmetric matrix over the pairs of rows of two groups, ``M values M'``.

    Parameters
    ----------
    values : array, shape (m, m)
    codes : array of int, shape (m,)
        Group of each row, 0 to n - 1; no group is empty.
    """
    if n == len(codes):
        order = np.argsort(codes)
        return values[np.ix_(order, order)]
    weights = 1.0 / np.bincount(codes, minlength=n)[codes]
    member = sparse.csr_matrix((weights, (codes, np.arange(len(codes)))), shape=(n, len(codes)))
    means = np.asarray((member @ (member @ values).T).T)
    return (means + means.T) / 2


def taxa_of_matrix(distances: DistanceMatrix) -> TaxonTree:
    """Return the neighbour-joining tree of ``distances``, midpoint-rooted, and its covariance."""
    tree, taxa = reference_tree(distances), list(distances.ids)
    return TaxonTree(tree, covariance(tree).loc[taxa, taxa], FROM_MATRIX)


def taxa_of_tree(tree: TreeNode, codes: dict[str, int], distances: DistanceMatrix) -> TaxonTree:
    """Reduce a tree of tips to one of taxa.

    The covariance is that of the mean of each taxon's tips, ``M C M'``: exact, whatever the shape
    of the tree. Its root is the last common ancestor of all tips.

    The tree is exact too where each taxon is a clade, or whole branches of one polytomy. A taxon's
    tip reaches the mean height of its tips, so that the path between two taxa is the mean path
    between their tips (ultrametric or not). The covariance of this tree equals ``M C M'`` between
    taxa, but not within: a mean of several tips varies less than one tip does. Where some taxon is
    no clade, no tree has the mean distances; it is their neighbour-joining tree then.

    Parameters
    ----------
    tree : TreeNode
        Left as it is.
    codes : dict
        Name of each tip to the place of its taxon in ``distances.ids``.
    distances : DistanceMatrix
        Mean distances between taxa.
    """
    tree = _crown(tree)
    taxa = distances.ids
    shared = covariance(tree)
    groups = np.array([codes[tip] for tip in shared.index])
    means = group_means(shared.to_numpy(), groups, len(taxa))
    clades = _Clades(tree, groups, taxa)
    if clades.intruders:
        small = reference_tree(distances)
    else:
        heights = np.bincount(groups, np.diag(shared)) / np.bincount(groups)
        small = ordered(clades.reduced(heights))
    of_means = pd.DataFrame(means, index=list(taxa), columns=list(taxa))
    return TaxonTree(small, of_means, FROM_TREE, clades.intruders)


def same_pairs(shared: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Pairs of taxa a covariance cannot tell apart: their difference has no variance.

    Such a covariance is singular. Two tips on branches of zero length from one node are the plain
    case.
    """
    values, names = shared.to_numpy(), [str(name) for name in shared.index]
    own = np.diag(values)
    found = []
    for i, name in enumerate(names):  # by row: a matrix of thousands of taxa is large enough once
        variance = own[i] + own[i + 1 :] - 2 * values[i, i + 1 :]
        near = np.flatnonzero(variance <= SAME * own.max())
        found += [(name, names[i + 1 + int(j)]) for j in near]
    return tuple(found)


def _crown(tree: TreeNode) -> TreeNode:
    """Leave out a stem: the first node that has more than one branch."""
    while len(tree.children) == 1:
        tree = tree.children[0]
    return tree


class _Clades:
    """Where each taxon stands in a tree of tips.

    Attributes
    ----------
    intruders : dict
        Taxa that are no clade, with the other taxa within.
    """

    def __init__(self, tree: TreeNode, groups: np.ndarray, taxa: Sequence[str]) -> None:
        self._tree, self._taxa = tree, taxa
        self._rows = tip_rows(tree)
        self._whole: dict[int, int] = {}  # node -> the taxon all of whose tips it holds
        self._part: dict[int, list[int]] = {}  # node -> taxa that are several of its branches
        self.intruders: dict[str, tuple[str, ...]] = {}
        tips = list(tree.tips())
        members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])
        for code, places in enumerate(members):
            node = tips[places[0]]
            while self._rows[id(node)][1] <= places[-1]:
                node = node.parent
            if self._size(node) == len(places):
                self._whole[id(node)] = code
                continue
            branches = self._branches(node, tips, places)
            if sum(map(self._size, branches)) == len(places):
                self._part.setdefault(id(node), []).append(code)
                continue
            within = [groups[slice(*self._rows[id(branch)])] for branch in branches]
            others = set(np.concatenate(within).tolist()) - {code}
            self.intruders[taxa[code]] = tuple(sorted(taxa[other] for other in others))

    def _size(self, node: TreeNode) -> int:
        start, stop = self._rows[id(node)]
        return stop - start

    def _branches(self, node: TreeNode, tips: list[TreeNode], places: np.ndarray) -> list[TreeNode]:
        """Children of ``node`` that lead to the tips at ``places``."""
        found: list[TreeNode] = []
        for place in places:
            if found and place < self._rows[id(found[-1])][1]:
                continue  # below the same child as the tip before
            below = tips[place]
            while below.parent is not node:
                below = below.parent
            found.append(below)
        return found

    def reduced(self, heights: np.ndarray) -> TreeNode:
        """Replace each taxon's tips by one at its height above the root; no taxon is broken."""
        depth = depths(self._tree)
        kept: dict[
            int, list[tuple[TreeNode, float]]
        ] = {}  # node -> what stands for it, and how far
        for node in self._tree.postorder(include_self=True):
            below = [one for child in node.children for one in kept.pop(id(child))]
            codes = self._part.get(id(node), [])
            if id(node) in self._whole:
                below, codes = [], [self._whole[id(node)]]
            below += [(TreeNode(name=self._taxa[code]), float(heights[code])) for code in codes]
            if len(below) > 1:
                for child, reach in below:
                    child.length = max(reach - depth[id(node)], 0.0)  # rounding may fall short
                below = [(TreeNode(children=[child for child, _ in below]), depth[id(node)])]
            kept[id(node)] = below
        return kept[id(self._tree)][0][0]
