"""Align score: how far the best-matching splits of two trees are from each other."""

import numpy as np
from skbio import TreeNode

from phylolens.stats.trees.splits import Overlaps, best_matching, overlaps, same_tips, splits


def align_distance(first: TreeNode, second: TreeNode) -> float:
    """Align score of two unrooted trees as a distance (Nye, Lio & Gilks 2006, Bioinf. 22:117).

    Two splits A|B and C|D score the larger of min(J(A, C), J(B, D)) and min(J(A, D), J(B, C)),
    with the Jaccard index J = shared / all tips of two sides: 1 for the same split. Splits are
    matched one to one so that the sum S of scores is largest. The distance is
    1 - 2 S / (m1 + m2), with m1 and m2 the numbers of splits: 0 for the same tree, lower is more
    alike. Between binary trees that is the mean of 1 - score over the n - 3 matched branches.

    Parameters
    ----------
    first, second : TreeNode
        Trees on the same tips; roots are ignored, polytomies allowed. Two trees without any
        split are the same.

    Raises
    ------
    InputError
        If the tips differ or are fewer than four.
    """
    same_tips(first, second)
    return float(align_differences(overlaps(splits(first), splits(second))))


def split_similarity(found: Overlaps) -> np.ndarray:
    """Score of each pair of splits, shape (..., m1, m2); see :func:`align_distance`."""
    a, b, both, n = found.first, found.second, found.shared, found.n
    only_a, only_b, neither = a - both, b - both, n - a - b + both
    straight = np.minimum(both / (n - neither), neither / (n - both))
    crossed = np.minimum(only_a / (n - only_b), only_b / (n - only_a))
    return np.maximum(straight, crossed)


def align_differences(found: Overlaps) -> np.ndarray:
    """Align distance from overlaps, for many trees at once, shape (...)."""
    total = found.shared.shape[-2] + found.shared.shape[-1]
    if not total:
        return np.zeros(found.shared.shape[:-2])
    return np.clip(1.0 - 2.0 * best_matching(split_similarity(found)) / total, 0.0, 1.0)
