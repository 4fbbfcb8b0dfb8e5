"""Inner folds: stratified by class, never through a specimen, whatever the class sizes."""

import numpy as np


def fold_of_rows(
    labels: np.ndarray, groups: np.ndarray | None, n_folds: int, rng: np.random.Generator
) -> np.ndarray:
    """Deal the groups of every class out to the folds in turn.

    The turn goes on from class to class, so folds are of equal size even when every class has
    fewer groups than there are folds. A group of several classes counts for its first.

    Parameters
    ----------
    labels : array of str, shape (n,)
    groups : array, shape (n,), optional
        Rows of one group stay together; without groups every row is its own.
    n_folds : int
    rng : Generator
        Order in which groups are dealt.

    Returns
    -------
    array of int, shape (n,)
        Fold each row is tested in, 0 to ``n_folds - 1``.
    """
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    _, first, unit_of_row = np.unique(units, return_index=True, return_inverse=True)
    classes = np.unique(labels, return_inverse=True)[1][first]
    order = rng.permutation(len(first))
    order = order[np.argsort(classes[order], kind="stable")]
    fold_of_unit = np.empty(len(first), dtype=np.intp)
    fold_of_unit[order] = np.arange(len(first)) % n_folds
    return fold_of_unit[unit_of_row]


def stratified_sample(
    labels: np.ndarray, groups: np.ndarray | None, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Row numbers of about ``size`` rows, whole groups, each class by its share and at least one.

    All rows when there are no more than ``size``.
    """
    if len(labels) <= size:
        return np.arange(len(labels))
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    _, first, unit_of_row = np.unique(units, return_index=True, return_inverse=True)
    classes = np.unique(labels, return_inverse=True)[1][first]
    share = size / len(labels)
    kept = np.zeros(len(first), dtype=bool)
    for code in range(classes.max() + 1):
        members = rng.permutation(np.flatnonzero(classes == code))
        kept[members[: int(np.ceil(share * len(members)))]] = True
    return np.flatnonzero(kept[unit_of_row])
