"""Trees as figures need them: read from the results, and laid out as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from skbio import TreeNode

from phylolens.phylogeny.names import normalise
from phylolens.report.results import Results

SUPPORTED = 50.0  # per cent of the replicates


def read_tree(results: Results, name: str, taxa: Sequence[str]) -> TreeNode | None:
    """Read a tree of the signal stage; None unless its tips are ``taxa``, then named like them."""
    tree = results.tree(name)
    if tree is None:
        return None
    known = {normalise(taxon): taxon for taxon in taxa}
    found = []
    for tip in tree.tips():
        tip.name = known.get(normalise(tip.name))
        found.append(tip.name or "")
    return tree if sorted(found) == sorted(taxa) else None


@dataclass(frozen=True)
class Branches:
    """A tree drawn with its root at the left.

    Parameters
    ----------
    across : array, shape (m, 2, 2)
        Horizontal lines, one a branch: start and end as (depth, height).
    upright : array, shape (k, 2, 2)
        Vertical lines, one an inner node.
    supported : array, shape (s, 2)
        Inner nodes with a support of at least half of the replicates.
    n_inner : int
        Inner nodes that carry a support.
    depth : float
        Largest depth of a tip, unit of the branch lengths.
    tips, height : mapping of str to float
        Depth and height of each tip.
    """

    across: np.ndarray
    upright: np.ndarray
    supported: np.ndarray
    n_inner: int
    depth: float
    tips: Mapping[str, float]
    height: Mapping[str, float]


def lay_out(tree: TreeNode, order: Sequence[str]) -> Branches:
    """Place every node: depth is the path from the root, height the place of a tip in ``order``.

    An inner node stands in the middle of its children. Trees without lengths are drawn with
    branches of length one.
    """
    place = {taxon: float(row) for row, taxon in enumerate(order)}
    bare = not any(node.length for node in tree.preorder(include_self=False))
    depth: dict[int, float] = {id(tree): 0.0}
    height: dict[int, float] = {}
    for node in tree.preorder(include_self=False):
        depth[id(node)] = depth[id(node.parent)] + (1.0 if bare else node.length or 0.0)
    for node in tree.postorder():
        below = [height[id(child)] for child in node.children]
        height[id(node)] = (min(below) + max(below)) / 2 if below else place[node.name]
    inner = [node for node in tree.preorder() if node.children]
    support = {id(node): support_of(node) for node in inner if node.parent is not None}
    known = {key: value for key, value in support.items() if value is not None}
    return Branches(
        across=np.array(
            [
                ((depth[id(node.parent)], height[id(node)]), (depth[id(node)], height[id(node)]))
                for node in tree.preorder(include_self=False)
            ]
        ),
        upright=np.array(
            [
                [
                    (depth[id(node)], end([height[id(child)] for child in node.children]))
                    for end in (min, max)
                ]
                for node in inner
            ]
        ),
        supported=np.array(
            [(depth[key], height[key]) for key, value in known.items() if value >= SUPPORTED]
        ).reshape(-1, 2),
        n_inner=len(known),
        depth=max(depth[id(tip)] for tip in tree.tips()),
        tips={str(tip.name): depth[id(tip)] for tip in tree.tips()},
        height=place,
    )


def support_of(node: TreeNode) -> float | None:
    """Support of a branch, per cent: the label of the node below it; None without a number."""
    try:
        value = float(node.name or "")
    except ValueError:
        return None
    return value if np.isfinite(value) else None
