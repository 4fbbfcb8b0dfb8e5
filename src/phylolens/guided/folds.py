"""Folds of whole clades, for choosing and calibrating within the training taxa."""

import numpy as np

INNER_FOLDS = 5
FEWEST = 2  # training taxa of an inner fold: one alone has no distance to learn from


def clade_folds(groups: np.ndarray, folds: int) -> list[np.ndarray]:
    """Deal whole clades to folds of about equal numbers of taxa, largest clades first."""
    clades, sizes = np.unique(groups, return_counts=True)
    loads = np.zeros(min(folds, len(clades)))
    fold_of = {}
    for place in np.lexsort((clades, -sizes)):
        lightest = int(np.argmin(loads))
        fold_of[clades[place]] = lightest
        loads[lightest] += sizes[place]
    codes = np.array([fold_of[group] for group in groups])
    return [np.flatnonzero(codes == fold) for fold in range(len(loads))]


def folds_of(groups: np.ndarray, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places left out of and kept in each fold; folds that keep a single taxon are dropped."""
    places = np.arange(len(groups))
    pairs = [(out, np.setdiff1d(places, out)) for out in clade_folds(groups, folds)]
    return [(out, kept) for out, kept in pairs if len(kept) >= FEWEST]
