"""The statistics of all tests without their permutations: for intervals and samples of trees."""

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
from phylolens.stats.kmatrix import k_axes, k_means
from phylolens.stats.kmult import PreparedTree
from phylolens.stats.protest import default_axes, matched, procrustes_fits

NAMES = (
    "kmult",
    "k_arithmetic",
    "k_geometric",
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
        Of the same taxa in the same order; None leaves out K_mult, K_A and K_G.
    axes : int, optional
        Principal coordinates of PROTEST, K_A and K_G.
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

        What needs principal coordinates is left out for more than 300 taxa.

        Parameters
        ----------
        visual : DistanceMatrix
            The same taxa, in the order of ``genetic``.
        """
        found: dict[str, float | None] = {}
        if self._tree is not None:
            with suppress(InputError):
                found["kmult"] = float(self._tree.kmult(visual)[0])
        sides = visual.data, self.genetic.data
        found["mantel_pearson"] = _over_pairs(*sides)
        found["mantel_spearman"] = _over_pairs(*sides, rank=True)
        if len(visual.ids) <= PROTEST_UP_TO:
            found |= self._of_coordinates(visual)
        with suppress(InputError):  # row means explain everything
            left = double_centre(sides[0]), double_centre(sides[1])
            found["dcor"] = _over_pairs(*left)
            found["mantel_spearman_centred"] = _over_pairs(*left, rank=True)
        return {name: found.get(name) for name in NAMES}

    def _of_coordinates(self, visual: DistanceMatrix) -> dict[str, float | None]:
        """PROTEST, K_A and K_G from the same principal coordinates."""
        looks = principal_coordinates(visual, dimensions=self._n_axes).to_numpy()
        every = np.arange(len(looks))[None]
        found: dict[str, float | None] = {
            "protest": float(procrustes_fits(*matched(looks, self._places), every)[0])
        }
        if self._tree is not None:
            with suppress(InputError, np.linalg.LinAlgError):
                points = looks[:, : k_axes(len(looks), self._n_axes)]
                arithmetic, geometric = k_means(self._tree, points, every)
                found |= {"k_arithmetic": float(arithmetic[0]), "k_geometric": float(geometric[0])}
        return found


def _over_pairs(x: np.ndarray, y: np.ndarray, *, rank: bool = False) -> float | None:
    upper = np.triu_indices(len(x), k=1)
    return correlation(x[upper], y[upper], rank=rank)
