"""Which finest taxa may be meant? Conformal sets that lie within the accepted taxon.

A set calibrated by itself (Sadinle, Lei & Wasserman 2019) can hold taxa outside the accepted one,
or name a single species where nothing was accepted. Here the accepted taxon comes first, and the
set is calibrated given it: a specimen whose accepted taxon is wrong counts as missed, so the sets
cover as often as they say in spite of being cut.
"""

import numpy as np

from phylolens.classification.conformal import leaves_below
from phylolens.classification.lineage import ROOT, TaxonTree

ROUNDING = 1e-12


def set_scores(
    tree: TaxonTree, marginals: np.ndarray, accepted: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Score calibration rows: one minus the probability of the true tip.

    Parameters
    ----------
    tree : TaxonTree
        Taxa the model knows.
    marginals : array, shape (n, m)
        Probability of every taxon.
    accepted : array of int, shape (n,)
        Accepted node of each row, -1 where there is none.
    truth : array of int, shape (n,)
        The true tip of each row.

    Returns
    -------
    array of float, shape (n,)
        Infinite where the accepted taxon is wrong, 0 where nothing was accepted: such a row's set
        holds all tips.
    """
    found = 1 - marginals[np.arange(len(truth)), truth]
    found = np.where(tree.contains(accepted, truth), found, np.inf)
    return np.where(np.asarray(accepted) == ROOT, 0.0, found)


def finest_sets(
    tree: TaxonTree, marginals: np.ndarray, path: np.ndarray, accepted: np.ndarray, q: float
) -> np.ndarray:
    """Mark each row's set among the tips of the tree, shape (n, tips).

    Tips within the accepted taxon whose probability is at least 1 - q, for ``q`` the threshold of
    :func:`set_scores`, and always the answer's own. Where nothing was accepted the set holds every
    tip: it is then not known which is meant, nor that none is.

    Parameters
    ----------
    tree, marginals, accepted
        As for :func:`set_scores`.
    path : array of int, shape (n, ranks)
        The answer at every rank.
    q : float
        Threshold; at infinity sets hold everything within the accepted taxon.
    """
    tips = tree.tips
    likely = marginals[:, tips] >= 1 - q - ROUNDING
    answer = leaves_below(tree, path.max(axis=1), tips)  # finer taxa have the larger numbers
    chosen = leaves_below(tree, accepted, tips) & (likely | answer)
    chosen[np.asarray(accepted) == ROOT] = True
    return chosen
