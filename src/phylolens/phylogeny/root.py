"""Whether a tree has a root, a root for those that have none, and one order of its clades.

Programs that infer unrooted trees (IQ-TREE, RAxML, MrBayes) write them from some inner branch, so
that the node on top of the file is no root: K, lambda and Brownian motion would depend on where
the tree was cut. A dated tree has a root even if that is a polytomy.
"""

import warnings

import numpy as np
from skbio import DistanceMatrix, TreeNode
from skbio.tree import nj

ROOTED = "rooted"  # attribute of a tree read from a file: what [&R] or [&U] said; None: nothing
SAME_HEIGHT = 1e-3  # of the height: written ages are rounded
GIVEN, MIDPOINT = "given", "midpoint"


def is_rooted(tree: TreeNode) -> bool:
    """Whether the node on top of a tree is a root.

    What the file says counts (``[&R]``, ``[&U]``). Else a tree with two branches at the top is
    rooted, and one with three or more if all its tips are equally far from the top, as in a dated
    tree.
    """
    told = getattr(tree, ROOTED, None)
    if told is not None:
        return bool(told)
    top = tree
    while len(top.children) == 1:
        top = top.children[0]
    return len(top.children) < 3 or _is_dated(top)


def _is_dated(top: TreeNode) -> bool:
    depths = {id(top): 0.0}
    heights = []
    for node in top.preorder(include_self=False):
        depths[id(node)] = depths[id(node.parent)] + (node.length or 0.0)
        if node.is_tip():
            heights.append(depths[id(node)])
    return bool(np.ptp(heights) <= SAME_HEIGHT * max(heights))


def rooted_at_midpoint(tree: TreeNode) -> TreeNode:
    """Copy of an unrooted tree, rooted midway between its farthest tips.

    The copy does not depend on where the tree was cut when it was written: it is turned to one
    form, seen from its first tip by name, before it is rooted.
    """
    copy = tree.copy()
    while len(copy.children) == 1:
        copy = copy.children[0]
        copy.parent = None
    if len(copy.children) == 2:
        copy = _without_top(copy)
    first = min(copy.tips(), key=lambda tip: str(tip.name))
    if first.parent is not copy:
        copy = copy.root_at(first.parent, reset=True, branch_attrs=[], root_name=None)
    return midpoint_rooted(ordered(copy))


def _without_top(tree: TreeNode) -> TreeNode:
    """Join the two branches at the top of a tree into one."""
    one, other = tree.children
    inner, outer = (one, other) if not one.is_tip() else (other, one)
    if inner.is_tip():
        return tree  # two tips alone
    length = (one.length or 0.0) + (other.length or 0.0)
    tree.remove(inner)
    tree.remove(outer)
    inner.length = None
    outer.length = length
    inner.append(outer)
    return inner


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
