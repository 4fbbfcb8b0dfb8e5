"""Pairs where looks and genes disagree, once more with the effect of the sources taken out."""

from contextlib import suppress
from typing import Any

import pandas as pd

from phylolens import stats
from phylolens.errors import InputError
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.confounds import columns_of, source_of_rows
from phylolens.pipeline.stages.taxon_features import TaxonFeatures
from phylolens.stats.confound_adjust import without_source
from phylolens.stats.convergence import disagreement

KEYS = ("taxon_1", "taxon_2")
COUNTS = ("n_convergent", "n_divergent", "n_simulations", "fdr")


def adjusted_pairs(
    context: RunContext,
    looks: TaxonFeatures,
    compared: stats.Comparison,
    pairs: pd.DataFrame | None,
) -> dict[str, Any]:
    """Judge the pairs again on features without the effect of the columns in use.

    Returns
    -------
    dict
        Empty where no column is in use or no pairs were judged; else ``disagreement_adjusted``:
        ``n_convergent``, ``n_divergent`` (of all pairs, whatever their sources) and ``n_kept``,
        significant pairs that a source may have made and that are significant without it, too.
    """
    if compared.sources is None or compared.covariance is None or pairs is None:
        return {}
    options, features = context.settings.signal, looks.features
    for column in columns_of(context.settings, context.dataset, looks.taxa):
        if column.name in compared.sources:
            taxa, sources = source_of_rows(looks, column)
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
        return {
            "disagreement_adjusted": {
                **{key: found[key] for key in COUNTS},
                "n_kept": len(_suspects(pairs) & _significant(again)),
            }
        }
    return {}


def _suspects(pairs: pd.DataFrame) -> set[tuple[str, ...]]:
    column = pairs["kind"].map({"convergence": "same_source", "divergence": "other_source"})
    named = [row[name] != "" for name, (_, row) in zip(column, pairs.iterrows(), strict=True)]
    return _significant(pairs[named])


def _significant(pairs: pd.DataFrame) -> set[tuple[str, ...]]:
    rows = pairs[pairs["significant"]]
    return set(rows[["kind", *KEYS]].itertuples(index=False, name=None))
