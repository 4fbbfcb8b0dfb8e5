"""Build a recipe's head, with what it has to know of the data."""

from collections.abc import Mapping, Sequence

import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classification.imbalance import with_imbalance
from phylolens.classification.recipes import ClassifyRecipe
from phylolens.classification.transform import with_steps
from phylolens.taxonomy import lineages


def parents_of(table: pd.DataFrame, ranks: Sequence[str], rank: str) -> dict[str, str] | None:
    """Name the taxon of the next coarser rank that each taxon of ``rank`` lies in.

    None where there is no coarser rank with two taxa; a taxon of unknown parent is its own.
    """
    if rank not in ranks:
        return None
    lineage = lineages(table, ranks, rank)
    coarser = [name for name in lineage.columns[:-1] if lineage[name].nunique() > 1]
    if not coarser:
        return None
    parent = lineage[coarser[-1]]
    return {str(k): str(k if pd.isna(v) else v) for k, v in parent.items()}


def head_of(
    recipe: ClassifyRecipe,
    name: str,
    seed: int,
    parents: Mapping[str, str] | None = None,
    blocks: Sequence[int] | None = None,
) -> ClassifierMixin:
    """Build a head with the recipe's transforms and its answer to rare classes.

    Parameters
    ----------
    parents : mapping, optional
        Coarser taxon of each class, for heads that use it.
    blocks : sequence of int, optional
        Widths of the layers and networks joined in the features.
    """
    inside = None if recipe.steps else blocks  # steps change the columns
    head = with_imbalance(name, recipe.imbalance, seed, parents=parents, blocks=inside)
    return with_steps(recipe.steps, head, seed, blocks)
