"""Calibrate a model over all ranks, test how far it can be trusted, and store it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from phylolens.classification.recipes import ClassifyRecipe
from phylolens.errors import TooFew
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.ablation import ablation
from phylolens.pipeline.stages.classify_split import answer_ranks, divide
from phylolens.writing import read_csv

if TYPE_CHECKING:
    from phylolens.classification.calibrated import CalibratedModel
    from phylolens.classification.cross_fit import OutOfFold

FEW_SHOT_MODELS = ("prototype", "linear", "rf")


def trust(
    context: RunContext,
    recipe: ClassifyRecipe,
    ranks: Sequence[str],
    metrics: dict[str, Any],
    checkpoints: Checkpoints,
) -> dict[str, Any]:
    """Return the keys of ``metrics.json`` that say how far answers can be trusted.

    A part that the data are too few for is named in ``not_possible`` and left out.
    """
    wanted = context.settings.classify.ablation
    steps = {
        "consistency": lambda: _consistency(context, recipe, ranks),
        "near_duplicates": lambda: _near_duplicates(context, recipe, ranks),
        "sources": lambda: _sources(context),
        "few_shot": lambda: _few_shot(context, recipe, ranks),
        **({"ablation": lambda: ablation(context, recipe, ranks)} if wanted else {}),
        "trial": lambda: _trial(context, recipe),
        "model": lambda: _model(context, recipe, metrics),
    }
    found: dict[str, Any] = {"not_possible": {}}
    for name, make in steps.items():
        try:
            part = checkpoints.keep(name, make)
        except TooFew as error:
            found["not_possible"][name] = error.problem
            continue
        found |= part if name in ("trial", "model") else {name: part.get(name)}
    return found


def _labelled(context: RunContext) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows with some label, and the ranks a model answers at."""
    table = context.dataset.table
    ranks = answer_ranks(table, context.dataset.ranks)
    return table[table[list(ranks)].notna().any(axis=1)], ranks


