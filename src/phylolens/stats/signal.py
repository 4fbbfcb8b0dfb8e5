"""The signal block: every test of visual against genetic distance, with baselines beside it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from skbio import DistanceMatrix, TreeNode
from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.results.base import Part
from phylolens.results.signal import SignalFindings
from phylolens.stats.baselines import baselines, closest_pair
from phylolens.stats.by_clade import by_clade
from phylolens.stats.convergence import disagreement
from phylolens.stats.correlogram import correlogram
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.every_test import PRIMARY_WITH_TREE, PRIMARY_WITHOUT, every_test
from phylolens.stats.intervals import (
    SPECIMEN_METHOD,
    SPREAD_METHOD,
    TAXON_METHOD,
    specimen_interval,
    specimen_spread,
)
from phylolens.stats.lambda_fit import pagel_lambda
from phylolens.stats.leave_out import most_influential, taxon_intervals
from phylolens.stats.model_intervals import MODEL_METHOD, model_intervals
from phylolens.stats.statistics import Statistics
from phylolens.stats.trees import compare_trees, visual_tree
from phylolens.stats.unit_length import unit_distances
from phylolens.stats.within import FEWEST_MOVED, movable, within_clades
from phylolens.writing import plain

TASK = "testing visual against genetic distance"
NOT_NEGATIVE = (0.0, float("inf"))
LIMITS = {
    "kmult": NOT_NEGATIVE,
    "k_arithmetic": NOT_NEGATIVE,
    "k_geometric": NOT_NEGATIVE,
    "protest": (0.0, 1.0),
}
CORRELATIONS = (-1.0, 1.0)


@dataclass(frozen=True)
class Comparison:
    """What is compared, aligned by id.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa in the same order; ``visual`` without sampling noise where known.
    measured : VisualDistances, optional
        What ``visual`` was made of; by default ``visual`` as it is.
    covariance : DataFrame, optional
        Of the taxa under Brownian motion; without it K_mult, lambda and disagreeing pairs are left
        out.
    tree : TreeNode, optional
        Its tips are the taxa; without it no trees are compared.
    from_tree : bool
        Whether the phylogeny was given as a tree: the score of lambda is the primary test then,
        else Mantel's.
    lineage : DataFrame, optional
        Index: taxa; columns: ranks, coarse to fine (see :func:`phylolens.taxonomy.lineages`).
    image_counts : Series of int, optional
        Images of each taxon.
    sources : DataFrame of str, optional
        Index: taxa; one column a confound. Pairs of one source are listed apart.
    replicates : callable, optional
        Gives visual matrices of resampled specimens, taxa in the same order, without the noise of
        either draw where ``measured`` is without noise.
    """

    visual: DistanceMatrix
    genetic: DistanceMatrix
    covariance: pd.DataFrame | None = None
    tree: TreeNode | None = None
    from_tree: bool = True
    lineage: pd.DataFrame | None = None
    image_counts: pd.Series | None = None
    replicates: Callable[[], Iterator[DistanceMatrix]] | None = None
    sources: pd.DataFrame | None = None
    measured: VisualDistances | None = None

    @cached_property
    def distances(self) -> VisualDistances:
        """Visual distances with and without sampling noise."""
        return self.measured or VisualDistances.of_matrix(self.visual)

    @cached_property
    def unit(self) -> DistanceMatrix:
        """Visual distances by direction alone, which p-values come from."""
        return unit_distances(self.distances)

    @property
    def clades(self) -> pd.Series | None:
        """The next coarser taxon of every taxon."""
        if self.lineage is None or self.lineage.shape[1] < 2:
            return None
        return self.lineage.iloc[:, -2]


@dataclass(frozen=True)
class Findings:
    """What was found.

    Parameters
    ----------
    result : SignalFindings
        As in ``signal.json``.
    pairs : DataFrame or None
        As in ``pairs.csv``.
    residuals : Series or None
        Procrustes residual of each taxon, largest first.
    visual_tree : TreeNode or None
        From the visual distances, with support by specimens in percent.
    """

    result: SignalFindings
    pairs: pd.DataFrame | None = None
    residuals: pd.Series | None = None
    visual_tree: TreeNode | None = None


def signal(
    compared: Comparison,
    *,
    permutations: int = 999,
    axes: int | None = None,
    tree_method: str = "nj",
    simulations: int = 500,
    fdr: float = 0.05,
    repetitions: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Findings:
    """Test whether visual distance follows genetic distance, with its baselines beside it.

    Parameters
    ----------
    compared : Comparison
        Matrices, tree and taxonomy.
    permutations, axes, seed
        Of the tests (see :func:`phylolens.stats.every_test.every_test`).
    tree_method : {'nj', 'bme', 'upgma'}
        Of the tree from images.
    simulations, fdr
        Of disagreeing pairs (see :func:`phylolens.stats.convergence.disagreement`).
    repetitions : int, optional
        Of evolution along the tree, for the intervals (see
        :func:`phylolens.stats.model_intervals.model_intervals`); 0 for none.
    progress : callable
        Told which part is done.

    Returns
    -------
    Findings
        What cannot be had is left out and named under ``not_possible``, with the reason.
    """
    work = _Work(compared, {"permutations": permutations, "seed": seed}, axes)
    steps: tuple[Callable[[], None], ...] = (
        work.tests,
        lambda: work.intervals(repetitions),
        lambda: work.trees(tree_method),
        work.taxonomy,
        lambda: work.pairs(simulations, fdr),
    )
    # One thread for linear algebra: matrices are small, threads would wait for each other most of
    # the time, and sums in one order give the same bytes on every machine.
    with threadpool_limits(limits=1, user_api="blas"):
        for place, step in enumerate(steps):
            progress(TASK, place, len(steps))
            step()
    progress(TASK, len(steps), len(steps))
    return Findings(work.result(), work.disagreeing, work.residuals, work.visual_tree)


@dataclass
class _Work:
    """The parts of the block, one after the other."""

    compared: Comparison
    common: dict[str, Any]
    axes: int | None
    summary: dict[str, Any] = field(default_factory=dict)
    disagreeing: pd.DataFrame | None = None
    residuals: pd.Series | None = None
    visual_tree: TreeNode | None = None
    covariance: pd.DataFrame | None = None  # where it can be inverted
    lambda_interval: tuple[float, float] | None = None

    def result(self) -> SignalFindings:
        """Return what was found as it is written."""
        return SignalFindings.model_validate(
            {
                name: value if isinstance(value, Part) else plain(value)
                for name, value in self.summary.items()
            }
        )

    def tests(self) -> None:
        """Permutation tests over all taxa, and the correlogram."""
        given = self.compared
        tests = every_test(
            given.distances,
            given.genetic,
            given.covariance,
            primary=PRIMARY_WITH_TREE if given.from_tree else PRIMARY_WITHOUT,
            axes=self.axes,
            **self.common,
        )
        if "kmult" in tests.results:
            self.covariance = given.covariance
        self.residuals = tests.residuals
        self.summary = {
            "primary": tests.primary,
            "tests": tests.results,
            "not_possible": dict(tests.not_possible),
            "closest_pair": closest_pair(given.genetic),
            "debiased": given.distances.to_dict(),
        }

        def classes() -> dict[str, Any]:
            found = correlogram(given.unit, given.genetic, **self.common)
            return {"classes": [one.to_dict() for one in found]}

        self._try("correlogram", classes)

    def intervals(self, repetitions: int | None) -> None:
        """Add how far evolution along this tree lets each statistic vary, and single taxa."""
        given, tests = self.compared, self.summary["tests"]
        by_model: dict[str, Any] = {}
        if self.covariance is not None and repetitions != 0:
            with suppress(InputError):
                by_model = model_intervals(
                    given.distances,
                    given.genetic,
                    self.covariance,
                    axes=self.axes,
                    draws=repetitions,
                    seed=self.common["seed"],
                )
        by_taxon = taxon_intervals(
            given.visual, given.genetic, self.covariance, axes=self.axes, seed=self.common["seed"]
        )
        for name, test in tests.items():
            test["interval"] = by_model.get(test.get("same_as", name))
            test["interval_method"] = MODEL_METHOD if test["interval"] else ""
            test["influence"] = by_taxon.get(name)
            test["specimen_interval"] = None
        self.lambda_interval = by_model.get("lambda")
        self.summary["influence"] = TAXON_METHOD if any(by_taxon.values()) else ""
        self.summary["most_influential"] = most_influential(given.visual, given.genetic)

    def trees(self, method: str) -> None:
        """Draw specimens anew: intervals of the tests, support of the tree from images."""
        given, drawn = self.compared, []
        prepared = Statistics(given.genetic, self.covariance, self.axes)

        def replicates() -> Iterator[DistanceMatrix]:
            for matrix in given.replicates() if given.replicates else ():
                drawn.append(prepared.of(matrix))
                yield matrix

        tree = visual_tree(given.visual, replicates(), method=method)
        if drawn:
            self._specimen_intervals(drawn)
        if given.tree is not None:
            self.visual_tree = tree
            compared = compare_trees(
                tree,
                given.tree,
                tested=visual_tree(given.unit, method=method),
                clades=given.clades,
                seed=self.common["seed"],
            )
            self.summary["tree"] = {"method": method, **compared}

    def _specimen_intervals(self, drawn: list[dict[str, float | None]]) -> None:
        tests = self.summary["tests"]
        for name, test in tests.items():
            values = [one.get(test.get("same_as", name)) for one in drawn]
            limits = LIMITS.get(name, CORRELATIONS)
            if self.compared.distances.debiased:
                spread = specimen_spread(test["statistic"], values, limits=limits)
            else:
                spread = specimen_interval(
                    test["statistic"],
                    values,
                    without_signal=test["null_quantiles"]["0.5"],
                    limits=limits,
                )
            test["specimen_interval"] = spread
        method = SPREAD_METHOD if self.compared.distances.debiased else SPECIMEN_METHOD
        self.summary["specimen_bootstrap"] = {"n": len(drawn), "method": method}

    def taxonomy(self) -> None:
        """Add what the taxonomy gives, what images add to it, and each clade by itself."""
        given, summary = self.compared, self.summary
        summary["baselines"] = baselines(
            given.genetic,
            given.lineage,
            visual=given.unit,
            image_counts=given.image_counts,
            **self.common,
        )
        summary["within_clades"] = None
        self._try("within_clades", lambda: _within(given, self.common))
        summary["by_clade"] = []
        if given.lineage is not None:
            summary["by_clade"] = by_clade(
                given.distances, given.genetic, self.covariance, given.lineage, **self.common
            )

    def pairs(self, simulations: int, fdr: float) -> None:
        """Pagel's lambda, and the pairs whose visual and genetic distance disagree."""
        given, shared, seed = self.compared, self.covariance, self.common["seed"]
        if shared is None:
            return
        self._try("lambda", self._lambda)

        def disagreeing() -> Part:
            self.disagreeing, summary = disagreement(
                given.distances,
                shared,
                clades=given.clades,
                genetic=given.genetic,
                sources=given.sources,
                simulations=simulations,
                fdr=fdr,
                seed=seed,
            )
            return summary

        self._try("disagreement", disagreeing)

    def _lambda(self) -> dict[str, Any]:
        """Pagel's lambda by both likelihoods: they differ where the likelihood is flat."""
        assert self.covariance is not None
        both = {
            method: pagel_lambda(
                self.compared.distances, self.covariance, method=method, **self.common
            ).to_dict()
            for method in ("reml", "ml")
        }
        keys = ("value", "log_likelihood", "log_likelihood_ratio")
        return both["reml"] | {
            "interval": self.lambda_interval,
            "ml": {key: both["ml"][key] for key in keys},
        }

    def _try(self, name: str, make: Callable[[], Part | dict[str, Any] | None]) -> None:
        """Add a part, or why it cannot be had."""
        try:
            self.summary[name] = make()
        except InputError as error:
            self.summary["not_possible"][name] = str(error)


