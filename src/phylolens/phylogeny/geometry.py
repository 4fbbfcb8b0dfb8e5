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
    tips = list(tree.tips())
    rows_below: dict[int, np.ndarray] = {}
    shared = np.zeros((len(tips), len(tips)))
    numbers = {id(tip): row for row, tip in enumerate(tips)}
    for node in tree.postorder(include_self=True):
        if node.is_tip():
            rows = np.array([numbers[id(node)]])
        else:
            rows = np.concatenate([rows_below.pop(id(child)) for child in node.children])
        rows_below[id(node)] = rows
        if node.parent is not None:
            shared[np.ix_(rows, rows)] += node.length or 0.0
    names = [str(tip.name) for tip in tips]
    return pd.DataFrame(shared, index=names, columns=names)


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
    n = len(distances.ids)
    rooted = DistanceMatrix(np.sqrt(distances.data), distances.ids)
    points, eigenvalues = _quiet_pcoa(rooted, n)
    kept = np.flatnonzero(eigenvalues > 1e-10 * eigenvalues.max())[:dimensions]
    columns = [f"axis{place + 1}" for place in range(len(kept))]
    return pd.DataFrame(points[:, kept], index=list(distances.ids), columns=columns)


def _quiet_pcoa(matrix: DistanceMatrix, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Run scikit-bio's PCoA without its warnings about small negative eigenvalues."""
    from skbio.stats.ordination import pcoa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = pcoa(matrix, method="eigh", dimensions=dimensions)
    return result.samples.to_numpy(), result.eigvals.to_numpy()
