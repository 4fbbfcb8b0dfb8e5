"""The one hot loop of all tests on pairs: products of a permuted matrix with fixed ones."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import squareform


def permuted_products(x: np.ndarray, ys: Sequence[np.ndarray], orders: np.ndarray) -> np.ndarray:
    """Sum ``x[order[i], order[j]] * y[i, j]`` over the pairs i < j, for every order and every y.

    Parameters
    ----------
    x : array, shape (n, n)
        Symmetric; its taxa are permuted. The diagonal is not looked at.
    ys : sequence of array, each of shape (n, n)
        Symmetric; they stay as they are.
    orders : int array, shape (m, n)
        One order of the taxa a row.

    Returns
    -------
    array of float, shape (m, len(ys))
    """
    x = np.ascontiguousarray(x, dtype=np.float64)
    orders = np.ascontiguousarray(orders, dtype=np.intp)
    size = float(np.linalg.norm(squareform(x, checks=False)))
    found = np.zeros((len(orders), len(ys)))
    for place, y in enumerate(ys):
        pairs = squareform(np.asarray(y, dtype=np.float64), checks=False)
        scale = float(np.linalg.norm(pairs))
        if size > 0 and scale > 0:
            found[:, place] = scale * size * _products(x, pairs / scale, size, orders)
    return found


def _products(x: np.ndarray, pairs: np.ndarray, size: float, orders: np.ndarray) -> np.ndarray:
    """Products of unit vectors of pairs.

    scikit-bio's own loop for its Mantel test does this eighteen times faster than array indexing;
    it is not part of its public interface, hence the second way, should it move.
    """
    products = np.empty(len(orders))
    try:
        from skbio.stats.distance._cutils import mantel_perm_pearsonr_cy as fast
    except ImportError:  # pragma: no cover - depends on the version of scikit-bio
        return slow_products(x / size, pairs, orders)
    fast(x, orders, 0.0, float(size), pairs, products)
    return products


def slow_products(x: np.ndarray, pairs: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Do the same by array indexing, order by order."""
    upper = np.triu_indices(len(x), k=1)
    return np.array([pairs @ x[np.ix_(order, order)][upper] for order in orders])
