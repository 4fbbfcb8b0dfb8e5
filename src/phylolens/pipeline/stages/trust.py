"""Calibrate a model over all ranks, test how far it can be trusted, and store it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from phylolens.classification.recipes import ClassifyRecipe
from phylolens.errors import TooFew
from phylolens.pipeline.checkpoints import Parts
from phylolens.pipeline.context import Bench
from phylolens.pipeline.stages.ablation import ablation
from phylolens.pipeline.stages.classify_split import answer_ranks, divide
from phylolens.writing import read_csv

if TYPE_CHECKING:
    from phylolens.classification.cross_fit import OutOfFold
    from phylolens.classification.trusted import TrustedModel

FEW_SHOT_MODELS = ("prototype", "linear", "rf")


def trust(
    bench: Bench,
    recipe: ClassifyRecipe,
    ranks: Sequence[str],
    metrics: dict[str, Any],
    parts: Parts,
) -> dict[str, Any]:
    """Return the keys of ``metrics.json`` that say how far answers can be trusted.

    A part that the data are too few for is named in ``not_possible`` and left out.
    """
    wanted = bench.study.classify.ablation
    steps = {
        "consistency": lambda: _consistency(bench, recipe, ranks),
        "near_duplicates": lambda: _near_duplicates(bench, recipe, ranks),
        "sources": lambda: _sources(bench),
        "few_shot": lambda: _few_shot(bench, recipe, ranks),
        **({"ablation": lambda: ablation(bench, recipe, ranks)} if wanted else {}),
        "trial": lambda: _trial(bench, recipe),
        "model": lambda: _model(bench, recipe, metrics),
    }
    found: dict[str, Any] = {"not_possible": {}}
    for name, make in steps.items():
        try:
            part = parts.keep(name, make)
        except TooFew as error:
            found["not_possible"][name] = error.problem
            continue
        found |= part if name in ("trial", "model") else {name: part.get(name)}
    return found


def _labelled(bench: Bench) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows with some label, and the ranks a model answers at."""
    table = bench.material.table
    ranks = answer_ranks(table, bench.material.ranks)
    return table[table[list(ranks)].notna().any(axis=1)], ranks