def _within(given: Comparison, common: dict[str, Any]) -> dict[str, Any] | None:
    """Permute within the finest clades that let twenty taxa change places.

    Of fewer, hardly any order differs from the one seen, and no test can tell.
    """
    if given.lineage is None:
        return None
    for rank in reversed(given.lineage.columns[:-1]):
        clades = given.lineage[rank]
        if movable(clades) < FEWEST_MOVED or clades.nunique(dropna=False) < 2:
            continue
        found = {
            method: within_clades(given.unit, given.genetic, clades, method=method, **common)
            for method in ("pearson", "spearman")
        }
        pearson = found["pearson"]
        if pearson is None or pearson.z is None:  # of a star within clades nothing changes
            continue
        sizes = clades.dropna().value_counts()
        return {
            "rank": str(rank),
            "n_clades": int((sizes > 1).sum()),
            "n_taxa_moved": pearson.n,
            **{method: test.to_dict() for method, test in found.items() if test},
            "pearson_within_pairs": _inside(given, clades, common),
        }
    return None


def _inside(given: Comparison, clades: pd.Series, common: dict[str, Any]) -> dict[str, Any] | None:
    """Test pairs of one clade alone; None where these are all equally far apart."""
    with suppress(InputError):
        found = within_clades(given.unit, given.genetic, clades, pairs="within", **common)
        return found.to_dict() if found else None
    return None
