"""A tree from visual distances, with the support of its branches by specimen bootstrap."""

import warnings
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

import numpy as np
from skbio import DistanceMatrix, TreeNode
from skbio.tree import bme, nj, upgma

from phylolens.errors import InputError
from phylolens.phylogeny.root import midpoint_rooted, ordered
from phylolens.stats.trees.splits import clades, unrooted

TREE_METHODS = ("nj", "bme", "upgma")
FEWEST_TAXA = 3


def visual_tree(
    visual: DistanceMatrix,
    replicates: Iterable[DistanceMatrix] | None = None,
    *,
    method: str = "nj",
) -> TreeNode:
    """Build a tree from distances, smaller clades first; negative branches become zero.

    Support is a property of a branch, not of a node: the share of replicates whose tree has the
    same split. It is set after rooting, as the name of the node below the branch, in whole
    percent; the two halves of the branch that bears the root have the same. Support of UPGMA,
    whose trees are rooted, is the share of replicates with the same clade.

    Parameters
    ----------
    visual : DistanceMatrix
        Distances between at least three taxa; the order of rows does not matter.
    replicates : iterable of DistanceMatrix, optional
        Distances between the same taxa from specimens resampled within taxa; read one by one.
        Without any, inner nodes have no names.
    method : {'nj', 'bme', 'upgma'}
        Neighbour joining (Saitou & Nei 1987, Mol. Biol. Evol. 4:406) or balanced minimum
        evolution (Desper & Gascuel 2002, J. Comput. Biol. 9:687), both rooted at their midpoint,
        for drawing only; or average linkage (Sokal & Michener 1958), rooted and ultrametric.

    Raises
    ------
    InputError
        For an unknown method, fewer than three taxa, or replicates of other taxa.
    """
    if method not in TREE_METHODS:
        raise InputError(f"unknown tree method '{method}': {', '.join(TREE_METHODS)}.")
    if len(visual.ids) < FEWEST_TAXA:
        raise InputError(f"a tree needs at least three taxa; got {len(visual.ids)}.")
    tree = _built(visual, method, 0)
    tree = ordered(tree) if method == "upgma" else midpoint_rooted(tree)
    counts: Counter[bytes] = Counter()
    number = 0
    for matrix in replicates or ():
        differ = sorted(set(matrix.ids) ^ set(visual.ids))
        if differ:
            raise InputError("a replicate has other taxa than the matrix.", ids=differ)
        number += 1
        member = clades(_built(matrix, method, number))
        counts.update(_keys(member if method == "upgma" else unrooted(member)))
    if number:
        _label(tree, counts, number, rooted=method == "upgma")
    return tree


def row_order(names: Iterable[str], number: int = 0) -> list[str]:
    """Order names in a way that knows nothing of their spelling, another one for every number.

    Where distances are equal the first are joined first, and minimum evolution adds taxa one after
    the other. Names sorted stand in the order of their genera: of equal distances both methods
    would make a tree that follows the taxonomy, and all replicates would support it.
    """

    def key(name: str) -> bytes:
        return sha256(f"{number} {name}".encode()).digest()

    return sorted(names, key=key)


def _built(distances: DistanceMatrix, method: str, number: int) -> TreeNode:
    """Build a tree that does not depend on the order of the rows; see :func:`row_order`."""
    distances = distances.filter(row_order(distances.ids, number))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # negative branches of a non-additive matrix
        if method == "nj":
            return nj(distances, neg_as_zero=True)
        if method == "bme":
            return bme(distances, neg_as_zero=True)
        return upgma(distances)


def _keys(member: np.ndarray) -> list[bytes]:
    """One key a row, the same in every tree on the same tips."""
    return [row.tobytes() for row in np.packbits(member, axis=1)]


def _label(tree: TreeNode, counts: Counter[bytes], number: int, *, rooted: bool) -> None:
    """Name inner nodes by the support of the branch above them."""
    tips = sorted(tip.name for tip in tree.tips())
    place_of = {name: place for place, name in enumerate(tips)}
    below: dict[int, np.ndarray] = {}
    for node in tree.postorder(include_self=False):
        if node.is_tip():
            below[id(node)] = np.arange(len(tips)) == place_of[node.name]
            continue
        side = np.logical_or.reduce([below.pop(id(child)) for child in node.children])
        below[id(node)] = side
        if rooted or 1 < side.sum() < len(tips) - 1:
            [key] = _keys((side if rooted else side ^ side[0])[None])
            node.name = str(int(100 * counts[key] / number + 0.5))
