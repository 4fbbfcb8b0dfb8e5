"""Placement by predicted distances: the point at which they are least wrong.

Weighted least squares a branch, as APPLES does (Balaban, Sarmashghi & Mirarab 2020, Syst. Biol.
69:566), with weights of Fitch and Margoliash (1967, Science 155:279), at points of each branch.
"""

import numpy as np

from phylolens.placement.points import Points

LEAST = 0.02  # of the height: no distance weighs more than this one does


def log_fit(predicted: np.ndarray, points: Points) -> np.ndarray:
    """Log-likelihood of predicted distances at points, their variance being profiled out.

    Linear in the taxa: sums of weights over the taxa beyond a branch are carried down the tree.

    Parameters
    ----------
    predicted : array, shape (Q, T)
        Distances of unknowns to the taxa, unit of the tree.
    points : Points

    Returns
    -------
    array of float64, shape (Q, P)
        -T/2 times the logarithm of the weighted mean squared error.
    """
    tree = points.branches
    weights = 1 / np.maximum(predicted, LEAST * tree.height) ** 2
    rest = predicted - tree.tip_heights
    ends = points.heights + points.pendants
    errors = (weights * rest**2).sum(axis=1)[:, None] + 0 * ends
    errors -= 2 * np.outer((weights * rest).sum(axis=1), ends)
    errors += np.outer(weights.sum(axis=1), ends**2)
    errors += 4 * _shared(weights * rest, points, 1)
    errors -= 4 * _shared(weights, points, 1) * ends
    errors += 4 * _shared(weights, points, 2)
    means = np.maximum(errors / weights.sum(axis=1)[:, None], 1e-12 * tree.height**2)
    found: np.ndarray = -0.5 * len(tree.taxa) * np.log(means)
    return found


def _shared(values: np.ndarray, points: Points, power: int) -> np.ndarray:
    """Sum values of taxa times the height, to a power, of the ancestor they share with each point.

    Parameters
    ----------
    values : array, shape (Q, T)
    points : Points
    power : int

    Returns
    -------
    array, shape (Q, P)
    """
    tree = points.branches
    before = np.concatenate([np.zeros((1, len(values))), np.cumsum(values.T, axis=0)])
    below = before[tree.spans[:, 1]] - before[tree.spans[:, 0]]
    beyond = np.zeros_like(below)
    heights = (tree.heights**power)[:, None]
    for nodes in tree.levels:
        above = tree.parents[nodes]
        beyond[nodes] = beyond[above] + heights[above] * (below[above] - below[nodes])
    own = (points.heights**power)[:, None]
    found: np.ndarray = (beyond[points.branch] + own * below[points.branch]).T
    return found
