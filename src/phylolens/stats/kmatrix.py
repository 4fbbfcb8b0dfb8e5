"""K_A and K_G: signal in a few directions, which K_mult averages away.

Mitteroecker, Collyer & Adams (2025) Syst. Biol. 74:215. The matrix K sets the cross-products of
the features about the root's value, taken as if taxa were independent, against those taken along
the tree, direction by direction; its eigenvalues are the values of Blomberg's K along the
combinations of features with most to least signal. K_A is their arithmetic, K_G their geometric
mean. K_mult (Adams 2014) weights directions by their variance instead.
"""

import numpy as np
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny.geometry import principal_coordinates
from phylolens.stats.kmult import PreparedTree

AT_ONCE = 4_000_000  # numbers of permuted coordinates held in memory together


def k_matrices(
    tree: PreparedTree, points: np.ndarray, tried: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-products about the root's value, and along the tree, for every order of the taxa.

    Parameters
    ----------
    tree : PreparedTree
        n taxa.
    points : array, shape (n, k)
        Coordinates, k < n - 1 of full rank: with as many axes as taxa allow every order gives the
        same.
    tried : int array, shape (m, n)
        Orders of the points.

    Returns
    -------
    independent, along : array, shape (m, k, k)
        The second in the unit that Brownian motion makes equal to the first on average.
    """
    n = len(points)
    total = tree.precision.sum()
    weights = tree.precision.sum(axis=1) / total
    contrasts = tree.precision - total * np.outer(weights, weights)
    expected = (tree.variances.sum() - n / total) / (n - 1)
    independent = np.empty((len(tried), points.shape[1], points.shape[1]))
    along = np.empty_like(independent)
    step = max(1, AT_ONCE // points.size)
    for start in range(0, len(tried), step):
        part = points[tried[start : start + step]]
        about = part - (weights @ part)[:, None, :]
        stop = start + len(part)
        independent[start:stop] = about.swapaxes(1, 2) @ about
        along[start:stop] = expected * (part.swapaxes(1, 2) @ (contrasts @ part))
    return independent, along


def k_means(
    tree: PreparedTree, points: np.ndarray, tried: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """K_A and K_G for every order; arguments as for :func:`k_matrices`.

    Returns
    -------
    arithmetic, geometric : array, shape (m,)
    """
    independent, along = k_matrices(tree, points, tried)
    ratios = np.linalg.solve(along, independent)
    arithmetic = np.trace(ratios, axis1=1, axis2=2) / points.shape[1]
    logs = np.linalg.slogdet(independent)[1] - np.linalg.slogdet(along)[1]
    return arithmetic, np.exp(logs / points.shape[1])


def k_eigenvalues(tree: PreparedTree, points: np.ndarray) -> np.ndarray:
    """Eigenvalues of the matrix K, largest first, shape (k,)."""
    independent, along = k_matrices(tree, points, np.arange(len(points))[None])
    values = np.linalg.eigvals(np.linalg.solve(along[0], independent[0]))
    return np.sort(values.real)[::-1]


def k_points(visual: DistanceMatrix, axes: int) -> np.ndarray:
    """Principal coordinates on which the matrix K is taken, shape (n, k).

    Raises
    ------
    InputError
        If fewer than four taxa leave no axis to choose.
    """
    kept = k_axes(len(visual.ids), axes)
    return principal_coordinates(visual, dimensions=kept).to_numpy()


def k_axes(n: int, axes: int) -> int:
    """Limit axes to n - 3, so that orders of the taxa differ; raises InputError below four taxa."""
    if n < 4:
        raise InputError(f"the matrix K needs at least four taxa; got {n}.")
    return max(1, min(axes, n - 3))
