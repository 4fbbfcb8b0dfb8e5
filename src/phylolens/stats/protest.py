"""Which taxa do not look as related as they are? PROTEST and its residual per taxon.

Jackson (1995) Écoscience 2:297; Peres-Neto & Jackson (2001) Oecologia 129:169.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny import as_distances, as_genetic, coordinates
from phylolens.phylogeny.geometry import principal_coordinates
from phylolens.random import Seed, as_seed
from phylolens.stats._align import aligned
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats.correlation import CONSTANT
from phylolens.values import TestResult

MOST_AXES = 20
NUMBERS_AT_ONCE = 4_000_000  # of permuted coordinates held in memory together: 32 MB


@dataclass(frozen=True)
class Protest:
    """What PROTEST found.

    Parameters
    ----------
    test : TestResult
        ``statistic`` is t0, the Procrustes correlation; one-sided ``greater``.
    residuals : Series of float
        Distance of each taxon's visual place from its place in the tree, after the best rotation,
        both sides of total sum of squares 1; indexed by taxon, largest first.
    axes : int
        Principal coordinates compared.
    """

    test: TestResult
    residuals: pd.Series
    axes: int

    @property
    def statistic(self) -> float:
        """The Procrustes correlation t0."""
        return self.test.statistic

    @property
    def p_value(self) -> float:
        """Of the permutations."""
        return self.test.p_value

    def __repr__(self) -> str:
        return f"{self.test!r}\nAxes compared: {self.axes}"


def protest(
    visual: Any,
    genetic: Any,
    *,
    axes: int | None = None,
    permutations: int = 999,
    seed: Seed = 0,
) -> Protest:
    """Rotate the visual space onto the space of the tree; test the fit by permuting taxa.

    Both sides are principal coordinates: of the visual distances, and of the square roots of the
    genetic ones, which are Euclidean for any tree (de Vienne et al. 2011, Syst. Biol. 60:826).

    Parameters
    ----------
    visual, genetic : DistanceMatrix, DataFrame, str or Path
        The same taxa, in any order; aligned by id. ``genetic`` may be a tree: its path lengths.
    axes : int, optional
        Principal coordinates of either side; fewer where one side has no more. See
        :func:`default_axes`.
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    seed : int or numpy.random.Generator
        Seed of the permutations.

    Returns
    -------
    Protest
        The correlation t0 and residuals as ``vegan::protest(genetic, visual)`` gives them for the
        coordinates.

    Raises
    ------
    InputError
        If ids differ, fewer than three taxa are given, one matrix is constant, or ``axes`` < 1.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.spatial.distance import pdist
    >>> from phylolens import as_distances, protest
    >>> places = np.array([[0.0], [0.2], [1.5], [3.0], [3.3]])
    >>> visual = as_distances(pdist(places), ids=list("abcde"))
    >>> tree = "(((a:1,b:1):1,c:2):2,(d:1,e:1):3);"
    >>> found = protest(visual, tree)
    >>> round(found.statistic, 2), found.residuals.index[0]
    (0.94, 'c')
    """
    seed = as_seed(seed)
    require_permutations(permutations)
    visual = as_distances(visual)
    genetic = as_genetic(genetic, visual.ids)
    fit = superimposed(visual, genetic, axes=axes)
    n = len(fit.looks)
    tried, exact = orders(n, permutations, seed)
    fits = procrustes_fits(fit.looks, fit.places, np.vstack([np.arange(n), tried]))
    test = result_of("protest", float(fits[0]), fits[1:], exact, n, seed=seed)
    return Protest(test, fit.residuals, fit.axes)


@dataclass(frozen=True)
class Superimposed:
    """Two maps of the same taxa, centred and scaled, before any test.

    Parameters
    ----------
    looks, places : array, shape (n, k)
        Principal coordinates of visual and genetic distances, of total sum of squares 1.
    residuals : Series of float
        As in :class:`Protest`.
    """

    looks: np.ndarray
    places: np.ndarray
    residuals: pd.Series

    @property
    def statistic(self) -> float:
        """The Procrustes correlation t0."""
        every = np.arange(len(self.looks))[None]
        return float(procrustes_fits(self.looks, self.places, every)[0])

    @property
    def axes(self) -> int:
        """Principal coordinates compared."""
        return int(self.looks.shape[1])


def superimposed(
    visual: DistanceMatrix, genetic: DistanceMatrix, *, axes: int | None = None
) -> Superimposed:
    """Rotate and scale the visual space onto that of the tree.

    Parameters and faults as for :func:`protest`.
    """
    visual, genetic = aligned(visual, genetic)
    if any(np.ptp(m.condensed_form()) <= CONSTANT * m.data.max() for m in (visual, genetic)):
        raise InputError("all distances of a matrix are equal: it has no main axes to compare.")
    wanted = default_axes(len(visual.ids)) if axes is None else axes
    if wanted < 1:
        raise InputError(f"PROTEST needs at least one axis; got {wanted}.")
    looks = principal_coordinates(visual, dimensions=wanted).to_numpy()
    places = coordinates(genetic, dimensions=wanted).to_numpy()
    looks, places = matched(looks, places)
    residuals = pd.Series(_residuals(looks, places), index=list(visual.ids), name="residual")
    residuals.index.name = "taxon"
    return Superimposed(looks, places, residuals.sort_values(ascending=False, kind="stable"))


def default_axes(n: int) -> int:
    """Principal coordinates compared for n taxa, ``min(20, n - 2)``: fixed before seeing data.

    On trees of 30 to 140 taxa with Brownian features (lambda 0.2 to 1, with noise, in 5 equal or 64
    equal or unequal dimensions) power rose with every axis up to 15 or 20 and stayed level from
    there: in unequal dimensions at 74 taxa 0.35 with 3 axes, 0.55 with 10, 0.65 with 20 and with
    all 72.
    """
    return max(1, min(MOST_AXES, n - 2))


def matched(looks: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give both sides as many axes, centred and of total sum of squares one."""
    kept = min(looks.shape[1], places.shape[1])
    return _unit(looks[:, :kept]), _unit(places[:, :kept])


def _unit(points: np.ndarray) -> np.ndarray:
    """Centre, and scale to a total sum of squares of one."""
    points = points - points.mean(axis=0)
    return points / np.linalg.norm(points)


def procrustes_fits(looks: np.ndarray, places: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Sum of the singular values of ``looks[order]' places``, for every order."""
    found = np.empty(len(tried))
    step = max(1, NUMBERS_AT_ONCE // looks.size)
    for start in range(0, len(tried), step):
        products = places.T @ looks[tried[start : start + step]]
        singular = np.linalg.svd(products, compute_uv=False)
        found[start : start + step] = singular.sum(axis=1)
    return found


def _residuals(looks: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Distance of each row from its place, the visual places rotated and scaled to fit best."""
    left, singular, right = np.linalg.svd(places.T @ looks)
    rotation = right.T @ left.T
    return np.linalg.norm(places - singular.sum() * looks @ rotation, axis=1)
