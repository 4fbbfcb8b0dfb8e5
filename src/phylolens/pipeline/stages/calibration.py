"""Calibrate a model over all ranks, assess how reliable its confidence is, and store it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens import classification
from phylolens.errors import TooFew
from phylolens.pipeline.checkpoints import Checkpoints
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.ablation import ablation
from phylolens.pipeline.stages.classify_split import answer_ranks, split_by
from phylolens.results.calibration import Trial
from phylolens.results.checks import Consistency, FewShot, NearDuplicates
from phylolens.results.classification import SplitResult
from phylolens.results.classifier import HeadChoice, StoredModel
from phylolens.writing import read_csv

if TYPE_CHECKING:
    from phylolens.classification.calibrated import CalibratedModel
    from phylolens.classification.cross_fit import OutOfFold

FEW_SHOT_MODELS = ("prototype", "linear", "rf")
Written = dict[str, Any]  # keys of metrics.json, as they wait in a checkpoint


def calibrate_and_assess(
    context: RunContext,
    ranks: Sequence[str],
    first: SplitResult,
    others: dict[str, SplitResult],
    checkpoints: Checkpoints,
) -> Written:
    """Return the keys of ``metrics.json`` that say how reliable answers are.

    A part that the data are too few for is named in ``not_possible`` and left out.
    """
    steps: dict[str, Callable[[], Written]] = {
        "consistency": lambda: {"consistency": _consistency(context, ranks).to_dict()},
        "near_duplicates": lambda: {"near_duplicates": _near_duplicates(context, ranks).to_dict()},
        "sources": lambda: {"sources": _sources(context)},
        "few_shot": lambda: {"few_shot": _few_shot(context, ranks).to_dict()},
    }
    if context.settings.classify.ablation:
        steps["ablation"] = lambda: {
            "ablation": [row.to_dict() for row in ablation(context, ranks)]
        }
    steps |= {
        "trial": lambda: _assessment(context),
        "model": lambda: _model(context, first, others),
    }
    found: Written = {"not_possible": {}}
    for name, make in steps.items():
        try:
            found |= checkpoints.keep(name, make)
        except TooFew as error:
            found["not_possible"][name] = error.problem
    return found


def _labelled(context: RunContext) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows with some label, and the ranks a model answers at."""
    table = context.dataset.table
    ranks = answer_ranks(table, context.dataset.ranks)
    return table[table[list(ranks)].notna().any(axis=1)], ranks


