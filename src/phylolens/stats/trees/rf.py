"""Robinson-Foulds distance: how many splits only one of two trees has."""

import numpy as np
from skbio import TreeNode

from phylolens.stats.trees.splits import Overlaps, same_tips, splits


def robinson_foulds(first: TreeNode, second: TreeNode, *, normalised: bool = True) -> float:
    """Robinson-Foulds distance of two unrooted trees (1981, Math. Biosci. 53:131).

    Parameters
    ----------
    first, second : TreeNode
        Trees on the same tips; roots are ignored, polytomies allowed.
    normalised : bool
        Divide the number of splits found in one tree only by the splits of both, without those
        of single tips: 0 for the same tree, 1 when no split is shared. Two trees without any
        split are the same.

    Raises
    ------
    InputError
        If the tips differ or are fewer than four.
    """
    same_tips(first, second)
    differ = float(first.compare_rfd(second, proportion=False, rooted=False))
    if not normalised:
        return differ
    return differ / max(len(splits(first)) + len(splits(second)), 1)


def split_differences(found: Overlaps) -> np.ndarray:
    """Normalised Robinson-Foulds distance from overlaps, for many trees at once, shape (...)."""
    same_side = (found.shared == found.first) & (found.shared == found.second)
    other_side = (found.shared == 0) & (found.first + found.second == found.n)
    same = same_side | other_side
    total = found.shared.shape[-2] + found.shared.shape[-1]
    return 1.0 - 2.0 * same.sum(axis=(-2, -1)) / total if total else np.zeros(same.shape[:-2])
