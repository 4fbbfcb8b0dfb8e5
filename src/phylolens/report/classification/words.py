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
    "mlp-weighted": "weighted neural network",
    "prototype": "nearest class mean",
    "hgnn": "hierarchy-guided network",
}


def model_words(model: str) -> str:
    """Say what a model is called in plain words."""
    return MODEL_WORDS.get(model, model)


def headline(models: Mapping[str, Any]) -> str:
    """Choose the model the text speaks of, without a look at any score.

    ``default`` chose its head on training images alone; failing that, the recipe's first model.
    The best of several on the same test images would be chosen by luck in part.
    """
    return "default" if "default" in models else next(iter(models))


def left_out_rank(division: str) -> str:
    """Return what ``leave-species-out`` leaves out: ``species``; empty for other names."""
    if division.startswith("leave-") and division.endswith("-out"):
        return division[len("leave-") : -len("-out")]
    return ""


def division_words(division: str) -> str:
    """Say how the images were divided, as a column is headed."""
    rank = left_out_rank(division)
    return f"{plural(rank)} left out" if rank else f"{division} division"
