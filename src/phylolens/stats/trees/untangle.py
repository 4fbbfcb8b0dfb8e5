"""Turn the clades of one tree so that its tips stand opposite those of another."""

from collections.abc import Sequence

import numpy as np
from skbio import TreeNode

from phylolens.stats.trees.splits import same_tips


def untangle(first: TreeNode, second: TreeNode) -> tuple[list[str], list[str], int]:
    """Order the tips of two trees for a tanglegram with few crossings.

    ``first`` keeps its order; the children of each node of ``second`` are turned. Whether the
    lines of two tips cross depends on the node where they part alone, so that each node is
    settled by itself: for binary trees the result has the fewest crossings there are. At
    polytomies children are sorted by the mean place of their tips (barycentre) and neighbours
    then swapped while that helps, which is not always the best of all orders.

    Parameters
    ----------
    first, second : TreeNode
        Trees on the same tips; neither is changed.

    Returns
    -------
    order_first, order_second : list of str
        Tip names from top to bottom.
    crossings : int
        Pairs of lines that cross.

    Raises
    ------
    InputError
        If the tips differ or are fewer than four.
    """
    same_tips(first, second)
    order_first = [str(tip.name) for tip in first.tips()]
    place_of = {name: place for place, name in enumerate(order_first)}
    placed: dict[int, np.ndarray] = {}  # places of the tips below, from top to bottom
    for node in second.postorder(include_self=True):
        if node.is_tip():
            placed[id(node)] = np.array([place_of[node.name]])
        else:
            below = [placed.pop(id(child)) for child in node.children]
            placed[id(node)] = np.concatenate(_turned(below))
    order_second = [order_first[place] for place in placed[id(second)]]
    return order_first, order_second, crossings(order_first, order_second)


def crossings(first: Sequence[str], second: Sequence[str]) -> int:
    """Count the pairs of names that stand in opposite order in two lists, in O(n log^2 n)."""
    place_of = {name: place for place, name in enumerate(first)}
    places = np.array([place_of[name] for name in second])
    count, width = 0, 1
    while width < len(places):
        for start in range(0, len(places), 2 * width):
            upper, lower = places[start : start + width], places[start + width : start + 2 * width]
            count += _crossed(upper, lower)
            places[start : start + 2 * width] = np.sort(places[start : start + 2 * width])
        width *= 2
    return count


def _turned(children: list[np.ndarray]) -> list[np.ndarray]:
    """Order the children of one node, each given by the places of its tips."""
    turned = sorted(children, key=lambda places: (float(places.mean()), int(places.min())))
    inside = [np.sort(places) for places in turned]
    better = True
    while better:
        better = False
        for at in range(len(turned) - 1):
            upper, lower = inside[at : at + 2]
            if _crossed(lower, upper) < _crossed(upper, lower):
                inside[at : at + 2] = lower, upper
                turned[at : at + 2] = turned[at + 1], turned[at]
                better = True
    return turned


def _crossed(upper: np.ndarray, lower: np.ndarray) -> int:
    """Count the crossings when all of ``upper`` stand above all of ``lower``, both sorted."""
    return len(upper) * len(lower) - int(np.searchsorted(upper, lower).sum())
