"""Scores of answers, written out once more so that nothing here leans on the code under test."""

from typing import Any

import numpy as np


def evaluate(truth: np.ndarray, named: np.ndarray) -> dict[str, Any]:
    labels = sorted(set(truth) | set(named))
    at = {label: place for place, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), dtype=int)
    for a, b in zip(truth, named, strict=True):
        matrix[at[a], at[b]] += 1
    rows = []
    for k, label in enumerate(labels):
        hits, support, given = matrix[k, k], matrix[k].sum(), matrix[:, k].sum()
        rows.append({"label": str(label), "precision": hits / max(given, 1),
                     "recall": hits / max(support, 1), "f1": 2 * hits / (support + given),
                     "support": int(support)})  # fmt: skip
    return {
        "accuracy": float(np.mean(truth == named)),
        "balanced_accuracy": float(np.mean([r["recall"] for r in rows if r["support"]])),
        "macro_f1": float(np.mean([r["f1"] for r in rows])),
        "weighted_f1": float(sum(r["f1"] * r["support"] for r in rows) / len(truth)),
        "macro_recall": float(np.mean([r["recall"] for r in rows])),
        "per_class": rows,
        "confusion": {"labels": [str(label) for label in labels], "matrix": matrix.tolist()},
    }


def majority(trained: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    labels, counts = np.unique(trained, return_counts=True)
    label = str(labels[counts.argmax()])
    return {"label": label} | evaluate(truth, np.full(len(truth), label, dtype=object))


def guessing(trained: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    keys = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "macro_recall")
    rng, labels = np.random.default_rng(0), np.unique(trained)
    draws = [evaluate(truth, rng.choice(labels, len(truth))) for _ in range(5)]
    return {key: float(np.mean([draw[key] for draw in draws])) for key in keys} | {"n_draws": 5}
