"""Taxa of a guided embedding, and the images it learns from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.guided.clades import Clades, clades_of
from phylolens.guided.held_out import require_varied
from phylolens.guided.recipes import GuideRecipe
from phylolens.guided.sample import Sample, to_sample
from phylolens.pipeline.context import RunContext
from phylolens.specimens import balance, repeat, sample_down
from phylolens.values import Features


@dataclass(frozen=True)
class Taxa:
    """The taxa compared: distances, lineage and what is held out together."""

    names: tuple[str, ...]
    genetic: np.ndarray
    lineage: pd.DataFrame
    clades: Clades


def taxa_of(context: RunContext, held_out: str | None) -> Taxa:
    """Taxa with images and genetic distances, in the order of their names.

    Clades of the rank ``held_out`` are held out together, or of the next coarser one that will do.
    """
    ranked = context.dataset.ranked
    assert ranked is not None
    lineage = lineage_of(context)
    names = tuple(lineage.index)
    genetic = ranked.distances.filter(names).data
    require_varied(genetic)
    return Taxa(names, genetic, lineage, clades_of(lineage, held_out))


def lineage_of(context: RunContext) -> pd.DataFrame:
    """Ranks, coarse to fine, of the taxa with images and genetic distances, sorted by name."""
    dataset = context.dataset
    assert dataset.ranked is not None
    names = tuple(sorted(dataset.ranked.distances.ids))
    lineage = dataset.lineage(names)
    if lineage is None:
        return pd.DataFrame({dataset.rank: names}, index=pd.Index(names, name="taxon"))
    return lineage


def plan_of(context: RunContext, recipe: GuideRecipe, *, draw: int = 0) -> pd.DataFrame:
    """Images to learn from: as they are, sampled down, balanced, or both in this order.

    Draw 0 is the one that is learnt from; others tell how much depends on it.
    """
    dataset = context.dataset
    seed = [context.settings.seed, draw] if draw else context.settings.seed
    assert dataset.ranked is not None
    table = dataset.table.set_index("file")
    labels = table[dataset.rank]
    labels = labels[labels.isin(dataset.ranked.distances.ids)]
    if recipe.sample_down_to:
        finer = list(dataset.ranks[dataset.ranks.index(dataset.rank) + 1 :])
        kept = sample_down(labels, table.loc[labels.index, finer], recipe.sample_down_to, seed=seed)
        labels = labels.loc[kept["file"]]
    plan = balance(labels, recipe.per_taxon, seed=seed) if recipe.per_taxon else repeat(labels, 0)
    return context.images.plan_ids(plan, recipe.augmentation)


def sample_of(
    context: RunContext, plan: pd.DataFrame, features: Features, taxa: Sequence[str]
) -> tuple[Sample, bool]:
    """Images of the plan; square-rooted, as deep features without negative values should be."""
    root = bool((features.matrix >= 0).all())
    rows = plan.drop_duplicates("id").set_index("id")
    specimens = rows["file"].map(context.dataset.table.set_index("file")["specimen_id"])
    transform = np.sqrt if root else None
    return to_sample(features, rows["label"], specimens, taxa, transform), root
