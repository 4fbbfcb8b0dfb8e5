"""Fit one independent head a rank and test it on specimens it has never seen."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from phylolens.classify.evaluate import evaluate, majority_baseline, random_baseline
from phylolens.classify.heads import make_head
from phylolens.classify.recipes import ClassifyRecipe
from phylolens.errors import InputError, TooFew
from phylolens.progress import Progress, silent
from phylolens.specimens.split import Split
from phylolens.values import Features
from phylolens.writing import write_csv, write_json


@dataclass(frozen=True)
class ClassifyResult:
    """What the experiment gave.

    Parameters
    ----------
    metrics : dict
        As written to ``metrics.json``.
    predictions : DataFrame
        Columns ``file``, ``rank``, ``model``, ``truth``, ``predicted``, ``probability``.
    """

    metrics: dict[str, Any]
    predictions: pd.DataFrame


def testable_ranks(table: pd.DataFrame, ranks: Sequence[str]) -> tuple[str, ...]:
    """Keep the ranks with at least two classes.

    Raises
    ------
    TooFew
        If there is none.
    """
    kept = tuple(rank for rank in ranks if table[rank].nunique() > 1)
    if not kept:
        raise TooFew(
            f"every rank ({', '.join(ranks)}) has a single class: nothing to tell apart.",
            hint="Give images of at least two taxa.",
        )
    return kept


def classify(
    features: Features,
    table: pd.DataFrame,
    split: Split,
    plans: Mapping[str, pd.DataFrame],
    recipe: ClassifyRecipe,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> ClassifyResult:
    """Fit and test the recipe's heads at every rank of ``plans``.

    Parameters
    ----------
    features : Features
        Rows of all tested images and of all rows of the plans.
    table : DataFrame
        Columns ``file`` and the ranks.
    split : Split
        The tested files; the plans must hold no other part of the data.
    plans : mapping of str to DataFrame
        For each rank the training rows: columns ``id`` (row of the features), ``file``, ``label``.
    recipe : ClassifyRecipe
        The models.
    seed : int
        Of the models and the random baseline.

    Raises
    ------
    InputError
        If a plan touches a tested file (a leak).
    TooFew
        If no rank can be tested.
    """
    truth_of = table.set_index("file").loc[list(split.test)]
    for rank, plan in plans.items():
        _refuse_leak(plan, split, rank)
    plans, skipped = _testable(plans, truth_of)
    metrics: dict[str, Any] = {
        "recipe": recipe.name,
        "source": recipe.source,
        "seed": seed,
        "n_train": len(split.train),
        "n_test": len(split.test),
        "split": split.rule,
        "ranks": {},
        "skipped": skipped,
        "models": {name: {} for name in recipe.models},
        "baselines": {"majority": {}, "random": {}},
    }
    predictions: list[pd.DataFrame] = []
    total = len(plans) * len(recipe.models)
    for rank, plan in plans.items():
        truth = truth_of[rank].dropna()
        test, train = features.take(list(truth.index)), features.take(list(plan["id"]))
        labels, answers = plan["label"].to_numpy(str), truth.to_numpy(str)
        original = labels[(plan["id"] == plan["file"]).to_numpy()]
        metrics["ranks"][rank] = _counts(labels, original, answers)
        metrics["baselines"]["majority"][rank] = majority_baseline(original, answers)
        metrics["baselines"]["random"][rank] = random_baseline(original, answers, seed)
        for name in recipe.models:
            guessed, certainty = _fit_predict(name, seed, train.matrix, labels, test.matrix)
            metrics["models"][name][rank] = evaluate(answers, guessed)
            predictions.append(_rows(truth, rank, name, guessed, certainty))
            progress(f"classifying ({rank}, {name})", len(predictions), total)
    return ClassifyResult(metrics, pd.concat(predictions, ignore_index=True))


def _refuse_leak(plan: pd.DataFrame, split: Split, rank: str) -> None:
    leaked = sorted(set(plan["file"]) & set(split.test))
    if leaked:
        raise InputError(f"training rows of rank {rank} come from tested images.", ids=leaked)


def _testable(
    plans: Mapping[str, pd.DataFrame], truth_of: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Keep the ranks with something to learn and to test; say why others are left out."""
    skipped = {}
    for rank, plan in plans.items():
        if plan["label"].nunique() < 2:
            skipped[rank] = "fewer than two classes to train on"
        elif not truth_of[rank].notna().any():
            skipped[rank] = "no tested image has a label"
    kept = {rank: plan for rank, plan in plans.items() if rank not in skipped}
    if not kept:
        reasons = "; ".join(f"{rank}: {reason}" for rank, reason in skipped.items())
        raise TooFew(f"no rank can be tested ({reasons or 'none given'}).")
    return kept, skipped


def _counts(labels: np.ndarray, original: np.ndarray, answers: np.ndarray) -> dict[str, Any]:
    return {
        "n_classes": len(np.unique(labels)),
        "n_train": len(original),
        "n_train_with_copies": len(labels),
        "n_test": len(answers),
        "untested": sorted(set(labels) - set(answers)),
    }


def _fit_predict(
    name: str, seed: int, train: np.ndarray, labels: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and their probabilities; trees grow on all cores, answers are summed in one order."""
    head = make_head(name, seed)
    with joblib.parallel_config(backend="threading"), warnings.catch_warnings():
        # Many classes of few images are what a balanced bag is meant to be.
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        head.set_params(n_jobs=-1).fit(train, labels)
    probabilities = head.set_params(n_jobs=1).predict_proba(test)
    return head.classes_[probabilities.argmax(axis=1)], probabilities.max(axis=1)


def _rows(
    truth: pd.Series, rank: str, model: str, guessed: np.ndarray, certainty: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": truth.index,
            "rank": rank,
            "model": model,
            "truth": truth.to_numpy(),
            "predicted": guessed,
            "probability": certainty,
        }
    )


def write_classified(result: ClassifyResult, folder: Path) -> None:
    """Write ``metrics.json`` and ``predictions.csv``."""
    write_csv(folder / "predictions.csv", result.predictions)
    write_json(folder / "metrics.json", result.metrics)
