"""Accuracy at every rank in bars, scores of each taxon by model, and what a forest relies on."""

from typing import Any

import numpy as np

from phylolens.named_settings import file_name
from phylolens.report.sections.classification.models import model_words
from phylolens.report.text import count, listed, number, percent, plural
from phylolens.results.classification import ClassificationResult, RankScores

MOST_ROWS = 2_500  # of all tables of one rank together; a page with more is slow to open
GUESSING = (
    {"key": "majority", "name": "always the most frequent taxon", "kind": "baseline"},
    {"key": "random", "name": "random guessing", "kind": "baseline"},
)
STUDIED = ("rf", "rf-weighted", "rf-balanced-bagging")


def about_accuracy(metrics: ClassificationResult) -> dict[str, Any]:
    """Accuracy of the primary model beside guessing, and of all models, at every rank.

    Parameters
    ----------
    metrics : ClassificationResult
        Its first split is shown.

    Returns
    -------
    dict
        ``guess`` and ``models``, each with ``series``, ``ranks`` and ``alt``; ``models`` is None
        where there is one model.
    """
    ranks = list(metrics.models[metrics.primary])
    every = [{"key": name, "name": model_words(name), "kind": "model"} for name in metrics.models]
    guess = [every[0], *GUESSING]
    return {
        "guess": _chart(metrics, ranks, guess),
        "models": _chart(metrics, ranks, every) if len(every) > 1 else None,
        "studied": set(STUDIED) <= set(metrics.models),
    }


def _chart(
    metrics: ClassificationResult, ranks: list[str], series: list[dict[str, str]]
) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"rank": rank, "bars": {one["key"]: _bar(metrics, one["key"], rank) for one in series}}
        for rank in ranks
    ]
    told = [
        f"{row['rank']} "
        + listed([f"{one['name']} {percent(row['bars'][one['key']]['value'])}" for one in series])
        for row in rows
    ]
    return {"series": series, "ranks": rows, "alt": f"Accuracy by rank: {'; '.join(told)}."}


def _bar(metrics: ClassificationResult, key: str, rank: str) -> dict[str, Any]:
    """Accuracy and its interval, of a model or a baseline."""
    if key == "random":
        return {"value": metrics.baselines.random[rank].accuracy, "interval": None}
    scores = metrics.baselines.majority if key == "majority" else metrics.models[key]
    ends = scores[rank].accuracy_interval
    known = ends is not None and None not in ends
    return {"value": scores[rank].accuracy, "interval": list(ends or ()) if known else None}


def about_classes(metrics: ClassificationResult, rank: str) -> list[dict[str, Any]]:
    """Scores of every taxon by each model but the primary one, whose table is unfolded.

    Where all tables together would be too long for a page, ``rows`` is empty and ``file`` says
    where they stand.
    """
    others: dict[str, RankScores] = {
        name: ranks[rank]
        for name, ranks in metrics.models.items()
        if name != metrics.primary and rank in ranks
    }
    total = sum(len(scores.per_class) for scores in others.values())
    return [
        {
            "name": model_words(name),
            "file": f"classify/per_class_{file_name(name)}.csv",
            "rows": [row.to_dict() for row in scores.per_class] if total <= MOST_ROWS else [],
        }
        for name, scores in others.items()
    ]


def about_importance(metrics: ClassificationResult) -> dict[str, Any] | None:
    """Sum up ``feature_ranking``; None where it was not made."""
    found = metrics.feature_ranking
    if not found or not found.features:
        return None
    top, others = found.features[: found.n_top], found.features[found.n_top :]
    n_useless = sum(row.permutation <= 0 for row in top)
    summary: dict[str, Any] = {
        "model": model_words(found.model),
        "rank": found.rank,
        "n_repeats": found.n_repeats,
        "n_features": found.n_features,
        "rows": [row.to_dict() for row in top],
        "others": None,
    }
    if others:
        means = {
            key: float(np.mean([getattr(row, key) for row in others]))
            for key in ("impurity", "permutation")
        }
        spread = {
            "impurity_se": _error([row.impurity for row in others]),
            "permutation_sd": float(np.std([row.permutation for row in others])),
        }
        summary["others"] = {"n": len(others), **means, **spread}
    summary["sentence"] = (
        f"Of {count(found.n_features, 'feature')} the {len(top)} ranked highest by impurity have "
        f"{percent(found.top_share)} of the forest's decrease of impurity. Permuting all of them "
        f"together among {count(found.n_test, 'tested image')} costs {number(found.top_loss)} of "
        f"its macro-F1 of {number(found.macro_f1)} by {found.rank}; permuted one at a time, "
        f"{n_useless} of them cost nothing."
    )
    if found.spearman is not None:
        summary["sentence"] += (
            f" Over the {len(found.features)} features permuted, both rankings correlate by "
            f"{number(found.spearman)} (Spearman)."
        )
    summary["caveat"] = (
        "Impurity is measured on the images that the trees grew on: it gives noise a share and "
        "favours features with many values. Permutation on tested images does not, but features "
        f"that say the same stand in for each other, so that each seems worthless for "
        f"{plural(found.rank)} that both tell apart. Neither ranking tests a hypothesis."
    )
    return summary


def _error(values: list[float]) -> float:
    """Return the standard error of the mean."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
