"""Columns of the table that may make taxa look alike: named unasked, tested, taken out."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from phylolens import stats
from phylolens.errors import InputError
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.dataset import Dataset
from phylolens.pipeline.settings import Settings
from phylolens.pipeline.stages.taxon_features import TaxonFeatures
from phylolens.stats.confound_adjust import without_source
from phylolens.stats.confound_tests import (
    Compared,
    coincide,
    goes_with_looks,
    judge_column,
    screen_column,
    worst,
)
from phylolens.stats.confounds import Column, read_columns
from phylolens.stats.debiased import VisualDistances

if TYPE_CHECKING:
    pass

TASK = "looking for confounds"
FEWEST_TAXA = 4  # that the score of lambda can be made of


@dataclass(frozen=True)
class Confounds:
    """What was found.

    Parameters
    ----------
    summary : dict
        As ``confounds`` in ``signal.json``.
    sources : DataFrame or None
        Index: taxa; the commonest value of each column in use; None where none is.
    """

    summary: dict[str, Any]
    sources: pd.DataFrame | None


def columns_of(settings: Settings, dataset: Dataset, taxa: tuple[str, ...]) -> tuple[Column, ...]:
    """Sum up the columns that are no rank over the taxa compared."""
    rows = dataset.described
    if not dataset.taxon_level:  # some may be kept for testing
        rows = rows[rows["file"].isin(dataset.table["file"])]
    return read_columns(
        rows.set_index("file"),
        dataset.rank,
        dataset.others,
        taxa=taxa,
        asked=settings.confound,
    )


def find_confounds(
    context: RunContext, looks: TaxonFeatures, compared: stats.Comparison
) -> Confounds:
    """Hold every column against looks and lineage; test again within those that matter.

    In use are the columns asked for with ``--confound``; without it those that hardly vary within
    taxa and go with looks.
    """
    settings, options = context.settings, context.settings.signal
    columns = columns_of(settings, context.dataset, looks.taxa)
    given = Compared(
        visual=compared.distances,
        genetic=compared.genetic,
        tree=compared.tree,
        clades=compared.clades,
        axes=options.axes,
        permutations=options.permutations,
        seed=settings.seed,
    )
    rows, used = [], []
    for place, column in enumerate(columns):
        context.progress(TASK, place, len(columns))
        if len(set(column.shares.index) & set(looks.taxa)) < FEWEST_TAXA:
            continue
        row = column.to_dict() | screen_column(column, given)
        row["used"] = column.asked or (
            settings.confound is None and column.is_named and goes_with_looks(row)
        )
        if row["used"]:
            way, adjusted = _adjusted(context, looks, column)
            row |= judge_column(column, given, row, adjusted)
            row["adjusted"] = way | row["adjusted"] if row["adjusted"] else None
            used.append(column)
        rows.append(row)
    context.progress(TASK, len(columns), len(columns))
    summary = {
        "asked": None if settings.confound is None else list(settings.confound),
        "columns": rows,
        "conclusion": worst([row["conclusion"] for row in rows if row["used"]]),
    }
    sources = pd.DataFrame({column.name: column.main for column in used}) if used else None
    return Confounds(summary, sources)


def _adjusted(
    context: RunContext, looks: TaxonFeatures, column: Column
) -> tuple[dict[str, Any], VisualDistances | None]:
    """Take the mean effect of each value out of the features; say how."""
    taxa, sources = source_of_rows(looks, column)
    found = without_source(looks.features, taxa, sources)
    adjusted = None
    with suppress(InputError):  # nothing is left that differs
        adjusted = TaxonFeatures(context.dataset, found.features).distances(
            context.settings.signal.distance, debias=context.settings.signal.debias
        )
    return found.to_dict(), adjusted


def source_of_rows(looks: TaxonFeatures, column: Column) -> tuple[pd.Series, pd.Series]:
    """Return taxon and value of each row of the features, by the row's id."""
    if looks.dataset.taxon_level:
        return pd.Series(list(looks.taxa), index=list(looks.taxa)), column.main
    return looks.taxon_of, column.of_rows


def in_guide(context: RunContext) -> list[Mapping[str, Any]]:
    """Name the possible confounds among the taxa that a guided embedding is fitted to."""
    dataset = context.dataset
    assert dataset.ranked is not None
    genetic = dataset.ranked.distances
    lineage = dataset.lineage(tuple(genetic.ids))
    clades = lineage.iloc[:, -2] if lineage is not None and lineage.shape[1] > 1 else None
    given = Compared(VisualDistances.of_matrix(genetic), genetic, clades=clades)
    return [
        column.to_dict() | {"coincide": coincide(column, given.of(sorted(column.shares.index)))}
        for column in columns_of(context.settings, dataset, tuple(genetic.ids))
        if column.asked or (context.settings.confound is None and column.is_named)
    ]
