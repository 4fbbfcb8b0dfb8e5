"""Numbers from a phylogeny: similarity, covariance under Brownian motion, coordinates."""

import warnings

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError


def similarity(distances: DistanceMatrix, *, divisor: float | None = None) -> np.ndarray:
    """Map distances linearly to similarities, ``1 - 2 d / divisor``.

    Parameters
    ----------
    distances : DistanceMatrix
        n taxa, any unit.
    divisor : float, optional
        The distance that becomes -1; the largest one by default.

    Returns
    -------
    array of float, shape (n, n)
        In [-1, 1] when ``divisor`` is at least the largest distance; 1 on the diagonal.

    Raises
    ------
    InputError
        If all distances are equal: there is nothing to learn or correlate.
    """
    condensed = distances.condensed_form()
    if np.ptp(condensed) <= 1e-12 * condensed.max():
        raise InputError(
            f"all genetic distances are equal ({condensed.max():g}).",
            hint="Give a phylogeny with more than one distance.",
        )
    return 1.0 - 2.0 * distances.data / (divisor or float(condensed.max()))


def covariance(tree: TreeNode) -> pd.DataFrame:
    """Covariance of a trait under Brownian motion of unit rate: shared path from the root.

    Felsenstein (1985) Am. Nat. 125:1.

    Returns
    -------
    DataFrame
        Symmetric, indexed by tip names in the tree's order; unit of the branch lengths.
    """
    tips = [str(tip.name) for tip in tree.tips()]
    shared = np.zeros((len(tips), len(tips)))
    depth, rows = depths(tree), tip_rows(tree)
    for node in tree.traverse(include_self=True):
        start, _ = rows[id(node)]
        if node.is_tip():
            shared[start, start] = depth[id(node)]
        for child in node.children[1:]:  # each pair of tips is written once, at its last ancestor
            first, last = rows[id(child)]
            shared[start:first, first:last] = depth[id(node)]
            shared[first:last, start:first] = depth[id(node)]
    return pd.DataFrame(shared, index=tips, columns=tips)


def depths(tree: TreeNode) -> dict[int, float]:
    """Sum of branch lengths from ``tree``, itself at 0, down to each node, by the node's ``id``."""
    found = {id(tree): 0.0}
    for node in tree.preorder(include_self=False):
        found[id(node)] = found[id(node.parent)] + (node.length or 0.0)
    return found


def tip_rows(tree: TreeNode) -> dict[int, tuple[int, int]]:
    """Tips below each node (by its ``id``) as first and last + 1 place in the order of the tips."""
    found: dict[int, tuple[int, int]] = {}
    n = 0
    for node in tree.postorder(include_self=True):
        if node.is_tip():
            found[id(node)] = (n, n + 1)
            n += 1
        else:
            found[id(node)] = (found[id(node.children[0])][0], n)
    return found


def coordinates(distances: DistanceMatrix, *, dimensions: int | None = None) -> pd.DataFrame:
    """Principal coordinates of the square-rooted patristic distances.

    The square root of a tree's distances is exactly Euclidean, so no axis is negative: de Vienne
    et al. (2011) Syst. Biol. 60:826. Of a matrix that is not a tree's, negative axes are left out.

    Parameters
    ----------
    distances : DistanceMatrix
        n taxa.
    dimensions : int, optional
        Axes to keep, largest first; all with a positive eigenvalue by default.

    Returns
    -------
    DataFrame, shape (n, k)
        Indexed by taxon; unit: square root of the branch lengths' unit.
    """
    return principal_coordinates(
        DistanceMatrix(np.sqrt(distances.data), distances.ids), dimensions=dimensions
    )


def principal_coordinates(
    distances: DistanceMatrix, *, dimensions: int | None = None
) -> pd.DataFrame:
    """Principal coordinates of any distances (Gower 1966, Biometrika 53:325).

    Parameters
    ----------
    distances : DistanceMatrix
        n taxa.
    dimensions : int, optional
        Axes to keep, largest first; all with a positive eigenvalue by default. Negative axes, of
        distances that are not Euclidean, are left out.

    Returns
    -------
    DataFrame, shape (n, k)
        Indexed by taxon, centred; unit of the distances.
    """
    # scikit-bio takes eigenvalues below 1e-8 for zero, whatever the unit: hence shares of the
    # largest distance.
    scale = float(distances.data.max()) or 1.0
    shares = DistanceMatrix(distances.data / scale, distances.ids)
    points, eigenvalues = _quiet_pcoa(shares, len(distances.ids))
    kept = np.flatnonzero(eigenvalues > 1e-10 * eigenvalues.max())[:dimensions]
    columns = [f"axis{place + 1}" for place in range(len(kept))]
    return pd.DataFrame(scale * points[:, kept], index=list(distances.ids), columns=columns)


def _quiet_pcoa(matrix: DistanceMatrix, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Run scikit-bio's PCoA without its warnings about small negative eigenvalues."""
    from skbio.stats.ordination import pcoa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = pcoa(matrix, method="eigh", dimensions=dimensions)
    return result.samples.to_numpy(), result.eigvals.to_numpy()
