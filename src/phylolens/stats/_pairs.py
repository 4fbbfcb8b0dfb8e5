"""Correlation over the pairs of two square arrays, tested by permuting the taxa of the first."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import squareform

from phylolens.errors import InputError
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats.correlation import CONSTANT, ranks
from phylolens.values import TestResult

METHODS = ("pearson", "spearman")


def require_method(method: str) -> None:
    """Raise :class:`InputError` for anything but ``pearson`` or ``spearman``."""
    if method not in METHODS:
        raise InputError(f"unknown correlation '{method}': pearson or spearman.")


def standard_pairs(matrix: np.ndarray, method: str, among: np.ndarray | None = None) -> np.ndarray:
    """Centre and scale the pairs so that the product of two matrices is their correlation.

    Parameters
    ----------
    matrix : array, shape (n, n)
        Symmetric; the diagonal is not looked at.
    method : {'pearson', 'spearman'}
        ``spearman`` replaces the values by their ranks.
    among : bool array, shape (n, n), optional
        Symmetric; the other pairs are left out, that is, zero.

    Returns
    -------
    array of float, shape (n, n)
        Symmetric; over the pairs i < j its sum is zero and its sum of squares one.

    Raises
    ------
    InputError
        If all values are equal.
    """
    whole = squareform(matrix, checks=False)
    taken = slice(None) if among is None else squareform(among, checks=False)
    pairs = ranks(whole[taken]) if method == "spearman" else whole[taken]
    size = np.linalg.norm(pairs)
    pairs = pairs - pairs.mean()
    norm = np.linalg.norm(pairs)
    if norm <= CONSTANT * size:
        raise InputError("all distances of a matrix are equal: nothing can be correlated.")
    standard = np.zeros(len(whole))
    standard[taken] = pairs / norm
    return squareform(standard, checks=False)


def pair_test(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    *,
    method: str = "pearson",
    permutations: int = 999,
    alternative: str = "greater",
    seed: int = 0,
    blocks: np.ndarray | None = None,
    among: np.ndarray | None = None,
) -> TestResult:
    """Correlate the pairs of two symmetric arrays of the same taxa; permute the taxa of ``x``.

    Parameters
    ----------
    name : str
        Name of the test.
    x, y : array, shape (n, n)
        Symmetric, the same taxa in the same order.
    method : {'pearson', 'spearman'}
    permutations, alternative, seed, blocks
        See :func:`phylolens.stats._permutation.permutation_test`.
    among : bool array, shape (n, n), optional
        The pairs to correlate; no permutation may carry one of them out of this set.

    Returns
    -------
    TestResult
    """
    require_method(method)
    require_permutations(permutations)
    n = len(x)
    left, right = (standard_pairs(side, method, among) for side in (x, y))
    tried, exact = orders(n, permutations, seed, blocks)
    # The identity is the first row, so that the observed value is reached in the same way.
    values = permuted_products(left, [right], np.vstack([np.arange(n), tried]))[:, 0]
    return result_of(
        name, float(values[0]), values[1:], exact, n, alternative=alternative, seed=seed
    )


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
