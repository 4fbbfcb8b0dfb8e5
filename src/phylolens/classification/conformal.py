"""How deep is it safe to answer? Split conformal prediction on nested ancestor sets.

A path leads from the root of the taxonomy down to the model's answer, with falling probability.
The answer is cut where the probability reaches a threshold, learnt on calibration specimens so
that the taxon left contains the truth for a share 1 - alpha of new specimens like them. Sets that
nest give valid coverage whatever the model (Vovk, Gammerman & Shafer 2005; Angelopoulos & Bates
2023, arXiv 2107.07511); poor models only stop earlier.
"""

from typing import Literal

import numpy as np

from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.errors import InputError

Walk = Literal["top-down", "argmax-leaf"]


def walk(
    tree: TaxonTree, probabilities: np.ndarray, leaves: np.ndarray, how: Walk = "top-down"
) -> np.ndarray:
    """Choose each row's path: from the root to the best child, or to the best leaf.

    Walking down serves coarse ranks better, as it is not led astray by one leaf of a wrong
    branch. Coverage holds for both.

    Returns
    -------
    array of int, shape (n, ranks)
        Node at every rank, -1 where the path has none.
    """
    if how == "argmax-leaf":
        return tree.path(np.asarray(leaves, dtype=int)[np.argmax(probabilities, axis=1)])
    return tree.top_down(tree.marginals(probabilities, leaves))


