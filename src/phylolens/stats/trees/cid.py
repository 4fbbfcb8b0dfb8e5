"""Clustering information distance: how little one tree's splits say about the other's."""

import numpy as np
from skbio import TreeNode

from phylolens.stats.trees.splits import Overlaps, best_matching, overlaps, same_tips, splits


def clustering_information_distance(first: TreeNode, second: TreeNode) -> float:
    """Clustering information distance of two unrooted trees (Smith 2020, Bioinformatics 36:5007).

    A split sorts the tips into two groups; two splits share the mutual information of their
    groupings. Splits are matched one to one so that the sum M of mutual information is largest.
    With H the sum of a tree's entropies of splits, the distance is 1 - 2 M / (H1 + H2): 0 for the
    same tree, 1 where no split of one says anything about any of the other. Splits that almost
    agree almost count, unlike in Robinson-Foulds.

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
    return float(information_differences(overlaps(splits(first), splits(second))))


def mutual_information(found: Overlaps) -> np.ndarray:
    """Mutual information of each pair of splits, in bits, shape (..., m1, m2)."""
    table = _n_log_n(found.n)
    a, b, both, n = found.first, found.second, found.shared, found.n
    cells = table[both] + table[a - both] + table[b - both] + table[n - a - b + both]
    return (cells + table[n] - table[a] - table[n - a] - table[b] - table[n - b]) / n


def information_differences(found: Overlaps) -> np.ndarray:
    """Clustering information distance from overlaps, for many trees at once, shape (...)."""
    total = _entropies(found.first[..., 0], found.n) + _entropies(found.second, found.n)
    shared = best_matching(mutual_information(found))
    apart = np.clip(1.0 - 2.0 * shared / np.where(total > 0, total, 1.0), 0.0, 1.0)
    return np.where(total > 0, apart, 0.0)


def _entropies(sizes: np.ndarray, n: int) -> np.ndarray:
    """Sum of the entropies of splits, in bits, over the last axis."""
    table = _n_log_n(n)
    return ((table[n] - table[sizes] - table[n - sizes]) / n).sum(axis=-1)


def _n_log_n(n: int) -> np.ndarray:
    """Return k log2 k for k = 0 to n; 0 for none."""
    count = np.arange(n + 1, dtype=float)
    return count * np.log2(np.maximum(count, 1.0))
