"""The statistics of all tests without their permutations: for intervals and samples of trees."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny import coordinates
from phylolens.phylogeny.geometry import principal_coordinates
from phylolens.stats.centred import double_centre
from phylolens.stats.correlation import correlation
from phylolens.stats.kmult import PreparedTree
from phylolens.stats.protest import default_axes, matched, procrustes_fits

NAMES = (
    "kmult",
    "mantel_pearson",
    "mantel_spearman",
    "protest",
    "dcor",
    "mantel_spearman_centred",
)
PROTEST_UP_TO = 300  # taxa: of more, principal coordinates cost too much to take again and again


@dataclass(frozen=True)
class Statistics:
    """One phylogeny, prepared to be held against many visual matrices.

    Parameters
    ----------
    genetic : DistanceMatrix
        n taxa.
    covariance : DataFrame or None
        Of the same taxa in the same order; None leaves K_mult out.
    axes : int, optional
        Principal coordinates of PROTEST.
    """

    genetic: DistanceMatrix
    covariance: pd.DataFrame | None = None
    axes: int | None = None

    @cached_property
    def _tree(self) -> PreparedTree | None:
        if self.covariance is None:
            return None
        names = list(self.genetic.ids)
        with suppress(InputError):  # singular: said once, by the test itself
            return PreparedTree.of(self.covariance.loc[names, names])
        return None

    @property
    def _n_axes(self) -> int:
        return default_axes(len(self.genetic.ids)) if self.axes is None else self.axes

    @cached_property
    def _places(self) -> np.ndarray:
        return coordinates(self.genetic, dimensions=self._n_axes).to_numpy()

    def of(self, visual: DistanceMatrix) -> dict[str, float | None]:
        """Return every statistic by the name of its test; None where it cannot be had.

        Parameters
        ----------
        visual : DistanceMatrix
            The same taxa, in the order of ``genetic``.
        """
        every = np.arange(len(visual.ids))
        return {name: value(every) for name, value in self.by_rows(visual).items()}

    def by_rows(self, visual: DistanceMatrix) -> Mapping[str, Callable[[np.ndarray], float | None]]:
        """Return functions that give each statistic of some of the taxa.

        The axes of PROTEST are those of all taxa, whichever rows are asked for. It is left out for
        more than 300 taxa.
        """
        x, y = visual.data, self.genetic.data
        found: dict[str, Callable[[np.ndarray], float | None]] = {}
        tree = self._tree
        if tree is not None:
            found["kmult"] = lambda rows: _kmult(tree, visual, rows)
        found["mantel_pearson"] = lambda rows: _pairs(x, y, rows)
        found["mantel_spearman"] = lambda rows: _pairs(x, y, rows, rank=True)
        if len(visual.ids) <= PROTEST_UP_TO:
            looks = principal_coordinates(visual, dimensions=self._n_axes).to_numpy()
            found["protest"] = lambda rows: _procrustes(looks, self._places, rows)
        found["dcor"] = lambda rows: _pairs(x, y, rows, centred=True)
        found["mantel_spearman_centred"] = lambda rows: _pairs(x, y, rows, rank=True, centred=True)
        return found


def _kmult(tree: PreparedTree, visual: DistanceMatrix, rows: np.ndarray) -> float | None:
    if len(rows) < len(visual.ids):
        tree = tree.without(rows)
        visual = DistanceMatrix(visual.data[np.ix_(rows, rows)])
    with suppress(InputError):
        return float(tree.kmult(visual)[0])
    return None


def _procrustes(looks: np.ndarray, places: np.ndarray, rows: np.ndarray) -> float | None:
    if np.ptp(looks[rows]) == 0 or np.ptp(places[rows]) == 0:
        return None
    return float(
        procrustes_fits(*matched(looks[rows], places[rows]), np.arange(len(rows))[None])[0]
    )


def _pairs(
    x: np.ndarray, y: np.ndarray, rows: np.ndarray, *, rank: bool = False, centred: bool = False
) -> float | None:
    sides = [side[np.ix_(rows, rows)] for side in (x, y)]
    if centred:
        try:
            sides = [double_centre(side) for side in sides]
        except InputError:
            return None
    upper = np.triu_indices(len(rows), k=1)
    return correlation(sides[0][upper], sides[1][upper], rank=rank)
