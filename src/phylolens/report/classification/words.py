"""What models and divisions of the images are called in the report."""

from collections.abc import Mapping
from typing import Any

from phylolens.report.wording import plural

MODEL_WORDS = {
    "default": "default classifier",
    "rf": "random forest",
    "rf-weighted": "class-weighted random forest",
    "rf-balanced-bagging": "balanced bagging of trees",
    "svm": "support vector machine",
    "linear": "linear classifier",
    "lda": "discriminant analysis",
    "mlp-weighted": "weighted neural network",
    "prototype": "nearest class mean",
    "hgnn": "hierarchy-guided network",
}

PARTS = {
    "consistency": "agreement of the ranks",
    "near_duplicates": "search for near-duplicates",
    "sources": "check of the sources",
    "few_shot": "few-shot curve",
    "trial": "confidence and depth",
    "model": "novelty and stored model",
}


def model_words(model: str) -> str:
    """Say what a model is called in plain words."""
    return MODEL_WORDS.get(model, model)


def headline(models: Mapping[str, Any]) -> str:
    """Choose the model the text speaks of: the recipe's first, named before any result was seen.

    The best of several on the same test images would be chosen by luck in part.
    """
    return next(iter(models))


def left_out_rank(division: str) -> str:
    """Return what ``leave-species-out`` leaves out: ``species``; empty for other names."""
    if division.startswith("leave-") and division.endswith("-out"):
        return division[len("leave-") : -len("-out")]
    return ""


def division_words(division: str) -> str:
    """Say how the images were divided, as a column is headed."""
    rank = left_out_rank(division)
    return f"{plural(rank)} left out" if rank else f"{division} division"


def not_possible(metrics: Mapping[str, Any]) -> list[str]:
    """Say what the data were too few for."""
    found = metrics.get("not_possible") or {}
    return [
        f"{PARTS.get(key, key).capitalize()}: {str(why).rstrip('.')}." for key, why in found.items()
    ]
