"""Coarser taxa of the taxa of a rank, for classifiers that use the taxonomy."""

from collections.abc import Sequence

import pandas as pd

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


def lineage_of(
    trained: pd.DataFrame, ranks: Sequence[str], rank: str
) -> dict[str, dict[str, str]] | None:
    """Name the taxon of every coarser rank that each taxon of ``rank`` lies in, of training rows.

    None where there is no coarser rank; a taxon of unknown lineage is left out at that rank.
    """
    if rank not in ranks or rank == ranks[0]:
        return None
    lineage = lineages(trained, ranks, rank)
    return {
        coarser: {str(k): str(v) for k, v in lineage[coarser].dropna().items()}
        for coarser in lineage.columns[:-1]
    }
