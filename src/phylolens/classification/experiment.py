"""Fit one independent head a rank and test it on specimens kept from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from phylolens.classification.blend import LeafPlan, RankBlend
from phylolens.classification.evaluate import evaluate, majority_baseline, random_baseline
from phylolens.classification.finetune import FineTunedClassifier
from phylolens.classification.heads import choice_of, fit_head, probabilities
from phylolens.classification.heads.soft_targets import Distances
from phylolens.classification.imbalance import head_of
from phylolens.classification.parents import lineage_of, parents_of
from phylolens.errors import InputError, TooFew
from phylolens.progress import Progress, silent
from phylolens.results.classification import Baselines, RankCounts, RankScores, SplitResult
from phylolens.results.classifier import HeadChoice
from phylolens.specimens.split import Split
from phylolens.values import Features

DEFAULT = "default"


@dataclass(frozen=True)
class ClassifyResult:
    """What the experiment gave.

    Parameters
    ----------
    metrics : SplitResult
        Scores by model and rank.
    predictions : DataFrame
        Columns ``file``, ``rank``, ``model``, ``truth``, ``predicted``, ``probability``.
    """

    metrics: SplitResult
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
            f"every rank ({', '.join(ranks)}) has a single class: nothing to classify.",
            hint="Give images of at least two taxa.",
        )
    return kept


def classify(
    features: Features,
    table: pd.DataFrame,
    split: Split,
    plans: Mapping[str, pd.DataFrame],
    models: Sequence[str],
    *,
    steps: Sequence[str] = (),
    imbalance: str = "none",
    ranks: Sequence[str] = (),
    leaf: LeafPlan | None = None,
    distances: Mapping[str, Distances] | None = None,
    networks: Mapping[str, FineTunedClassifier] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ClassifyResult:
    """Fit and test heads at every rank of ``plans``, one a rank.

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
    models : sequence of str
        Heads (see ``phylolens.classification.HEADS``); the first is primary.
    steps : sequence of str
        Transforms of the features ahead of every head, fitted on training rows only.
    imbalance : str
        What is done about rare classes besides copies (see
        ``phylolens.classification.imbalance``).
    ranks : sequence of str
        All ranks of the table, coarse to fine: heads that use the taxonomy are given the parents.
    leaf : LeafPlan, optional
        For the model ``default``: one head on the finest taxa, summed up the ranks. Without it,
        and at finer ranks, ``default`` is an independent head like the others.
    distances : mapping of str to (names, array), optional
        Genetic distances between the taxa of ranks, for heads with the target
        ``softmax-distance``.
    networks : mapping of str to FineTunedClassifier, optional
        For models that train the network itself: unfitted, with the images of all rows. Each is
        fitted once, to all ranks, on the rows of ``leaf`` or, without it, of the finest plan.
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
    shared = _Shared(
        features, table.set_index("file")["specimen_id"], tuple(steps), imbalance, seed, distances
    )
    blend = _fit_blend(shared, leaf, progress) if leaf and DEFAULT in models else None
    rows = leaf.plan if leaf else list(plans.values())[-1]
    fitted = _fit_networks(networks or {}, rows, table, list(plans), progress)
    counts: dict[str, RankCounts] = {}
    baselines = Baselines(majority={}, random={})
    scores: dict[str, dict[str, RankScores]] = {name: {} for name in models}
    chosen: dict[str, dict[str, HeadChoice]] = {}
    predictions: list[pd.DataFrame] = []
    total = len(plans) * len(models)
    for rank, plan in plans.items():
        truth = truths[rank]
        answers = truth.to_numpy(str)
        trained = table[table["file"].isin(plan["file"])]
        part = shared.part(
            plan,
            list(truth.index),
            parents_of(table, ranks, rank),
            lineage_of(trained, ranks, rank),
        )
        unknown = int(truth_of[rank].notna().sum()) - len(answers)
        counts[rank] = _counts(part.labels, part.original, answers, unknown)
        baselines.majority[rank] = majority_baseline(part.original, answers)
        baselines.random[rank] = random_baseline(part.original, answers, seed)
        for name in models:
            ready = blend if name == DEFAULT and blend and rank in blend.tree.ranks else None
            if name in fitted:
                head, how = fitted[name], "one network for all ranks"
                guessed, certainty = head.at_rank(list(truth.index), rank)
            else:
                head, guessed, certainty = _answer(shared, part, name, rank, ready)
                how = "blended over the taxonomy" if ready else "independent"
            scores[name][rank] = evaluate(answers, guessed)
            if choice := choice_of(head):
                chosen.setdefault(name, {})[rank] = choice.model_copy(update={"how": how})
            predictions.append(_rows(truth, rank, name, guessed, certainty))
            progress(f"classifying ({rank}, {name})", len(predictions), total)
    found = SplitResult(
        seed=seed,
        n_train=len(split.train),
        n_test=len(split.test),
        split=split.rule,
        held_out=list(split.held_out),
        ranks=counts,
        skipped=skipped,
        models=scores,
        chosen=dict(chosen),
        baselines=baselines,
    )
    return ClassifyResult(found, pd.concat(predictions, ignore_index=True))


