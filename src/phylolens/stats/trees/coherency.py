"""Tree coherency index: how large the pure clades of a tree are, and how much they hold."""

import numpy as np
import pandas as pd
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.stats.trees.splits import clades, tip_names


def coherency_index(tree: TreeNode, labels: pd.Series) -> float:
    """Tree coherency index of Kiel (2021, bioRxiv 2021.04.08.438943), as its R code computes it.

    A clade of two tips or more is pure when its tips bear one label (the taxon of the next coarser
    rank); only pure clades that lie in no larger pure clade count. With s the sum of their tips, k
    their number and n all tips, the index is (s / k) * (s / n): the mean size of pure clades times
    the share of tips in them. Higher is better; 0 without any; n / k where each of k labels is one
    clade. It depends on the root and on the number and sizes of labels: read it beside its value
    on the same tree with tips permuted.

    Parameters
    ----------
    tree : TreeNode
        A rooted tree.
    labels : Series
        A label for each tip name; a tip without one (NaN) is pure with nothing.

    Raises
    ------
    InputError
        If a tip is missing from ``labels``.
    """
    codes = label_codes(labels, tip_names(tree))
    member = clades(tree)
    return float(coherency(member, parents(member), codes[None])[0])


def label_codes(labels: pd.Series, tips: tuple[str, ...]) -> np.ndarray:
    """Return a number for each tip, the same for tips of one label only; shape (n,).

    Raises
    ------
    InputError
        If a tip is missing from ``labels``.
    """
    missing = sorted(set(tips) - set(labels.index))
    if missing:
        raise InputError("tips without an entry among the clade labels.", ids=missing)
    codes = pd.factorize(labels[list(tips)])[0].astype(float)
    unknown = codes < 0
    codes[unknown] = len(tips) + np.arange(unknown.sum())
    return codes


def parents(member: np.ndarray) -> np.ndarray:
    """Row of the smallest clade that holds each clade, shape (m,); m for the root."""
    size = member.sum(axis=1)
    marked = member.astype(np.float32)
    within = ((marked @ marked.T) == size[:, None]) & (size > size[:, None])
    sizes = np.where(within, size, member.shape[1] + 1)
    return np.where(within.any(axis=1), sizes.argmin(axis=1), len(member))


def coherency(member: np.ndarray, parent: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Tree coherency index of one tree under several labellings.

    Parameters
    ----------
    member : array of bool, shape (m, n)
        Clades of the tree, its root among them.
    parent : array of int, shape (m,)
        See :func:`parents`.
    codes : array of float, shape (k, n)
        Labels as whole numbers.

    Returns
    -------
    array of float, shape (k,)
    """
    size = member.sum(axis=1)
    marked = member.T.astype(float)
    # Labels of a clade are all the same where they have no variance; sums of whole numbers.
    pure = size * (codes**2 @ marked) == (codes @ marked) ** 2
    beyond = np.column_stack([pure, np.zeros(len(codes), dtype=bool)])
    largest = pure & ~beyond[:, parent]
    held, number = (largest * size).sum(axis=1), largest.sum(axis=1)
    return held**2 / (np.maximum(number, 1) * member.shape[1])
