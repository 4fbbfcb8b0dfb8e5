"""Forests of the published study: plain, weighted, and bags of balanced samples."""

import numpy as np
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.under_sampling import RandomUnderSampler
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier


class BalancedBag(RandomUnderSampler):
    """Sample down to the rarest class; a bootstrap that drew one class alone stays as it is.

    imbalanced-learn refuses such a bootstrap, and a class of one specimen is missed by every
    third.
    """

    def fit_resample(
        self, X: np.ndarray, y: np.ndarray, **params: object
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows kept; see :class:`imblearn.under_sampling.RandomUnderSampler`."""
        if len(np.unique(y)) > 1:
            return super().fit_resample(X, y, **params)
        self.sample_indices_ = np.arange(len(y))
        return X, y


def balanced_bagging(seed: int) -> BalancedBaggingClassifier:
    """100 random-forest trees, each on a bootstrap sampled down to the rarest class.

    The study does not name its base learner; trees that try the square root of the features at
    each split keep the comparison with the forests about the sampling alone.
    """
    tree = DecisionTreeClassifier(max_features="sqrt")
    return BalancedBaggingClassifier(
        tree, n_estimators=TREES, sampler=BalancedBag(), random_state=seed
    )


TREES = 100  # as published


def forest(seed: int) -> RandomForestClassifier:
    """100 trees on bootstrap samples, the square root of the features tried at each split."""
    return RandomForestClassifier(n_estimators=TREES, random_state=seed)


def weighted_forest(seed: int) -> RandomForestClassifier:
    """Weight each class of the same forest by the inverse of its frequency."""
    return RandomForestClassifier(n_estimators=TREES, random_state=seed, class_weight="balanced")