def along(marginals: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Probability of each node of a path, shape (n, ranks); 0 where the path has none."""
    found = np.take_along_axis(marginals, np.maximum(path, 0), axis=1)
    return np.where(path >= 0, found, 0.0)


def _require_fit(tree: TaxonTree, marginals: np.ndarray, path: np.ndarray) -> None:
    n = len(marginals)
    if marginals.shape != (n, len(tree)) or path.shape != (n, len(tree.ranks)):
        raise InputError(
            f"expected probabilities of {len(tree)} taxa and paths over {len(tree.ranks)} ranks; "
            f"got arrays of shapes {marginals.shape} and {path.shape}."
        )


def scores(
    tree: TaxonTree,
    marginals: np.ndarray,
    path: np.ndarray,
    true_nodes: np.ndarray,
    depth: np.ndarray | None = None,
) -> np.ndarray:
    """Give each row the threshold it needs: the probability of its path's first wrong node.

    That is the largest of any wrong node, and stays the right score if a probability below should
    exceed one above: a row is right just where the threshold is not below its score.

    Parameters
    ----------
    tree : TaxonTree
        Taxa the model knows.
    marginals : array, shape (n, m)
        Probability of every node.
    path : array of int, shape (n, ranks)
        From :func:`walk`.
    true_nodes : array of int, shape (n,)
        :meth:`TaxonTree.node_of` the labels: the finest true taxon in the tree, -1 for none. A
        node below it counts as wrong.
    depth : array of int, shape (n,), optional
        :meth:`TaxonTree.depth_of` the labels. What is finer than a row's own labels cannot be
        judged and counts neither way: a blank is not a taxon.

    Returns
    -------
    array of float, shape (n,)
        0 where the whole path is right.
    """
    _require_fit(tree, marginals, path)
    return needed(along(marginals, path), wrong_taxa(tree, path, true_nodes, depth))


def wrong_taxa(
    tree: TaxonTree, path: np.ndarray, true_nodes: np.ndarray, depth: np.ndarray | None = None
) -> np.ndarray:
    """Mark the taxa of each path that are known to be wrong, shape (n, ranks).

    Parameters
    ----------
    tree, path, true_nodes, depth
        As for :func:`scores`.
    """
    wrong = (path >= 0) & ~tree.contains(path, np.asarray(true_nodes)[:, None])
    if depth is not None:
        wrong &= np.arange(path.shape[1]) <= np.asarray(depth)[:, None]
    return wrong


def needed(on_path: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Give each row the threshold it needs: the largest value of a wrong taxon, 0 without one.

    Parameters
    ----------
    on_path : array, shape (n, ranks)
        Value of each taxon of the path, such as its probability.
    wrong : array of bool, shape (n, ranks)
        From :func:`wrong_taxa`.
    """
    return np.where(wrong, on_path, 0.0).max(axis=1)


def units_needed(alpha: float) -> int:
    """Fewest calibration units for a finite threshold: 9 for alpha 0.1, 19 for 0.05."""
    return int(np.ceil(1 / alpha - 1e-9)) - 1


def threshold(
    scores: np.ndarray,
    alpha: float,
    weights: np.ndarray | None = None,
    units: np.ndarray | None = None,
    *,
    lower: bool = False,
) -> float:
    """Choose the threshold that a share 1 - alpha of new units will not exceed.

    Without weights, the ceil((n + 1)(1 - alpha))-th smallest score. With weights, the smallest
    score at or below which lies a share 1 - alpha of the weight, where a new unit at infinity has
    the largest weight of any (Tibshirani et al. 2019, arXiv 1904.06019, with the unknown weight
    of the new unit bounded from above; for strata of known shares, Bhattacharyya & Barber 2024,
    arXiv 2401.17452).

    Parameters
    ----------
    scores : array, shape (n,)
        Of calibration rows.
    alpha : float
        Accepted share of wrong answers, between 0 and 1.
    weights : array, shape (n,), optional
        Of the rows, such as :func:`mix_weights`; by default every unit weighs the same, and its
        rows share that evenly (Lee, Barber & Willett 2023, arXiv 2306.06342).
    units : array, shape (n,), optional
        Specimen of each row, so that a specimen with many images counts once; by default every
        row is a unit.
    lower : bool
        Give the least value the threshold can have once the new unit is among the others, the one
        for a new unit below all. Whatever else is calibrated *given* the threshold is given this
        one, so that calibration rows are not treated better than new ones.

    Returns
    -------
    float
        Infinity when the units are too few, so that no node is safe.

    Raises
    ------
    InputError
        If alpha is not between 0 and 1, or a score is NaN.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1; got {alpha}.", where="--alpha")
    scores = np.asarray(scores, dtype=float)
    if np.isnan(scores).any():
        raise InputError("calibration scores contain NaN.")
    if not len(scores):
        return np.inf
    codes = np.arange(len(scores)) if units is None else np.unique(units, return_inverse=True)[1]
    each = 1 / np.bincount(codes)[codes] if weights is None else np.asarray(weights, dtype=float)
    largest = np.bincount(codes, each).max()
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(each[order])
    needed = (1 - alpha) * (below[-1] + largest) - (largest if lower else 0)
    if needed <= 0:
        return -np.inf
    place = int(np.searchsorted(below, needed - 1e-9 * largest))
    return float(scores[order][place]) if place < len(scores) else np.inf


def back_off(tree: TaxonTree, marginals: np.ndarray, path: np.ndarray, q: float) -> np.ndarray:
    """Cut each path at its lowest node with a probability above the threshold.

    Returns
    -------
    array of int, shape (n,)
        Accepted nodes; -1 where none of the ranks is safe.
    """
    _require_fit(tree, marginals, path)
    return cut_path(along(marginals, path), path, q)


def cut_path(on_path: np.ndarray, path: np.ndarray, q: float) -> np.ndarray:
    """Cut each path at its lowest node whose value, shape (n, ranks), is above the threshold."""
    return np.where(on_path > q, path, ROOT).max(axis=1)


def leaves_below(tree: TaxonTree, accepted: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """Mark the leaves under each accepted node, shape (n, n_leaves); all of them under the root."""
    accepted = np.asarray(accepted)
    place = (tree.path(accepted) == accepted[:, None]).argmax(axis=1)
    found = accepted[:, None] == tree.path(np.asarray(leaves))[:, place].T
    found[accepted == ROOT] = True
    return found


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
