"""Classifiers on frozen features, scikit-learn estimators by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sklearn.base import ClassifierMixin

from phylolens.classify.heads.balanced_bagging import balanced_bagging
from phylolens.classify.heads.forest import forest, weighted_forest
from phylolens.errors import InputError

HEADS: Mapping[str, Callable[[int], ClassifierMixin]] = MappingProxyType(
    {
        "rf": forest,
        "rf-weighted": weighted_forest,
        "rf-balanced-bagging": balanced_bagging,
    }
)


def make_head(name: str, seed: int) -> ClassifierMixin:
    """Return the unfitted classifier ``name``.

    Raises
    ------
    InputError
        If there is no such head.
    """
    if name not in HEADS:
        raise InputError(
            f"unknown model '{name}'.", where="--models", hint=f"Choose from {', '.join(HEADS)}."
        )
    return HEADS[name](seed)
