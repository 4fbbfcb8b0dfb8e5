"""Score predictions of one rank: overall, per class, beside guessing, and over repeated splits."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from phylolens.random import stream
from phylolens.results.checks import Scores
from phylolens.results.classification import (
    ClassScores,
    Confusion,
    RandomScores,
    RankScores,
    Repeated,
    RepeatedScores,
    SplitResult,
)

RANDOM_DRAWS = 20
AVERAGES = (
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
)


def evaluate(truth: np.ndarray, predicted: np.ndarray) -> RankScores:
    """Score one rank.

    Parameters
    ----------
    truth, predicted : array of str, shape (n,)
        Labels of the tested images.

    Returns
    -------
    RankScores
        Averages run over the classes that are tested or predicted; a class never predicted has
        precision 0. Weighted averages count every class by its tested images, so the weighted
        recall is the accuracy.
    """
    labels = sorted({str(label) for label in truth} | {str(label) for label in predicted})
    columns = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    precision, recall, f1, support = (np.asarray(column) for column in columns)
    return RankScores(
        accuracy=float(np.mean(truth == predicted)),
        balanced_accuracy=float(recall[support > 0].mean()),
        macro_f1=float(f1.mean()),
        weighted_f1=float(np.average(f1, weights=support)),
        macro_precision=float(precision.mean()),
        macro_recall=float(recall.mean()),
        weighted_precision=float(np.average(precision, weights=support)),
        weighted_recall=float(np.average(recall, weights=support)),
        per_class=[
            ClassScores(label=label, precision=p, recall=r, f1=f, support=s)
            for label, p, r, f, s in zip(
                labels,
                *(column.tolist() for column in (precision, recall, f1, support)),
                strict=True,
            )
        ],
        confusion=Confusion(labels=labels, matrix=_confusion(truth, predicted, labels).tolist()),
    )


def two_scores(truth: np.ndarray, predicted: np.ndarray) -> Scores:
    """Score one rank by accuracy and macro-F1 alone."""
    found = evaluate(truth, predicted)
    return Scores(accuracy=found.accuracy, macro_f1=found.macro_f1)


def _confusion(truth: np.ndarray, predicted: np.ndarray, labels: list[str]) -> np.ndarray:
    matrix = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(matrix, (np.searchsorted(labels, truth), np.searchsorted(labels, predicted)), 1)
    return matrix


def majority_baseline(trained: np.ndarray, truth: np.ndarray) -> RankScores:
    """Score always answering the most frequent training class."""
    labels, counts = np.unique(trained, return_counts=True)
    guess = labels[counts.argmax()]
    found = evaluate(truth, np.full(len(truth), guess))
    return found.model_copy(update={"label": str(guess)})


def random_baseline(trained: np.ndarray, truth: np.ndarray, seed: int) -> RandomScores:
    """Score guessing each training class with equal chance, averaged over 20 draws."""
    rng = stream(seed, "classification.guessing")
    labels = np.unique(trained)
    draws = [evaluate(truth, rng.choice(labels, len(truth))) for _ in range(RANDOM_DRAWS)]
    means = {key: float(np.mean([getattr(draw, key) for draw in draws])) for key in AVERAGES}
    known = float(np.isin(truth, labels).mean())  # a class never trained is never guessed
    return RandomScores(**means, expected_accuracy=known / len(labels), n_draws=RANDOM_DRAWS)


def mean_and_sd(
    runs: Mapping[str, Sequence[SplitResult]],
) -> dict[str, dict[str, dict[str, RepeatedScores]]]:
    """Sum repeated tests up, split by split, model by model, rank by rank.

    Parameters
    ----------
    runs : mapping of str to sequence of SplitResult
        For each split its scores, one a repeat that was possible.

    Returns
    -------
    dict
        By split, model (and ``majority``) and rank; the sd is that of a sample (n - 1), and
        missing with one repeat. Repeated splits share images, so it tells how much the figure
        depends on the split, not how far it is from other samples of nature.
    """
    return {split: _summary(found) for split, found in runs.items()}


def _summary(found: Sequence[SplitResult]) -> dict[str, dict[str, RepeatedScores]]:
    tables = [{**run.models, "majority": run.baselines.majority} for run in found]
    summary: dict[str, dict[str, RepeatedScores]] = {}
    for model in dict.fromkeys(name for table in tables for name in table):
        ranks = dict.fromkeys(rank for table in tables for rank in table.get(model, {}))
        summary[model] = {
            rank: _repeated([t[model][rank] for t in tables if rank in t.get(model, {})])
            for rank in ranks
        }
    return summary


def _repeated(found: Sequence[RankScores]) -> RepeatedScores:
    return RepeatedScores(
        accuracy=_two([float(one.accuracy) for one in found]),
        macro_f1=_two([float(one.macro_f1 or 0.0) for one in found]),
    )


def _two(values: Sequence[float]) -> Repeated:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Repeated(mean=float(np.mean(values)), sd=sd, n=len(values))
