"""A tree from distances, and one order of its clades."""

import warnings

from skbio import DistanceMatrix, TreeNode
from skbio.tree import nj


def reference_tree(distances: DistanceMatrix) -> TreeNode:
    """Neighbour-joining tree, rooted at its midpoint, smaller clades first.

    Exact where the distances are a tree's (Saitou & Nei 1987, Mol. Biol. Evol. 4:406); of mean
    distances between taxa an approximation.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # negative branches of a non-additive matrix
        return midpoint_rooted(nj(distances, neg_as_zero=True))


def midpoint_rooted(tree: TreeNode) -> TreeNode:
    """Copy of an unrooted tree, rooted midway between its farthest tips, smaller clades first."""
    return ordered(tree.root_at_midpoint(reset=True, branch_attrs=[], root_name=None))


def ordered(tree: TreeNode) -> TreeNode:
    """Turn the clades of ``tree`` in place, smaller ones first, then by name; return it."""
    sizes: dict[int, int] = {}
    for node in tree.postorder(include_self=True):
        sizes[id(node)] = 1 if node.is_tip() else sum(sizes[id(child)] for child in node.children)
        node.children.sort(key=lambda child: (sizes[id(child)], first_tip(child)))
    return tree


def first_tip(node: TreeNode) -> str:
    """Name of the first tip below ``node``."""
    while not node.is_tip():
        node = node.children[0]
    return str(node.name)
