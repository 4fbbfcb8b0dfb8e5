"""Is it the source? How a column goes with both distances, and tests within its values.

A source that follows neither visual distance nor the phylogeny does no harm. One that goes with
both makes relatives look alike without a common history. Permuting taxa only among those of one
source (restricted permutation; Anderson & ter Braak 2003, J. Stat. Comput. Simul. 73:85) keeps its
part in every permutation, hence in the null. Where every source holds one clade alone, nothing is
left that could tell the two apart, and no adjustment brings it back.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import coordinates
from phylolens.phylogeny.geometry import principal_coordinates
from phylolens.results.confounds import (
    Conclusion,
    Contrast,
    TreeContrast,
    WithinValues,
)
from phylolens.results.permutation import ShortTest
from phylolens.stats._pairs import pair_test
from phylolens.stats._permutation import orders, result_of
from phylolens.stats.confounds import Column
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_score import lambda_score
from phylolens.stats.mantel import mantel
from phylolens.stats.parsimony import fewest_changes
from phylolens.stats.protest import default_axes, matched, procrustes_fits
from phylolens.stats.unit_length import unit_distances
from phylolens.stats.within import clade_codes
from phylolens.values import TestResult
from phylolens.writing import plain

LEVEL = 0.05
NESTED = 0.95  # share of taxa in the main clade of their source, from which the two coincide
TIP_ORDERS = 199
SHOWN = ("statistic", "p_value", "z", "n_permutations", "exact", "smallest_p")
# What a column comes to, the worst first.
CONCLUSIONS: tuple[Conclusion, ...] = (
    "nothing can be told",
    "not within sources",
    "holds within sources",
    "no matter",
)
PRIMARY = "lambda_score"


@dataclass(frozen=True)
class Compared:
    """What a column is held against.

    Parameters
    ----------
    visual : VisualDistances
        n taxa.
    genetic : DistanceMatrix
        The same taxa.
    tree : TreeNode, optional
        Its tips are the taxa.
    clades : Series of str, optional
        The next coarser taxon of every taxon.
    axes : int, optional
        Principal coordinates of PROTEST.
    permutations, seed : int
        Of all tests.
    """

    visual: VisualDistances
    genetic: DistanceMatrix
    tree: TreeNode | None = None
    clades: pd.Series | None = None
    axes: int | None = None
    permutations: int = 999
    seed: int = 0

    def of(self, taxa: list[str]) -> "Compared":
        """Keep some taxa."""
        tree = self.tree
        if tree is not None and len(taxa) < len(self.visual.ids):
            tree = tree.shear(set(taxa))
        return replace(
            self,
            visual=self.visual.filter(taxa),
            genetic=self.genetic.filter(taxa),
            tree=tree,
            clades=None if self.clades is None else self.clades.reindex(taxa),
        )


@dataclass(frozen=True)
class Screened:
    """How a column goes with visual distance and with the phylogeny."""

    visual: Contrast
    phylogeny: TreeContrast

    @property
    def goes_with_visual(self) -> bool:
        """Whether taxa of one value look more similar than others, at the 5% level."""
        p_value = self.visual.p_value
        return p_value is not None and p_value <= LEVEL


@dataclass(frozen=True)
class Judged:
    """What a column comes to.

    Parameters
    ----------
    coincide : bool
        Whether its values and the clades are the same contrast.
    within : WithinValues
        Tests with taxa permuted within values.
    adjusted : WithinValues or None
        The same of the adjusted distances.
    conclusion : str
        One of :data:`CONCLUSIONS`.
    """

    coincide: bool
    within: WithinValues
    adjusted: WithinValues | None
    conclusion: Conclusion


def screen_column(column: Column, given: Compared) -> Screened:
    """Hold a column against visual distance and the phylogeny.

    Parameters
    ----------
    column : Column
        Taxa of unknown value are left out.
    given : Compared

    Returns
    -------
    Screened
        ``visual`` and ``phylogeny``: correlation of differing in value with distance, its p over
        permuted taxa (None where it is not defined), mean distances of pairs of one value and of
        two; ``phylogeny`` also with ``changes`` of the value along the tree, beside the fewest
        possible and those of permuted tips.
    """
    kept = _known(column, given)
    return Screened(
        _contrast(column, kept.visual.matrix, kept),
        _along_tree(_contrast(column, kept.genetic, kept), column, kept),
    )


def judge_column(
    column: Column,
    given: Compared,
    screened: Screened,
    adjusted: VisualDistances | None = None,
) -> Judged:
    """Test again within the values of a column, and say what that comes to.

    Parameters
    ----------
    column, given
        As for :func:`screen_column`.
    screened : Screened
        What that found.
    adjusted : VisualDistances, optional
        Of the same taxa, the effect of each value taken out of the features.

    Returns
    -------
    Judged
    """
    kept = _known(column, given)
    tied, within, without = coincide(column, kept), within_sources(column, kept), None
    if adjusted is not None:
        other = replace(kept, visual=adjusted.filter(list(kept.visual.ids)))
        without = within_sources(column, other)
    tests = (without or within).tests
    matters = column.asked or screened.goes_with_visual
    said = _conclusion(tests.get(PRIMARY), tied=tied, matters=matters)
    return Judged(tied, within, without, said)


def _known(column: Column, given: Compared) -> Compared:
    return given.of(sorted(set(column.shares.index) & set(given.visual.ids)))


def _contrast(column: Column, distances: DistanceMatrix, given: Compared) -> Contrast:
    """Correlate differing in value with distance; taxa are the unit."""
    names = list(distances.ids)
    result: TestResult | None = None
    with suppress(InputError):  # every taxon has a value of its own
        result = mantel(
            column.apart.filter(names),
            distances,
            permutations=given.permutations,
            seed=given.seed,
        )
    values = column.main.reindex(names).to_numpy()
    upper = np.triu_indices(len(names), k=1)
    same = (values[:, None] == values[None, :])[upper]
    gaps = distances.data[upper]
    return Contrast(
        pearson=plain(result.statistic) if result else None,
        p_value=plain(result.p_value) if result else None,
        same_mean=plain(gaps[same].mean()) if same.any() else None,
        other_mean=plain(gaps[~same].mean()) if (~same).any() else None,
        n_same=int(same.sum()),
        n_other=int((~same).sum()),
    )


def _along_tree(found: Contrast, column: Column, given: Compared) -> TreeContrast:
    """Add how often the value changes along the tree, beside permuted tips."""
    if given.tree is None:
        return TreeContrast(**found.to_dict())
    states = column.main.reindex(list(given.visual.ids))
    tried, _ = orders(len(states), TIP_ORDERS, given.seed)
    observed = int(fewest_changes(given.tree, states)[0])
    return TreeContrast(
        **found.to_dict(),
        changes=observed,
        fewest_changes=int(states.nunique()) - 1,
        changes_by_chance=float(np.median(fewest_changes(given.tree, states, tried))),
    )


def coincide(column: Column, given: Compared) -> bool:
    """Tell whether sources and clades are the same contrast.

    They are where (nearly) all taxa of a source lie in one clade, of the next coarser rank; or
    where every source is one connected piece of the tree.
    """
    taxa = list(given.visual.ids)
    values = column.main.reindex(taxa)
    if given.clades is not None:
        clades = given.clades.reindex(taxa)
        known = clades.notna()
        if clades[known].nunique() > 1:
            table = pd.crosstab(values[known], clades[known])
            if table.max(axis=1).sum() >= NESTED * int(known.sum()):
                return True
    if given.tree is None:
        return False
    return int(fewest_changes(given.tree, values)[0]) <= values.nunique() - 1


def within_sources(column: Column, given: Compared) -> WithinValues:
    """Test visual against genetic distance with taxa permuted among those of one value.

    Returns
    -------
    WithinValues
        ``n_moved``, taxa that can change places; ``tests``, those that could be made: the score of
        lambda, PROTEST and Mantel's, with ``smallest_p`` where few orders differ.
    """
    codes = clade_codes(sorted(given.visual.ids), column.main)
    moved = int((np.bincount(codes)[codes] > 1).sum())
    tests: dict[str, ShortTest] = {}
    if moved:
        for name, make in TESTS.items():
            with suppress(InputError):
                result = make(given, codes)
                if result.z is not None:  # else every order gives the same
                    shown = {key: plain(getattr(result, key)) for key in SHOWN}
                    tests[name] = ShortTest(**shown)
    return WithinValues(n_moved=moved, n_values_moved=_values_moved(codes), tests=tests)


def _values_moved(codes: np.ndarray) -> int:
    return int((np.bincount(codes) > 1).sum())


def _score(given: Compared, codes: np.ndarray) -> TestResult:
    return lambda_score(
        given.visual,
        given.genetic,
        permutations=given.permutations,
        seed=given.seed,
        blocks=codes,
    )


def _protest(given: Compared, codes: np.ndarray) -> TestResult:
    names, n = sorted(given.visual.ids), len(codes)
    wanted = default_axes(n) if given.axes is None else given.axes
    looks = principal_coordinates(unit_distances(given.visual).filter(names), dimensions=wanted)
    places = coordinates(given.genetic.filter(names), dimensions=wanted)
    both = matched(looks.to_numpy(), places.to_numpy())
    tried, exact = orders(n, given.permutations, given.seed, codes)
    fits = procrustes_fits(*both, np.vstack([np.arange(n), tried]))
    return result_of("protest", float(fits[0]), fits[1:], exact, n, seed=given.seed)


def _mantel(given: Compared, codes: np.ndarray) -> TestResult:
    names = sorted(given.visual.ids)
    return pair_test(
        "mantel_pearson",
        unit_distances(given.visual).filter(names).data,
        given.genetic.filter(names).data,
        permutations=given.permutations,
        seed=given.seed,
        blocks=codes,
    )


TESTS: Mapping[str, Callable[[Compared, np.ndarray], TestResult]] = {
    PRIMARY: _score,
    "protest": _protest,
    "mantel_pearson": _mantel,
}


def _conclusion(test: ShortTest | None, *, tied: bool, matters: bool) -> Conclusion:
    """Say what a column comes to; see :data:`CONCLUSIONS`.

    A column that does not go with visual distance (p > .05) does no harm, unless the user says it
    may. The score of lambda decides, with the effect of the values taken out where that can be had:
    both keep their level, but what the values do is noise to the unadjusted one (``make verify``:
    power .77 and 1.00 at lambda .25).
    """
    if not matters:
        return "no matter"
    if test is not None and test.p_value is not None and test.p_value <= LEVEL:
        return "holds within sources"
    if test is None or tied or (test.smallest_p or 0.0) > LEVEL:
        return "nothing can be told"
    return "not within sources"


def worst(conclusions: list[Conclusion]) -> Conclusion:
    """Return the conclusion that weighs most; that nothing matters where there is none."""
    return min(conclusions, key=CONCLUSIONS.index, default=CONCLUSIONS[-1])