def _parts_of(context: RunContext, ranks: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test rows of a random split, indexed by file."""
    split = split_by(context, ranks, "random", context.settings.seed)
    rows = context.dataset.table.set_index("file", drop=False)
    return rows.loc[list(split.train)], rows.loc[list(split.test)]


def _head(context: RunContext) -> ClassifierMixin:
    """Build the head of the calibrated model: the primary one."""
    options = context.settings.classify
    return classification.head_of(
        options.models[0],
        context.settings.seed,
        steps=options.steps,
        imbalance=options.imbalance,
        blocks=context.images.originals.spec.get("blocks"),
    )


def _consistency(context: RunContext, ranks: Sequence[str]) -> Consistency:
    """Independent heads against probabilities summed up the taxonomy, on a random split."""
    train, test = _parts_of(context, ranks)
    return classification.compare_schemes(
        context.images.originals,
        train,
        test,
        answer_ranks(train, context.dataset.ranks),
        ranks,
        _head(context),
        progress=context.progress,
    )


def _near_duplicates(context: RunContext, ranks: Sequence[str]) -> NearDuplicates:
    """Find tested images with a near copy in training, and score without them."""
    train, test = _parts_of(context, ranks)
    features = context.images.originals
    parts = (features.take(list(part["file"])) for part in (train, test))
    found = classification.find_near_duplicates(*parts)
    answers = read_csv(
        context.settings.out / "classify" / "predictions.csv", dtype=str, keep_default_na=False
    )
    primary = answers["model"] == context.settings.classify.models[0]
    left = answers[primary & ~answers["file"].isin(found.files)]
    right = (left["truth"] == left["predicted"]).groupby(left["rank"]).mean()
    return found.without(right.to_dict())


def _sources(context: RunContext) -> Written | None:
    """Whether the features show where images come from."""
    dataset = context.dataset
    found = classification.source_check(
        context.images.originals, dataset.table, dataset.ranks, seed=context.settings.seed
    )
    return found.to_dict() if found else None


def _few_shot(context: RunContext, ranks: Sequence[str]) -> FewShot:
    """Accuracy against the number of specimens a taxon, at the finest rank classified."""
    rank = ranks[-1]
    train, test = (rows.dropna(subset=[rank]) for rows in _parts_of(context, ranks))
    features = context.images.originals
    found = classification.few_shot_scores(
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
    return found.model_copy(update={"rank": rank})


def _fit(
    context: RunContext, table: pd.DataFrame, ranks: Sequence[str]
) -> "tuple[CalibratedModel, OutOfFold]":
    """Fit and calibrate a model as the study says."""
    options = context.settings.classify
    return classification.fit_calibrated(
        context.images.originals,
        table,
        ranks,
        _head(context),
        alpha=options.alpha,
        unknown=options.unknown_share,
        alpha_unknown=options.alpha_unknown,
        calibration=options.calibration,
        seed=context.settings.seed,
        progress=context.progress,
    )


def _assessment(context: RunContext) -> Written:
    """Hold specimens and whole taxa out of a model, and see what its confidence is worth."""
    settings = context.settings
    table, ranks = _labelled(context)
    split = classification.assessment_split(
        table, ranks, test_share=settings.classify.test_share, seed=settings.seed
    )
    rows = table.set_index("file", drop=False)
    train, test = rows.loc[list(split.train)], rows.loc[list(split.test)]
    model, found = _fit(context, train, ranks)
    counts = classification.n_calibrated(found, train["specimen_id"])
    features = context.images.originals
    assessed = classification.assess(model, features, train, test, counts, seed=settings.seed)
    trial = Trial(
        rule=split.rule, n_train=len(train), n_test=len(test), held_out=list(split.held_out)
    )
    return {
        "confidence": {rank: own.to_dict() for rank, own in assessed.confidence.items()},
        "temperature": assessed.temperature,
        "conformal_set": assessed.conformal_set.to_dict(),
        "conformal": assessed.conformal.to_dict(),
        "trial": trial.to_dict(),
    }


def _model(context: RunContext, first: SplitResult, others: dict[str, SplitResult]) -> Written:
    """Fit a model to everything, store it, and measure novelty on taxa left out in turn."""
    settings, dataset = context.settings, context.dataset
    primary = settings.classify.models[0]
    table, ranks = _labelled(context)
    model, found = _fit(context, table, ranks)
    chosen = classification.choice_of(model.blend.leaf) or HeadChoice(head=primary)
    splits = {settings.classify.splits[0]: first} | others
    card = model.card.model_copy(
        update={
            "head": chosen.head,
            "n_taxa": {rank: int(table[rank].nunique()) for rank in ranks},
            "data_hash": dataset.data_hash,
            "performance": _performance(splits, primary),
        }
    )
    classification.save_model(replace(model, card=card), settings.out / "classify" / "model")
    novelty = classification.novelty_of_folds(
        found, model.tree, dict(model.blend.temperatures), table.set_index("file"), settings.seed
    )
    return {
        "novelty": novelty.to_dict() if novelty else None,
        "model": StoredModel(ranks=list(ranks), chosen=chosen).to_dict(),
    }


def _performance(splits: dict[str, SplitResult], model: str) -> dict[str, str]:
    """Write the scores of the primary model for the model card."""
    lines = {}
    for split, found in splits.items():
        for rank, scores in found.models.get(model, {}).items():
            n_test = (found.ranks or {})[rank].n_test
            lines[f"{rank}, {split}"] = (
                f"accuracy {scores.accuracy:.3f}, macro-F1 {scores.macro_f1:.3f} ({n_test} images)"
            )
    return lines
