"""Columns of the table that may make taxa look similar: named unasked, tested, taken out."""

from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from phylolens import stats
from phylolens.errors import InputError
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.dataset import Dataset
from phylolens.pipeline.settings import Settings
from phylolens.pipeline.stages.taxon_features import TaxonFeatures
from phylolens.results.confounds import (
    AdjustedTests,
    Confounds,
    GuideConfound,
    JudgedColumn,
)
from phylolens.results.signal_parts import AdjustedDisagreement
from phylolens.stats.confound_adjust import Adjusted, without_source
from phylolens.stats.confound_tests import (
    Compared,
    coincide,
    judge_column,
    screen_column,
    worst,
)
from phylolens.stats.confounds import Column, read_columns
from phylolens.stats.convergence import disagreement
from phylolens.stats.debiased import VisualDistances
from phylolens.writing import plain

TASK = "looking for confounds"
FEWEST_TAXA = 4  # that the score of lambda can be made of
KEYS = ("taxon_1", "taxon_2")
COUNTS = ("n_convergent", "n_divergent", "n_simulations", "fdr")


@dataclass(frozen=True)
class FoundConfounds:
    """What was found.

    Parameters
    ----------
    result : Confounds
        As ``confounds`` in ``signal.json``.
    sources : DataFrame or None
        Index: taxa; the commonest value of each column in use; None where none is.
    """

    result: Confounds
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
    context: RunContext, visual: TaxonFeatures, compared: stats.Comparison
) -> FoundConfounds:
    """Hold every column against both distances; test again within those that matter.

    In use are the columns asked for with ``--confound``; without it those that hardly vary within
    taxa and go with visual distance.
    """
    settings, options = context.settings, context.settings.signal
    columns = columns_of(settings, context.dataset, visual.taxa)
    given = Compared(
        visual=compared.distances,
        genetic=compared.genetic,
        tree=compared.tree,
        clades=compared.clades,
        axes=options.axes,
        permutations=options.permutations,
        seed=settings.seed,
    )
    rows: list[JudgedColumn] = []
    used: list[Column] = []
    for place, column in enumerate(columns):
        context.progress(TASK, place, len(columns))
        if len(set(column.shares.index) & set(visual.taxa)) < FEWEST_TAXA:
            continue
        screened = screen_column(column, given)
        in_use = column.asked or (
            settings.confound is None and column.is_named and screened.goes_with_visual
        )
        row = {
            **column.result.to_dict(),
            "visual": screened.visual,
            "phylogeny": screened.phylogeny,
            "used": in_use,
        }
        if in_use:
            how, distances = _adjusted(context, visual, column)
            judged = judge_column(column, given, screened, distances)
            adjusted = None
            if judged.adjusted is not None:
                adjusted = AdjustedTests(
                    way=how.way,
                    n_taxa_several=how.n_taxa_several,
                    removed=plain(how.removed),
                    **judged.adjusted.to_dict(),
                )
            row |= {
                "coincide": judged.coincide,
                "within": judged.within,
                "adjusted": adjusted,
                "conclusion": judged.conclusion,
            }
            used.append(column)
        rows.append(JudgedColumn.model_validate(row))
    context.progress(TASK, len(columns), len(columns))
    result = Confounds(
        asked=None if settings.confound is None else list(settings.confound),
        columns=rows,
        conclusion=worst([row.conclusion for row in rows if row.used and row.conclusion]),
    )
    sources = pd.DataFrame({column.name: column.main for column in used}) if used else None
    return FoundConfounds(result, sources)


def _adjusted(
    context: RunContext, visual: TaxonFeatures, column: Column
) -> tuple[Adjusted, VisualDistances | None]:
    """Take the mean effect of each value out of the features; say how."""
    taxa, sources = source_of_rows(visual, column)
    found = without_source(visual.features, taxa, sources)
    adjusted = None
    with suppress(InputError):  # nothing is left that differs
        adjusted = TaxonFeatures(context.dataset, found.features).distances(
            context.settings.signal.distance, debias=context.settings.signal.debias
        )
    return found, adjusted


def source_of_rows(visual: TaxonFeatures, column: Column) -> tuple[pd.Series, pd.Series]:
    """Return taxon and value of each row of the features, by the row's id."""
    if visual.dataset.taxon_level:
        return pd.Series(list(visual.taxa), index=list(visual.taxa)), column.main
    return visual.taxon_of, column.of_rows


def in_guide(context: RunContext) -> list[GuideConfound]:
    """Name the possible confounds among the taxa that a guided embedding is fitted to."""
    dataset = context.dataset
    assert dataset.ranked is not None
    genetic = dataset.ranked.distances
    lineage = dataset.lineage(tuple(genetic.ids))
    clades = lineage.iloc[:, -2] if lineage is not None and lineage.shape[1] > 1 else None
    given = Compared(VisualDistances.of_matrix(genetic), genetic, clades=clades)
    return [
        GuideConfound(
            **column.result.to_dict(),
            coincide=coincide(column, given.of(sorted(column.shares.index))),
        )
        for column in columns_of(context.settings, dataset, tuple(genetic.ids))
        if column.asked or (context.settings.confound is None and column.is_named)
    ]


def adjusted_pairs(
    context: RunContext,
    visual: TaxonFeatures,
    compared: stats.Comparison,
    pairs: pd.DataFrame | None,
) -> AdjustedDisagreement | None:
    """Judge the pairs again on features without the effect of the columns in use.

    Returns
    -------
    AdjustedDisagreement or None
        ``n_convergent`` and ``n_divergent`` are of all pairs, whatever their sources; ``n_kept``
        are significant pairs that a source may have made and that are significant without it, too.
        None where no column is in use or no pairs were judged.
    """
    if compared.sources is None or compared.covariance is None or pairs is None:
        return None
    options, features = context.settings.signal, visual.features
    for column in columns_of(context.settings, context.dataset, visual.taxa):
        if column.name in compared.sources:
            taxa, sources = source_of_rows(visual, column)
            features = without_source(features, taxa, sources).features
    with suppress(InputError):  # nothing is left that differs
        again, found = disagreement(
            TaxonFeatures(context.dataset, features).distances(
                options.distance, debias=options.debias
            ),
            compared.covariance,
            clades=compared.clades,
            genetic=compared.genetic,
            simulations=options.simulations,
            fdr=options.fdr,
            seed=context.settings.seed,
        )
        return AdjustedDisagreement(
            **{key: getattr(found, key) for key in COUNTS},
            n_kept=len(_suspects(pairs) & _significant(again)),
        )
    return None


def _suspects(pairs: pd.DataFrame) -> set[tuple[str, ...]]:
    column = pairs["kind"].map({"convergence": "same_source", "divergence": "other_source"})
    named = [row[name] != "" for name, (_, row) in zip(column, pairs.iterrows(), strict=True)]
    return _significant(pairs[named])


def _significant(pairs: pd.DataFrame) -> set[tuple[str, ...]]:
    rows = pairs[pairs["significant"]]
    return set(rows[["kind", *KEYS]].itertuples(index=False, name=None))
