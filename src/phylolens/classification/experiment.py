"""Fit one independent head a rank and test it on specimens it has never seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classification.blend import LeafPlan, RankBlend
from phylolens.classification.building import head_of, parents_of
from phylolens.classification.evaluate import evaluate, majority_baseline, random_baseline
from phylolens.classification.heads import choice_of, fit_head, probabilities
from phylolens.classification.recipes import ClassifyRecipe
from phylolens.errors import InputError, TooFew
from phylolens.progress import Progress, silent
from phylolens.specimens.split import Split
from phylolens.values import Features
from phylolens.writing import write_csv, write_json

DEFAULT = "default"


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
    ranks: Sequence[str] = (),
    leaf: LeafPlan | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ClassifyResult:
    """Fit and test the recipe's heads at every rank of ``plans``.

    Parameters
    ----------
    features : Features
        Rows of all tested images and of all rows of the plans.
    table : DataFrame
        Columns ``file``, ``specimen_id`` and the ranks.
    split : Split
        The tested files; the plans must hold no other part of the data.
    plans : mapping of str to DataFrame
        For each rank the training rows: columns ``id`` (row of the features), ``file``, ``label``.
    recipe : ClassifyRecipe
        The models.
    ranks : sequence of str
        All ranks of the table, coarse to fine: heads that use the taxonomy are told the parents.
    leaf : LeafPlan, optional
        For the model ``default``: one head on the finest taxa, summed up the ranks. Without it,
        and at finer ranks, ``default`` is an independent head like the others.
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
    if leaf is not None:
        _refuse_leak(leaf.plan, split, leaf.tree.ranks[-1])
    truths = {rank: _answerable(truth_of[rank], plan, split) for rank, plan in plans.items()}
    plans, skipped = _testable(plans, truths)
    metrics: dict[str, Any] = {
        "recipe": recipe.name,
        "source": recipe.source,
        "seed": seed,
        "n_train": len(split.train),
        "n_test": len(split.test),
        "split": split.rule,
        "held_out": list(split.held_out),
        "ranks": {},
        "skipped": skipped,
        "models": {name: {} for name in recipe.models},
        "chosen": {},
        "baselines": {"majority": {}, "random": {}},
    }
    bench = _Bench(features, table.set_index("file")["specimen_id"], recipe, seed)
    blend = _fit_blend(bench, leaf, progress) if leaf and DEFAULT in recipe.models else None
    predictions: list[pd.DataFrame] = []
    total = len(plans) * len(recipe.models)
    for rank, plan in plans.items():
        truth = truths[rank]
        answers = truth.to_numpy(str)
        part = bench.part(plan, list(truth.index), parents_of(table, ranks, rank))
        unknown = {"n_not_trained": int(truth_of[rank].notna().sum()) - len(answers)}
        metrics["ranks"][rank] = _counts(part.labels, part.original, answers) | unknown
        metrics["baselines"]["majority"][rank] = majority_baseline(part.original, answers)
        metrics["baselines"]["random"][rank] = random_baseline(part.original, answers, seed)
        for name in recipe.models:
            ready = blend if name == DEFAULT and blend and rank in blend.tree.ranks else None
            head, guessed, certainty = _answer(bench, part, name, rank, ready)
            metrics["models"][name][rank] = evaluate(answers, guessed)
            if chosen := choice_of(head):
                how = {"how": "blended over the taxonomy" if ready else "independent"}
                metrics["chosen"].setdefault(name, {})[rank] = chosen | how
            predictions.append(_rows(truth, rank, name, guessed, certainty))
            progress(f"classifying ({rank}, {name})", len(predictions), total)
    return ClassifyResult(metrics, pd.concat(predictions, ignore_index=True))


@dataclass(frozen=True)
class _Part:
    """Training and test rows of one rank; ``original`` labels are those of unaltered images."""

    train: np.ndarray
    labels: np.ndarray
    original: np.ndarray
    groups: np.ndarray
    test: np.ndarray
    parents: dict[str, str] | None


@dataclass(frozen=True)
class _Bench:
    """What the tests of all ranks share."""

    features: Features
    specimen_of: pd.Series
    recipe: ClassifyRecipe
    seed: int

    def part(
        self, plan: pd.DataFrame, tested: Sequence[str], parents: dict[str, str] | None = None
    ) -> _Part:
        labels = plan["label"].to_numpy(str)
        return _Part(
            train=self.features.take(list(plan["id"])).matrix,
            labels=labels,
            original=labels[(plan["id"] == plan["file"]).to_numpy()],
            groups=self.specimen_of.loc[plan["file"]].to_numpy(str),
            test=self.features.take(tested).matrix,
            parents=parents,
        )

    def head(self, name: str, parents: dict[str, str] | None = None) -> ClassifierMixin:
        return head_of(self.recipe, name, self.seed, parents, self.features.spec.get("blocks"))


def _fit_blend(bench: _Bench, leaf: LeafPlan, progress: Progress) -> RankBlend:
    """Fit the default head to the finest taxa of the training part, and its like above."""
    task = "classifying (all ranks, default)"
    progress(task, 0, 1)
    part = bench.part(leaf.plan, ())
    blend = RankBlend.fit(bench.head(DEFAULT), leaf.tree, part.train, part.labels, part.groups)
    progress(task, 1, 1)
    return blend


def _answer(
    bench: _Bench, part: _Part, name: str, rank: str, blend: RankBlend | None
) -> tuple[ClassifierMixin, np.ndarray, np.ndarray]:
    """Head, labels and their probabilities."""
    if blend is not None:
        return blend.leaf, *blend.at_rank(blend.marginals(part.test), rank)
    head = bench.head(name, part.parents)
    fit_head(head, part.train, part.labels, part.groups)
    found = probabilities(head, part.test)
    return head, head.classes_[found.argmax(axis=1)], found.max(axis=1)


def _refuse_leak(plan: pd.DataFrame, split: Split, rank: str) -> None:
    leaked = sorted(set(plan["file"]) & set(split.test))
    if leaked:
        raise InputError(f"training rows of rank {rank} come from tested images.", ids=leaked)


def _answerable(truth: pd.Series, plan: pd.DataFrame, split: Split) -> pd.Series:
    """Keep the tested labels of a rank that were trained on, where taxa were left out.

    A species left out is tested at the ranks above, not at its own, where no answer can be right.
    """
    known = truth.dropna()
    return known[known.isin(plan["label"])] if split.held_out else known


def _testable(
    plans: Mapping[str, pd.DataFrame], truths: Mapping[str, pd.Series]
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Keep the ranks with something to learn and to test; say why others are left out."""
    skipped = {}
    for rank, plan in plans.items():
        if plan["label"].nunique() < 2:
            skipped[rank] = "fewer than two classes to train on"
        elif not len(truths[rank]):
            skipped[rank] = "no tested image has a label that was trained on"
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
