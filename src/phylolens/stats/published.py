"""Agreement of two distance matrices as papers compute it: kept here to be audited, not used.

None of these is a test. Cells share taxa and are not independent, so no p-value follows from their
number; :func:`printed_p` computes the one that is printed all the same, for showing how wrong it
is. :mod:`phylolens.stats.audit` sets each value beside its null distribution.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
from scipy.special import betainc

from phylolens.stats._pairs import permuted_products
from phylolens.stats.centred import double_centre

NO_DIFFERENCE = 1e-12  # relative: what is left of two equal matrices is rounding
Values = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Published:
    """One statistic as it is published.

    Parameters
    ----------
    title, fault : str
        What it is called and what is wrong with it.
    values : callable
        Takes visual and genetic distances (arrays of shape (n, n), symmetric, zero diagonal) and
        orders of the taxa of the first (int array, shape (m, n)); returns one value an order, NaN
        where the formula divides zero by zero.
    counted : callable or None
        Observations that papers count among n taxa; None where they print no p-value.
    is_error : bool
        Whether smaller means better agreement.
    depends_on_order : bool
        Whether the value depends on the order in which the taxa are listed.
    zero_by_zero : bool
        Whether the formula divides zero by zero for two equal matrices.
    """

    title: str
    fault: str
    values: Values
    counted: Callable[[int], int] | None
    is_error: bool = False
    depends_on_order: bool = False
    zero_by_zero: bool = False


def padded_correlation(
    visual: np.ndarray,
    genetic: np.ndarray,
    orders: np.ndarray,
    *,
    copies: int,
    zeros: Callable[[int], int],
) -> np.ndarray:
    """Pearson correlation over every pair ``copies`` times and ``zeros(n)`` cells zero in both.

    The diagonal of a distance matrix is such cells, and so is a triangle set to zero: each is a
    point at the origin that both matrices share, whatever else is in them.
    """
    n = len(visual)
    upper = np.triu_indices(n, k=1)
    x, y = visual[upper], genetic[upper]
    cells = copies * len(x) + zeros(n)
    mean_x, mean_y = copies * x.sum() / cells, copies * y.sum() / cells
    squares = [copies * (side**2).sum() / cells for side in (x, y)]
    products = copies * permuted_products(visual, [genetic], orders)[:, 0] / cells
    spread = (squares[0] - mean_x**2) * (squares[1] - mean_y**2)
    return np.asarray((products - mean_x * mean_y) / np.sqrt(spread))


def weighted_error_correlation(
    visual: np.ndarray, genetic: np.ndarray, orders: np.ndarray
) -> np.ndarray:
    """Correlate genetic distances with an error that is weighted by those same distances.

    The formula of the notebook ``eval_task_3`` published with Hofmann et al. (2024, Syst. Biol.
    73:920), as it runs: both matrices are divided, column by column, by the largest distance of the
    column's taxon; the error ``|genetic - visual| * genetic`` is divided likewise; its lower
    triangle is laid on the upper triangle of the genetic distances, and all n² cells enter, the
    n (n + 1) / 2 that were set to zero among them. (The notebook also scales each triangle to
    [0, 1], which changes no correlation.) Which triangle holds which pair depends on the order of
    the taxa, and so does the value. For two matrices that agree exactly it is 0/0.
    """
    n = len(visual)
    with np.errstate(divide="ignore", invalid="ignore"):
        near, looks = genetic / genetic.max(axis=1), visual / visual.max(axis=1)
    below = np.tri(n, k=-1)
    near_below = below * genetic
    mean_x, square_x = near_below.sum() / n**2, (near_below**2).sum() / n**2
    found = np.full(len(orders), np.nan)
    for place, order in enumerate(orders):
        error = np.abs(near - looks[order][:, order]) * near
        largest = error.max(axis=1)
        if not np.isfinite(largest).all() or largest.min() <= NO_DIFFERENCE:
            continue  # the notebook would divide zero by zero
        # Sums over the lower triangle, column by column, then over the columns.
        mean_y, square_y, product = (
            (np.einsum("ij,ij->j", one, two) / largest**power).sum() / n**2
            for one, two, power in (
                (error, below, 1),
                (error * below, error, 2),
                (error, near_below, 1),
            )
        )
        spread = (square_x - mean_x**2) * (square_y - mean_y**2)
        found[place] = (product - mean_x * mean_y) / np.sqrt(spread)
    return found


def similarity_error(visual: np.ndarray, genetic: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Mean squared error over pairs, both matrices as similarities ``1 - 2 d / max``."""
    upper = np.triu_indices(len(visual), k=1)
    x, y = (2 * side / side.max() for side in (visual, genetic))
    products = permuted_products(x, [y], orders)[:, 0]
    squares = (x[upper] ** 2).sum() + (y[upper] ** 2).sum()
    errors = (squares - 2 * products) / len(upper[0])
    return np.where(errors > NO_DIFFERENCE, errors, 0.0)