@dataclass(frozen=True)
class _Part:
    """Training and test rows of one rank; ``original`` labels are those of unaltered images."""

    train: np.ndarray
    labels: np.ndarray
    original: np.ndarray
    groups: np.ndarray
    test: np.ndarray
    parents: dict[str, str] | None
    lineage: dict[str, dict[str, str]] | None


@dataclass(frozen=True)
class _Shared:
    """What the tests of all ranks share."""

    features: Features
    specimen_of: pd.Series
    steps: tuple[str, ...]
    imbalance: str
    seed: int
    distances: Mapping[str, Distances] | None

    def part(
        self,
        plan: pd.DataFrame,
        tested: Sequence[str],
        parents: dict[str, str] | None = None,
        lineage: dict[str, dict[str, str]] | None = None,
    ) -> _Part:
        labels = plan["label"].to_numpy(str)
        return _Part(
            train=self.features.take(list(plan["id"])).matrix,
            labels=labels,
            original=labels[(plan["id"] == plan["file"]).to_numpy()],
            groups=self.specimen_of.loc[plan["file"]].to_numpy(str),
            test=self.features.take(tested).matrix,
            parents=parents,
            lineage=lineage,
        )

    def head(self, name: str, part: _Part | None = None, rank: str = "") -> ClassifierMixin:
        return head_of(
            name,
            self.seed,
            steps=self.steps,
            imbalance=self.imbalance,
            parents=part.parents if part else None,
            lineage=part.lineage if part else None,
            distances=self.distances,
            rank=rank,
            blocks=self.features.spec.get("blocks"),
        )


def _fit_blend(shared: _Shared, leaf: LeafPlan, progress: Progress) -> RankBlend:
    """Fit the default head to the finest taxa of the training part, and its like above."""
    task = "classifying (all ranks, default)"
    progress(task, 0, 1)
    part = shared.part(leaf.plan, ())
    blend = RankBlend.fit(shared.head(DEFAULT), leaf.tree, part.train, part.labels, part.groups)
    progress(task, 1, 1)
    return blend


def _fit_networks(
    networks: Mapping[str, FineTunedClassifier],
    plan: pd.DataFrame,
    table: pd.DataFrame,
    ranks: Sequence[str],
    progress: Progress,
) -> Mapping[str, FineTunedClassifier]:
    """Train networks on the rows of a plan, to name all ranks."""
    of_row = table.set_index("file").loc[plan["file"]]
    for place, network in enumerate(networks.values()):
        progress("training networks", place, len(networks))
        network.fit(list(plan["id"]), of_row[list(ranks)], list(of_row["specimen_id"]))
        progress("training networks", place + 1, len(networks))
    return networks


def _answer(
    shared: _Shared, part: _Part, name: str, rank: str, blend: RankBlend | None
) -> tuple[ClassifierMixin, np.ndarray, np.ndarray]:
    """Head, labels and their probabilities."""
    if blend is not None:
        return blend.leaf, *blend.at_rank(blend.marginals(part.test), rank)
    head = shared.head(name, part, rank)
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


def _counts(
    labels: np.ndarray, original: np.ndarray, answers: np.ndarray, n_not_trained: int
) -> RankCounts:
    return RankCounts(
        n_classes=len(np.unique(labels)),
        n_train=len(original),
        n_train_with_copies=len(labels),
        n_test=len(answers),
        untested=[str(label) for label in sorted(set(labels) - set(answers))],
        n_not_trained=n_not_trained,
    )


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
