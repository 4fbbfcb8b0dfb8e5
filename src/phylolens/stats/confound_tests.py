"""Is it the source? How a column goes with looks and with lineage, and tests within its values.

A source that follows neither looks nor lineage does no harm. One that goes with both makes
relatives look alike without a common history. Permuting taxa only among those of one source
(restricted permutation; Anderson & ter Braak 2003, J. Stat. Comput. Simul. 73:85) keeps its part in
every permutation, hence in the null. Where every source holds one clade alone, nothing is left that
could tell the two apart, and no adjustment brings it back.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import coordinates
from phylolens.phylogeny.geometry import principal_coordinates
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

LEVEL = 0.05
NESTED = 0.95  # share of taxa in the main clade of their source, from which the two coincide
TIP_ORDERS = 199
SHOWN = ("statistic", "p_value", "z", "n_permutations", "exact", "smallest_p")
# What a column comes to, the worst first.
CONCLUSIONS = ("nothing can be told", "not within sources", "holds within sources", "no matter")
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


def screen_column(column: Column, given: Compared) -> dict[str, Any]:
    """Hold a column against looks and lineage.

    Parameters
    ----------
    column : Column
        Taxa of unknown value are left out.
    given : Compared

    Returns
    -------
    dict
        ``visual`` and ``phylogeny``: correlation of differing in value with distance, its p over
        permuted taxa (None where it is not defined), mean distances of pairs of one value and of
        two; ``phylogeny`` also with ``changes`` of the value along the tree, beside the fewest
        possible and those of permuted tips.
    """
    kept = _known(column, given)
    return {
        "visual": _contrast(column, kept.visual.matrix, kept),
        "phylogeny": _contrast(column, kept.genetic, kept) | _on_tree(column, kept),
    }


def judge_column(
    column: Column,
    given: Compared,
    screened: Mapping[str, Any],
    adjusted: VisualDistances | None = None,
) -> dict[str, Any]:
    """Test again within the values of a column, and say what that comes to.

    Parameters
    ----------
    column, given
        As for :func:`screen_column`.
    screened : mapping
        What that found.
    adjusted : VisualDistances, optional
        Of the same taxa, the effect of each value taken out of the features.

    Returns
    -------
    dict
        ``coincide``; ``within``: tests with taxa permuted within values; ``adjusted``: the same of
        the adjusted distances, or None; ``conclusion``, one of :data:`CONCLUSIONS`.
    """
    kept = _known(column, given)
    found: dict[str, Any] = {
        "coincide": coincide(column, kept),
        "within": within_sources(column, kept),
        "adjusted": None,
    }
    if adjusted is not None:
        other = replace(kept, visual=adjusted.filter(list(kept.visual.ids)))
        found["adjusted"] = within_sources(column, other)
    return found | {"conclusion": conclusion({**screened, **found}, asked=column.asked)}


def goes_with_looks(screened: Mapping[str, Any]) -> bool:
    """Tell whether taxa of one value look more alike than others, at the 5% level."""
    p_value = screened["visual"]["p_value"]
    return p_value is not None and p_value <= LEVEL


def _known(column: Column, given: Compared) -> Compared:
    return given.of(sorted(set(column.shares.index) & set(given.visual.ids)))


def _contrast(column: Column, distances: DistanceMatrix, given: Compared) -> dict[str, Any]:
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
    return {
        "pearson": result.statistic if result else None,
        "p_value": result.p_value if result else None,
        "same_mean": float(gaps[same].mean()) if same.any() else None,
        "other_mean": float(gaps[~same].mean()) if (~same).any() else None,
        "n_same": int(same.sum()),
        "n_other": int((~same).sum()),
    }


def _on_tree(column: Column, given: Compared) -> dict[str, Any]:
    """Count how often the value changes along the tree, beside permuted tips."""
    if given.tree is None:
        return {}
    states = column.main.reindex(list(given.visual.ids))
    tried, _ = orders(len(states), TIP_ORDERS, given.seed)
    observed = int(fewest_changes(given.tree, states)[0])
    return {
        "changes": observed,
        "fewest_changes": int(states.nunique()) - 1,
        "changes_by_chance": float(np.median(fewest_changes(given.tree, states, tried))),
    }


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


def within_sources(column: Column, given: Compared) -> dict[str, Any]:
    """Test looks against lineage with taxa permuted among those of one value.

    Returns
    -------
    dict
        ``n_moved``, taxa that can change places; ``tests``, those that could be made: the score of
        lambda, PROTEST and Mantel's, with ``smallest_p`` where few orders differ.
    """
    codes = clade_codes(sorted(given.visual.ids), column.main)
    moved = int((np.bincount(codes)[codes] > 1).sum())
    tests: dict[str, dict[str, Any]] = {}
    if moved:
        for name, make in TESTS.items():
            with suppress(InputError):
                result = make(given, codes)
                if result.z is not None:  # else every order gives the same
                    shown = result.to_dict()
                    tests[name] = {key: shown[key] for key in SHOWN if key in shown}
    return {"n_moved": moved, "n_values_moved": _values_moved(codes), "tests": tests}


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


def conclusion(found: Mapping[str, Any], *, asked: bool) -> str:
    """Say what a column comes to; see :data:`CONCLUSIONS`.

    A column that does not go with looks (p > .05) does no harm, unless the user says it may. The
    score of lambda decides, with the effect of the values taken out where that can be had: both
    keep their level, but what the values do is noise to the unadjusted one (``make verify``: power
    .77 and 1.00 at lambda .25).
    """
    if not asked and not goes_with_looks(found):
        return "no matter"
    test = deciding_test(found)
    if test is not None and test["p_value"] <= LEVEL:
        return "holds within sources"
    if test is None or found["coincide"] or (test.get("smallest_p") or 0.0) > LEVEL:
        return "nothing can be told"
    return "not within sources"


def deciding_test(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Choose the test that decides within values: adjusted where it can be had."""
    test: Mapping[str, Any] | None = (found.get("adjusted") or found["within"])["tests"].get(
        PRIMARY
    )
    return test


def worst(conclusions: list[str]) -> str:
    """Return the conclusion that weighs most; that nothing matters where there is none."""
    return min(conclusions, key=CONCLUSIONS.index, default=CONCLUSIONS[-1])