def constant_error(genetic: np.ndarray) -> float:
    """Error of predicting the mean similarity ``1 - 2 d / max`` for every pair."""
    upper = np.triu_indices(len(genetic), k=1)
    return float(np.var(2 * genetic[upper] / genetic.max()))


def in_sample_fit(visual: np.ndarray, genetic: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Correlate genetic distances with their own fit by visual distance and one number a taxon.

    ``genetic_ij = a_i + a_j + b * visual_ij`` by least squares, judged on the pairs it was fitted
    to, as fits of many weights are. The numbers ``a`` alone (see :func:`taxon_numbers_fit`) reach
    what long branches give; they know nothing of images.
    """
    n = len(visual)
    upper = np.triu_indices(n, k=1)
    x, y = double_centre(visual), double_centre(genetic)
    share = _left_share(y[upper], genetic[upper])
    products = permuted_products(x, [y], orders)[:, 0]
    r = products / (np.linalg.norm(x[upper]) * np.linalg.norm(y[upper]))
    return np.asarray(np.sqrt(1 - share * (1 - r**2)))


def taxon_numbers_fit(genetic: np.ndarray) -> float:
    """Correlate genetic distances with ``a_i + a_j`` fitted to them: no image takes part."""
    upper = np.triu_indices(len(genetic), k=1)
    return math.sqrt(max(0.0, 1 - _left_share(double_centre(genetic)[upper], genetic[upper])))


def _left_share(left: np.ndarray, pairs: np.ndarray) -> float:
    """Share of the variance of the pairs that one number a taxon leaves."""
    return float((left @ left) / ((pairs - pairs.mean()) ** 2).sum())


def printed_p(r: float, cells: int) -> float:
    """Two-sided p-value of a correlation of ``cells`` independent observations.

    They are not independent: this is what papers print, never a result of ours. Zero stands for
    less than the smallest number a computer holds (about 1e-308), as in print.
    """
    if cells < 3:
        return 1.0
    # r² of independent normal samples has a beta distribution; its tail by the incomplete beta
    # function keeps its digits down to 1e-308.
    return float(betainc(cells / 2 - 1, 0.5, max(0.0, 1 - r * r)))


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        "all_cells": Published(
            "Pearson over all cells",
            "counts each pair twice and each taxon's distance to itself, zero in both matrices",
            partial(padded_correlation, copies=2, zeros=lambda n: n),
            lambda n: n * n,
        ),
        "triangle_with_diagonal": Published(
            "Pearson over a triangle with its diagonal",
            "counts each taxon's distance to itself, zero in both matrices",
            partial(padded_correlation, copies=1, zeros=lambda n: n),
            lambda n: n * (n + 1) // 2,
        ),
        "both_triangles": Published(
            "Pearson over both triangles",
            "counts each pair twice",
            partial(padded_correlation, copies=2, zeros=lambda n: 0),
            lambda n: n * (n - 1),
        ),
        "structural_zeros": Published(
            "Pearson of two triangles with their zeros",
            "keeps the cells of the other triangle and the diagonal, set to zero in both matrices",
            partial(padded_correlation, copies=1, zeros=lambda n: n * (n + 1) // 2),
            lambda n: n * n,
        ),
        "weighted_error": Published(
            "Pearson with genetically weighted error",
            "holds the genetic distance on both sides, and keeps cells that were set to zero",
            weighted_error_correlation,
            lambda n: n * n,
            depends_on_order=True,
            zero_by_zero=True,
        ),
        "in_sample_fit": Published(
            "Pearson of a fit judged in-sample",
            "is judged on the pairs it was fitted to",
            in_sample_fit,
            _pairs,
        ),
        "similarity_error": Published(
            "Mean squared error of similarities",
            "has no meaning without the error of a constant beside it",
            similarity_error,
            None,
            is_error=True,
        ),
    }
)
