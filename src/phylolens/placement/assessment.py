"""How well taxa left out are placed, at every depth, by every method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from phylolens.placement.choice import METHODS, PRIOR, WITHOUT_IMAGES, ChoiceModel
from phylolens.placement.evidence import KINDS
from phylolens.placement.leave_out import Fold
from phylolens.placement.posterior import Posterior, clade_nodes
from phylolens.placement.set_levels import LEVELS, SetLevels
from phylolens.progress import Progress, silent
from phylolens.results.placement import BEST, NEAREST, RANDOM

DEFAULT = "default"
TASK = "judging placements"


@dataclass(frozen=True, eq=False)
class Assessed:
    """Every pseudo-unknown as each method placed it, by a model that had not seen it.

    Parameters
    ----------
    rows : DataFrame
        One row a pseudo-unknown and method: ``depth``, ``taxon``, ``clade``, ``method``, ``error``
        (path from its true place to the relative named, unit of the tree), ``log_share`` of its
        branch, ``top``, ``in50``, ``in90``, ``size90`` (branches), ``told50``, ``told90``,
        ``told_size90`` and ``told_error`` (by a model that is told the depth), ``known`` (whether
        its place is on the reference's tree at all) and, by rank, ``named_RANK`` (the likeliest
        clade is the true one), ``share_RANK`` (its probability) and ``clade_RANK``. Baselines have
        errors alone.
    """

    rows: pd.DataFrame

    def of(self, method: str, depth: str) -> pd.DataFrame:
        """Rows of one method and depth, in the order of the taxa."""
        rows = self.rows
        found = rows[(rows["method"] == method) & (rows["depth"] == depth)]
        return found.sort_values("taxon")

    @property
    def depths(self) -> tuple[str, ...]:
        """Ranks left out, fine to coarse."""
        return tuple(dict.fromkeys(self.rows["depth"]))


def assess(
    folds: Sequence[Fold], methods: Sequence[str] = tuple(METHODS), *, progress: Progress = silent
) -> Assessed:
    """Place every pseudo-unknown by models fitted to those of other clades.

    Of a fold's taxa, no pseudo-unknown at any depth takes part in the fit of its model. The
    evidence on the others was gathered with the fold's taxa in the reference.

    Parameters
    ----------
    folds : sequence of Fold
    methods : sequence of str
        Of :data:`METHODS`.
    progress : callable
    """
    found: list[pd.DataFrame] = []
    used = {**{name: METHODS[name] for name in methods}, WITHOUT_IMAGES: PRIOR}
    whole = {name: ChoiceModel.fit(folds, kinds) for name, kinds in used.items()}
    for done, fold in enumerate(folds):
        progress(TASK, done, len(folds))
        found += _baselines(fold)
        for name, kinds in used.items():
            model = ChoiceModel.fit(folds, kinds, fold.taxa, whole[name])
            levels = SetLevels.fit(folds, model, without=fold.taxa)
            found.append(_of_method(fold, name, model, levels))
    progress(TASK, len(folds), len(folds))
    rows = pd.concat(found, ignore_index=True)
    return Assessed(pd.concat([rows, _chosen(rows, methods)], ignore_index=True))


def _of_method(fold: Fold, name: str, model: ChoiceModel, levels: SetLevels) -> pd.DataFrame:
    logs = model.log_shares(fold.evidence)
    shares = np.exp(logs)
    posterior = Posterior(
        fold.reference, fold.evidence.points, shares, np.exp(fold.evidence.inside)
    )
    rows = np.arange(len(fold.taxa))
    known = fold.branches >= 0
    table = _start(fold, name, fold.paths[rows, posterior.nearest])
    table["log_share"] = np.where(known, logs[rows, fold.branches], np.nan)
    table["top"] = known & (posterior.best == fold.branches)
    for level in LEVELS:
        sets = posterior.credible(levels.of(level))
        table[f"in{round(100 * level)}"] = _covered(sets, fold.branches)
    table["size90"] = [len(one) for one in sets]
    if fold.depth in model.depths:
        informed = np.exp(model.log_shares(fold.evidence, fold.depth))
        told = replace(posterior, shares=informed)
        for level in LEVELS:
            sets = told.credible(levels.of(level, fold.depth))
            table[f"told{round(100 * level)}"] = _covered(sets, fold.branches)
        table["told_size90"] = [len(one) for one in sets]
        table["told_error"] = fold.paths[rows, told.nearest]
    truths = true_clades(fold)
    for rank, clades in posterior.clade_shares().items():
        place, share = clades.best()
        named = np.array(clades.taxa, dtype=object)[place]
        table[f"clade_{rank}"], table[f"share_{rank}"] = named, share
        table[f"named_{rank}"] = named == truths[rank]
    return table


def _covered(sets: Sequence[np.ndarray], truth: np.ndarray) -> np.ndarray:
    return np.array([branch in one for branch, one in zip(truth, sets, strict=True)], dtype=bool)


def true_clades(fold: Fold) -> dict[str, np.ndarray]:
    """Name the smallest clade of each rank that each pseudo-unknown stands in or on the stem of.

    By the tree: blank where it stands outside every clade of the rank.
    """
    tree, found = fold.reference.branches, {}
    for rank, nodes in clade_nodes(fold.reference).items():
        own = np.full(len(fold.taxa), "", dtype=object)
        for name, node in nodes.items():
            first = tree.starts[node]
            own[(fold.branches >= first) & (fold.branches <= node)] = name
        found[rank] = own
    return found


def _start(fold: Fold, name: str, errors: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "depth": fold.depth,
            "taxon": fold.taxa,
            "clade": fold.clades,
            "method": name,
            "known": fold.branches >= 0,
            "error": errors,
        }
    )


def _baselines(fold: Fold) -> list[pd.DataFrame]:
    """Take the nearest taxon in the space of the traits, any taxon, and the best one."""
    tree = fold.reference.branches
    votes = fold.evidence.kinds[:, tree.tips, KINDS.index("votes")]
    rows = np.arange(len(fold.taxa))
    errors = {
        NEAREST: fold.paths[rows, votes.argmax(axis=1)],
        RANDOM: fold.paths.mean(axis=1),
        BEST: fold.paths.min(axis=1),
    }
    return [_start(fold, name, found) for name, found in errors.items()]


def _chosen(rows: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """For each depth and clade, the method that does best on all other clades: the default."""
    scored = rows[rows["method"].isin(methods)]
    keys = ["depth", "clade"]
    own = scored.groupby([*keys, "method"])["log_share"].agg(["sum", "count"])
    whole = own.groupby(level="method").sum()
    left = whole.loc[own.index.get_level_values("method")].set_axis(own.index) - own
    means = (left["sum"] / left["count"]).unstack("method")[list(methods)]
    best = means.idxmax(axis=1).rename("method").reset_index()
    return scored.merge(best, on=[*keys, "method"]).assign(method=DEFAULT)


def best_method(assessed: Assessed, methods: Sequence[str]) -> str:
    """Name the method whose probability of the true branches is highest over all depths."""
    rows = assessed.rows
    means: Mapping[str, float] = {
        name: float(
            rows[rows["method"] == name].groupby("depth")["log_share"].mean().fillna(0).mean()
        )
        for name in methods
    }
    return max(methods, key=lambda name: means[name])
