"""Trees as boolean matrices: the clades of a rooted tree, the splits of an unrooted one."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny.geometry import tip_rows

FEWEST_TIPS = 4  # with three, all unrooted trees are the same


def tip_names(tree: TreeNode) -> tuple[str, ...]:
    """Return the names of the tips, sorted: the columns of every matrix of a tree.

    Raises
    ------
    InputError
        If a tip has no name or two have the same.
    """
    found = Counter(tip.name for tip in tree.tips())
    if None in found:
        raise InputError("a tip of a tree has no name.")
    twice = sorted(name for name, count in found.items() if count > 1)
    if twice:
        raise InputError("two tips of a tree have the same name.", ids=twice)
    return tuple(sorted(found))


def same_tips(first: TreeNode, second: TreeNode) -> tuple[str, ...]:
    """Return the names of the tips both trees have, sorted.

    Raises
    ------
    InputError
        If the tips differ or are fewer than four.
    """
    tips, others = tip_names(first), tip_names(second)
    differ = sorted(set(tips) ^ set(others))
    if differ:
        raise InputError("the two trees have different tips.", ids=differ)
    if len(tips) < FEWEST_TIPS:
        raise InputError(
            f"trees of fewer than {FEWEST_TIPS} tips cannot differ; got {len(tips)}.", ids=tips
        )
    return tips


def clades(tree: TreeNode) -> np.ndarray:
    """Clades of a rooted tree: the tips below each inner node, the root among them.

    Returns
    -------
    array of bool, shape (m, n)
        Columns as :func:`tip_names`; rows in an order of their own that does not depend on the
        order of children. A node with one child makes no clade of its own.
    """
    place_of = {name: place for place, name in enumerate(tip_names(tree))}
    columns = np.array([place_of[tip.name] for tip in tree.tips()])
    rows = tip_rows(tree)
    nodes = (node for node in tree.traverse(include_self=True) if not node.is_tip())
    start, stop = np.array([rows[id(node)] for node in nodes]).T[:, :, None]
    member = np.empty((len(start), len(columns)), dtype=bool)
    member[:, columns] = (start <= np.arange(len(columns))) & (np.arange(len(columns)) < stop)
    return _distinct(member[member.sum(axis=1) > 1])


def splits(tree: TreeNode) -> np.ndarray:
    """Return the splits of a tree without its root: the sides of its inner branches.

    Returns
    -------
    array of bool, shape (m, n)
        m <= n - 3, less where there are polytomies. Columns as :func:`tip_names`. Each split is
        given by its side without the first tip; tips and the two halves of a root's branch make
        no splits of their own.
    """
    return unrooted(clades(tree))


def unrooted(member: np.ndarray) -> np.ndarray:
    """Turn clades, shape (m, n), into splits; see :func:`splits`."""
    sides = member ^ member[:, :1]
    size = sides.sum(axis=1)
    return _distinct(sides[(size > 1) & (size < sides.shape[1] - 1)])


def _distinct(member: np.ndarray) -> np.ndarray:
    """Each row once, sorted."""
    _, first = np.unique(np.packbits(member, axis=1), axis=0, return_index=True)
    return member[first]


@dataclass(frozen=True)
class Overlaps:
    """How many tips each split of a first tree shares with each of a second.

    Parameters
    ----------
    shared : array of int, shape (..., m1, m2)
        Tips on the marked sides of both. Which side of a split is marked does not matter.
    first : array of int, shape (..., m1, 1)
        Tips on the marked side of each split of the first tree.
    second : array of int, shape (m2,)
        The same for the second tree.
    n : int
        Tips.
    """

    shared: np.ndarray
    first: np.ndarray
    second: np.ndarray
    n: int


def overlaps(first: np.ndarray, second: np.ndarray) -> Overlaps:
    """Count the tips the splits of two trees share.

    Parameters
    ----------
    first : array of bool, shape (..., m1, n)
        Splits of one tree, or of several with the same number of splits.
    second : array of bool, shape (m2, n)
        Splits of another, columns in the same order.
    """
    # Counts up to 2^24 are exact in single precision, and its products are the fast ones.
    shared = (first.astype(np.float32) @ second.T.astype(np.float32)).astype(np.int32)
    return Overlaps(
        shared=shared,
        first=first.sum(axis=-1, dtype=np.int32)[..., None],
        second=second.sum(axis=-1, dtype=np.int32),
        n=second.shape[1],
    )


def best_matching(scores: np.ndarray) -> np.ndarray:
    """Largest sum of scores when each split is matched with at most one of the other tree.

    Parameters
    ----------
    scores : array of float, shape (..., m1, m2)
        Score of each pair, not negative; splits left over where m1 and m2 differ score nothing.

    Returns
    -------
    array of float, shape (...)
    """
    if scores.size == 0:
        return np.zeros(scores.shape[:-2])
    tables = scores.reshape(-1, *scores.shape[-2:])
    sums = [table[linear_sum_assignment(table, maximize=True)].sum() for table in tables]
    return np.array(sums, dtype=float).reshape(scores.shape[:-2])
