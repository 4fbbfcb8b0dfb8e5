"""Score predictions of one rank: overall, per class, and beside what guessing achieves."""

from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

RANDOM_DRAWS = 20


def evaluate(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Score one rank.

    Parameters
    ----------
    truth, predicted : array of str, shape (n,)
        Labels of the tested images.

    Returns
    -------
    dict
        ``accuracy``, ``balanced_accuracy``, ``macro_f1``, ``weighted_f1``, ``macro_recall``,
        ``per_class`` and ``confusion`` (rows true, columns predicted). Averages run over the
        classes that are tested or predicted; a class never predicted has precision 0.
    """
    labels = sorted(set(truth) | set(predicted))
    columns = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    precision, recall, f1, support = (np.asarray(column) for column in columns)
    return {
        **_overall(truth, predicted, recall, f1, support),
        "per_class": [
            {"label": label, "precision": p, "recall": r, "f1": f, "support": int(s)}
            for label, p, r, f, s in zip(labels, precision, recall, f1, support, strict=True)
        ],
        "confusion": {
            "labels": labels,
            "matrix": _confusion(truth, predicted, labels).tolist(),
        },
    }


def _confusion(truth: np.ndarray, predicted: np.ndarray, labels: list[str]) -> np.ndarray:
    matrix = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(matrix, (np.searchsorted(labels, truth), np.searchsorted(labels, predicted)), 1)
    return matrix


def _overall(
    truth: np.ndarray,
    predicted: np.ndarray,
    recall: np.ndarray,
    f1: np.ndarray,
    support: np.ndarray,
) -> dict[str, float]:
    return {
        "accuracy": float(np.mean(truth == predicted)),
        "balanced_accuracy": float(recall[support > 0].mean()),
        "macro_f1": float(f1.mean()),
        "weighted_f1": float(np.average(f1, weights=support)),
        "macro_recall": float(recall.mean()),
    }


def majority_baseline(trained: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Score always answering the most frequent training class."""
    labels, counts = np.unique(trained, return_counts=True)
    guess = labels[counts.argmax()]
    return {"label": str(guess)} | evaluate(truth, np.full(len(truth), guess))


def random_baseline(trained: np.ndarray, truth: np.ndarray, seed: int) -> dict[str, Any]:
    """Score guessing each training class with equal chance, averaged over 20 draws."""
    rng = np.random.default_rng(seed)
    labels = np.unique(trained)
    keys = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "macro_recall")
    draws = [evaluate(truth, rng.choice(labels, len(truth))) for _ in range(RANDOM_DRAWS)]
    means = {key: float(np.mean([draw[key] for draw in draws])) for key in keys}
    known = float(np.isin(truth, labels).mean())  # a class never trained is never guessed
    return means | {"expected_accuracy": known / len(labels), "n_draws": RANDOM_DRAWS}