def _parts_of(
    bench: Bench, recipe: ClassifyRecipe, ranks: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test rows of a random split, indexed by file."""
    split = divide(bench, recipe, ranks, "random", bench.study.seed)
    rows = bench.material.table.set_index("file", drop=False)
    return rows.loc[list(split.train)], rows.loc[list(split.test)]


def _head(bench: Bench, recipe: ClassifyRecipe) -> Any:
    """Build the head of the trusted model: the recipe's first."""
    from phylolens.classification.building import head_of

    features = bench.pictures.originals
    return head_of(recipe, recipe.models[0], bench.study.seed, blocks=features.spec.get("blocks"))


def _consistency(bench: Bench, recipe: ClassifyRecipe, ranks: Sequence[str]) -> dict[str, Any]:
    """Independent heads against probabilities summed up the taxonomy, on the headline split."""
    from phylolens.classification.ways import compare_ways

    train, test = _parts_of(bench, recipe, ranks)
    return {
        "consistency": compare_ways(
            bench.pictures.originals,
            train,
            test,
            answer_ranks(train, bench.material.ranks),
            ranks,
            _head(bench, recipe),
            progress=bench.progress,
        )
    }


def _near_duplicates(bench: Bench, recipe: ClassifyRecipe, ranks: Sequence[str]) -> dict[str, Any]:
    """Find tested pictures with a near copy in training, and score without them."""
    from phylolens.classification.near_duplicates import near_duplicates

    train, test = _parts_of(bench, recipe, ranks)
    features = bench.pictures.originals
    found = near_duplicates(features.take(list(train["file"])), features.take(list(test["file"])))
    answers = read_csv(
        bench.study.out / "classify" / "predictions.csv", dtype=str, keep_default_na=False
    )
    left = answers[(answers["model"] == recipe.models[0]) & ~answers["file"].isin(found.files)]
    right = (left["truth"] == left["predicted"]).groupby(left["rank"]).mean()
    return {"near_duplicates": found.to_dict() | {"accuracy_without": right.to_dict()}}


def _sources(bench: Bench) -> dict[str, Any]:
    """Whether the features tell where pictures come from."""
    from phylolens.classification.sources import source_check

    material = bench.material
    return {
        "sources": source_check(
            bench.pictures.originals, material.table, material.ranks, seed=bench.study.seed
        )
    }


def _few_shot(bench: Bench, recipe: ClassifyRecipe, ranks: Sequence[str]) -> dict[str, Any]:
    """Accuracy against the number of specimens a taxon, at the finest rank classified."""
    from phylolens.classification.few_shot import few_shot

    rank = ranks[-1]
    train, test = (rows.dropna(subset=[rank]) for rows in _parts_of(bench, recipe, ranks))
    features = bench.pictures.originals
    found = few_shot(
        features.take(list(train["file"])).matrix,
        train[rank].to_numpy(str),
        train["specimen_id"].to_numpy(str),
        features.take(list(test["file"])).matrix,
        test[rank].to_numpy(str),
        names=FEW_SHOT_MODELS,
        blocks=features.spec.get("blocks"),
        progress=bench.progress,
        seed=bench.study.seed,
    )
    return {"few_shot": {"rank": rank} | found}


def _fit(
    bench: Bench, recipe: ClassifyRecipe, table: pd.DataFrame, ranks: Sequence[str]
) -> "tuple[TrustedModel, OutOfFold]":
    """Fit and calibrate a model as the study says."""
    from phylolens.classification.trusted import fit_trusted

    settings = bench.study.classify
    return fit_trusted(
        bench.pictures.originals,
        table,
        ranks,
        _head(bench, recipe),
        alpha=settings.alpha,
        unknown=settings.unknown_share,
        alpha_unknown=settings.alpha_unknown,
        calibration=settings.calibration,
        seed=bench.study.seed,
        progress=bench.progress,
    )


def _trial(bench: Bench, recipe: ClassifyRecipe) -> dict[str, Any]:
    """Hold specimens and whole taxa out of a model, and see what its confidence is worth."""
    from phylolens.classification.trial import assess, n_calibrated, trial_split

    study = bench.study
    table, ranks = _labelled(bench)
    split = trial_split(table, ranks, test_share=recipe.test_share, seed=study.seed)
    rows = table.set_index("file", drop=False)
    train, test = rows.loc[list(split.train)], rows.loc[list(split.test)]
    features = bench.pictures.originals
    model, found = _fit(bench, recipe, train, ranks)
    counts = n_calibrated(found, train["specimen_id"])
    seen = assess(model, features, train, test, counts, seed=study.seed)
    about = {"rule": split.rule, "n_train": len(train), "n_test": len(test)}
    return seen | {"trial": about | {"held_out": list(split.held_out)}}


def _model(bench: Bench, recipe: ClassifyRecipe, metrics: dict[str, Any]) -> dict[str, Any]:
    """Fit a model to everything, store it, and measure novelty on taxa left out in turn."""
    from phylolens.classification.heads import choice_of
    from phylolens.classification.model_file import save_model
    from phylolens.classification.novelty_folds import novelty_of_folds

    study, material = bench.study, bench.material
    table, ranks = _labelled(bench)
    model, found = _fit(bench, recipe, table, ranks)
    chosen = choice_of(model.blend.leaf) or {"head": recipe.models[0]}
    card = {
        "head": chosen["head"],
        "n_taxa": {rank: int(table[rank].nunique()) for rank in ranks},
        "data_hash": material.data_hash,
        "performance": _performance(metrics, recipe.models[0], recipe.splits[0]),
    }
    save_model(replace(model, card=dict(model.card) | card), study.out / "classify" / "model")
    novelty = novelty_of_folds(
        found, model.tree, dict(model.blend.temperatures), table.set_index("file"), study.seed
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