def _parts_of(
    context: RunContext, recipe: ClassifyRecipe, ranks: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test rows of a random split, indexed by file."""
    split = divide(context, recipe, ranks, "random", context.settings.seed)
    rows = context.dataset.table.set_index("file", drop=False)
    return rows.loc[list(split.train)], rows.loc[list(split.test)]


def _head(context: RunContext, recipe: ClassifyRecipe) -> Any:
    """Build the head of the calibrated model: the recipe's first."""
    from phylolens.classification.building import head_of

    features = context.images.originals
    return head_of(
        recipe, recipe.models[0], context.settings.seed, blocks=features.spec.get("blocks")
    )


def _consistency(
    context: RunContext, recipe: ClassifyRecipe, ranks: Sequence[str]
) -> dict[str, Any]:
    """Independent heads against probabilities summed up the taxonomy, on the headline split."""
    from phylolens.classification.ways import compare_ways

    train, test = _parts_of(context, recipe, ranks)
    return {
        "consistency": compare_ways(
            context.images.originals,
            train,
            test,
            answer_ranks(train, context.dataset.ranks),
            ranks,
            _head(context, recipe),
            progress=context.progress,
        )
    }


def _near_duplicates(
    context: RunContext, recipe: ClassifyRecipe, ranks: Sequence[str]
) -> dict[str, Any]:
    """Find tested images with a near copy in training, and score without them."""
    from phylolens.classification.near_duplicates import near_duplicates

    train, test = _parts_of(context, recipe, ranks)
    features = context.images.originals
    found = near_duplicates(features.take(list(train["file"])), features.take(list(test["file"])))
    answers = read_csv(
        context.settings.out / "classify" / "predictions.csv", dtype=str, keep_default_na=False
    )
    left = answers[(answers["model"] == recipe.models[0]) & ~answers["file"].isin(found.files)]
    right = (left["truth"] == left["predicted"]).groupby(left["rank"]).mean()
    return {"near_duplicates": found.to_dict() | {"accuracy_without": right.to_dict()}}


def _sources(context: RunContext) -> dict[str, Any]:
    """Whether the features tell where images come from."""
    from phylolens.classification.sources import source_check

    dataset = context.dataset
    return {
        "sources": source_check(
            context.images.originals, dataset.table, dataset.ranks, seed=context.settings.seed
        )
    }


def _few_shot(context: RunContext, recipe: ClassifyRecipe, ranks: Sequence[str]) -> dict[str, Any]:
    """Accuracy against the number of specimens a taxon, at the finest rank classified."""
    from phylolens.classification.few_shot import few_shot

    rank = ranks[-1]
    train, test = (rows.dropna(subset=[rank]) for rows in _parts_of(context, recipe, ranks))
    features = context.images.originals
    found = few_shot(
        features.take(list(train["file"])).matrix,
        train[rank].to_numpy(str),
        train["specimen_id"].to_numpy(str),
        features.take(list(test["file"])).matrix,
        test[rank].to_numpy(str),
        names=FEW_SHOT_MODELS,
        blocks=features.spec.get("blocks"),
        progress=context.progress,
        seed=context.settings.seed,
    )
    return {"few_shot": {"rank": rank} | found}


def _fit(
    context: RunContext, recipe: ClassifyRecipe, table: pd.DataFrame, ranks: Sequence[str]
) -> "tuple[CalibratedModel, OutOfFold]":
    """Fit and calibrate a model as the study says."""
    from phylolens.classification.calibrated import fit_calibrated

    options = context.settings.classify
    return fit_calibrated(
        context.images.originals,
        table,
        ranks,
        _head(context, recipe),
        alpha=options.alpha,
        unknown=options.unknown_share,
        alpha_unknown=options.alpha_unknown,
        calibration=options.calibration,
        seed=context.settings.seed,
        progress=context.progress,
    )


def _trial(context: RunContext, recipe: ClassifyRecipe) -> dict[str, Any]:
    """Hold specimens and whole taxa out of a model, and see what its confidence is worth."""
    from phylolens.classification.assessment import assess, assessment_split, n_calibrated

    settings = context.settings
    table, ranks = _labelled(context)
    split = assessment_split(table, ranks, test_share=recipe.test_share, seed=settings.seed)
    rows = table.set_index("file", drop=False)
    train, test = rows.loc[list(split.train)], rows.loc[list(split.test)]
    features = context.images.originals
    model, found = _fit(context, recipe, train, ranks)
    counts = n_calibrated(found, train["specimen_id"])
    seen = assess(model, features, train, test, counts, seed=settings.seed)
    about = {"rule": split.rule, "n_train": len(train), "n_test": len(test)}
    return seen | {"trial": about | {"held_out": list(split.held_out)}}


def _model(context: RunContext, recipe: ClassifyRecipe, metrics: dict[str, Any]) -> dict[str, Any]:
    """Fit a model to everything, store it, and measure novelty on taxa left out in turn."""
    from phylolens.classification.heads import choice_of
    from phylolens.classification.model_file import save_model
    from phylolens.classification.novelty_folds import novelty_of_folds

    settings, dataset = context.settings, context.dataset
    table, ranks = _labelled(context)
    model, found = _fit(context, recipe, table, ranks)
    chosen = choice_of(model.blend.leaf) or {"head": recipe.models[0]}
    card = {
        "head": chosen["head"],
        "n_taxa": {rank: int(table[rank].nunique()) for rank in ranks},
        "data_hash": dataset.data_hash,
        "performance": _performance(metrics, recipe.models[0], recipe.splits[0]),
    }
    save_model(replace(model, card=dict(model.card) | card), settings.out / "classify" / "model")
    novelty = novelty_of_folds(
        found, model.tree, dict(model.blend.temperatures), table.set_index("file"), settings.seed
    )
    return {"novelty": novelty, "model": {"ranks": list(ranks), "chosen": chosen}}


def _performance(metrics: dict[str, Any], model: str, first: str) -> dict[str, str]:
    """Write the headline scores for the model card."""
    splits = {first: metrics} | metrics.get("splits", {})
    lines = {}
    for split, found in splits.items():
        for rank, scores in found["models"].get(model, {}).items():
            lines[f"{rank}, {split}"] = (
                f"accuracy {scores['accuracy']:.3f}, macro-F1 {scores['macro_f1']:.3f} "
                f"({found['ranks'][rank]['n_test']} images)"
            )
    return lines
