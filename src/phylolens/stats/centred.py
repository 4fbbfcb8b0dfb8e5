"""The Mantel test of what is left when row and column means are taken away.

A taxon far from all others makes a whole row of a matrix large; two matrices can share that and
nothing else. Double-centring removes every taxon's own mean first.
"""

import numpy as np
from skbio import DistanceMatrix

from phylolens.errors import InputError, TooFew
from phylolens.stats._align import aligned
from phylolens.stats._pairs import pair_test, require_method
from phylolens.stats.correlation import CONSTANT
from phylolens.values import TestResult

FEWEST_TAXA = 4  # of three taxa, row means explain everything


def double_centre(matrix: np.ndarray) -> np.ndarray:
    """Take row and column means away from the pairs of a symmetric matrix.

    What is left are the residuals of the least-squares fit of one number a taxon,
    ``d_ij = a_i + a_j``, to the values off the diagonal: the U-centring of Székely & Rizzo (2014,
    Ann. Stat. 42:2382). Every row sums to zero without its diagonal.

    Parameters
    ----------
    matrix : array, shape (n, n)
        Symmetric, n >= 4; the diagonal is not looked at.

    Returns
    -------
    array of float, shape (n, n)
        Symmetric, zero on the diagonal; the unit of ``matrix``.

    Raises
    ------
    TooFew
        If there are fewer than four taxa.
    InputError
        If nothing is left.
    """
    n = len(matrix)
    if n < FEWEST_TAXA:
        raise TooFew(
            f"without their row means, {n} taxa leave nothing to compare: four are needed."
        )
    values = np.array(matrix, dtype=np.float64)
    np.fill_diagonal(values, 0.0)
    rows = values.sum(axis=1) / (n - 2)
    left = values - (rows[:, None] + rows[None, :]) + rows.sum() / (n - 1)
    np.fill_diagonal(left, 0.0)
    if np.linalg.norm(left) <= CONSTANT * np.linalg.norm(values):
        raise InputError(
            "row and column means explain all distances of a matrix: nothing is left to correlate."
        )
    return left


def mantel_centred(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    *,
    method: str = "pearson",
    permutations: int = 999,
    alternative: str = "greater",
    seed: int = 0,
) -> TestResult:
    """Mantel test after double-centring both matrices (see :func:`double_centre`).

    With ``pearson`` this is the bias-corrected squared distance correlation of
    :func:`phylolens.stats.dcor.dcor`, to the last digit: one number with two names.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa, four or more, in any order; aligned by id.
    method, permutations, alternative, seed
        See :func:`phylolens.stats.mantel`.

    Returns
    -------
    TestResult

    Raises
    ------
    InputError
        If ids differ, fewer than four taxa are given, or row means explain a whole matrix.
    """
    require_method(method)
    x, y = aligned(visual, genetic)
    return pair_test(
        f"mantel_{method}_centred",
        double_centre(x.data),
        double_centre(y.data),
        method=method,
        permutations=permutations,
        alternative=alternative,
        seed=seed,
    )
