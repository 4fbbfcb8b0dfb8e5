"""Which features matter: rankings by impurity and by permutation, and selection by rank."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectorMixin
from sklearn.inspection import permutation_importance
from sklearn.utils.validation import check_is_fitted, validate_data

from phylolens.errors import InputError
from phylolens.random import stream

TREES = 100
REPEATS = 5
HELD_BACK = 0.25  # share of rows that permutation importances are measured on


def by_impurity(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the trees of a balanced forest (Breiman 2001).

    Features are ranked on the rows the forest grew on, so noise gets a share as well.
    """
    forest = _forest(seed).fit(X, y)
    each = np.array([tree.feature_importances_ for tree in forest.estimators_])
    return forest.feature_importances_, each.std(axis=0)


def by_permutation(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Loss of macro-F1 when a feature is permuted, on a quarter of the rows held back.

    Costs one pass over the forest a feature and repeat: meant for a few hundred features.
    """
    train, test = _hold_back(y, seed)
    forest = _forest(seed).fit(X[train], y[train])
    found = permutation_importance(
        forest, X[test], y[test], scoring="f1_macro", n_repeats=REPEATS, random_state=seed
    )
    return found.importances_mean, found.importances_std


RANKINGS: Mapping[str, Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]] = (
    MappingProxyType({"impurity": by_impurity, "permutation": by_permutation})
)


def _forest(seed: int) -> RandomForestClassifier:
    return RandomForestClassifier(TREES, random_state=seed, class_weight="balanced")


def _hold_back(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers kept and held back, a share of every class; single rows are kept."""
    rng = stream(seed, "classification.ranking")
    held: list[np.ndarray] = []
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        held.append(rows[: int(np.ceil(HELD_BACK * len(rows)))] if len(rows) > 1 else rows[:0])
    test = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(y)), test), test


def rank_features(
    X: np.ndarray, y: np.ndarray, *, method: str = "impurity", seed: int = 0
) -> pd.DataFrame:
    """Rank features by what they say of the labels.

    Parameters
    ----------
    X : array, shape (n, d)
        Training rows.
    y : array of str, shape (n,)
        Their labels.
    method : str
        ``impurity`` or ``permutation``.
    seed : int
        Of the forest and the permutations.

    Returns
    -------
    DataFrame
        Columns ``feature`` (column number), ``importance``, ``sd``, ``rank`` (1 is best), best
        first; ties in column order.

    Raises
    ------
    InputError
        If the method is unknown, or permutation finds no class with two rows.
    """
    if method not in RANKINGS:
        raise InputError(f"unknown ranking '{method}'.", hint=f"Choose from {', '.join(RANKINGS)}.")
    y = np.asarray(y)
    if method == "permutation" and np.unique(y, return_counts=True)[1].max() < 2:
        raise InputError("ranking by permutation needs a class with at least two images.")
    importance, spread = RANKINGS[method](np.asarray(X), y, seed)
    order = np.argsort(-importance, kind="stable")
    return pd.DataFrame(
        {
            "feature": order,
            "importance": importance[order],
            "sd": spread[order],
            "rank": np.arange(1, len(order) + 1),
        }
    )


class SelectRanked(SelectorMixin, TransformerMixin, BaseEstimator):
    """Keep the ``k`` best ranked features, in their own order.

    Parameters
    ----------
    k : int
        Features kept; all when there are fewer.
    method : str
        ``impurity`` or ``permutation``.
    seed : int
        See :func:`rank_features`.

    Attributes
    ----------
    kept_ : array of bool, shape (d,)
    importances_ : array of float64, shape (d,)
    """

    def __init__(self, k: int = 200, method: str = "impurity", seed: int = 0) -> None:
        self.k, self.method, self.seed = k, method, seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> "SelectRanked":
        """Rank the features of the training rows."""
        X = validate_data(self, X, dtype=(np.float32, np.float64))
        table = rank_features(X, y, method=self.method, seed=self.seed)
        self.kept_ = np.zeros(X.shape[1], dtype=bool)
        self.kept_[table["feature"].to_numpy()[: self.k]] = True
        self.importances_ = table.sort_values("feature")["importance"].to_numpy()
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "kept_")
        return self.kept_
