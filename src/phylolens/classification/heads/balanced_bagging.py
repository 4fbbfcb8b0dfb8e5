"""Balanced bagging: every bootstrap sampled down to equal classes."""

import numpy as np
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.under_sampling import RandomUnderSampler
from sklearn.tree import DecisionTreeClassifier

from phylolens.classification.heads.forest import TREES


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

    The study does not tell its base learner; trees that try the square root of the features at
    each split keep the comparison with the forests about the sampling alone.
    """
    tree = DecisionTreeClassifier(max_features="sqrt")
    return BalancedBaggingClassifier(
        tree, n_estimators=TREES, sampler=BalancedBag(), random_state=seed
    )
