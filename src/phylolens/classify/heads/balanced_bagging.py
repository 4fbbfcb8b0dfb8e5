"""Balanced bagging: every bootstrap sampled down to equal classes."""

from imblearn.ensemble import BalancedBaggingClassifier
from sklearn.tree import DecisionTreeClassifier

from phylolens.classify.heads.forest import TREES


def balanced_bagging(seed: int) -> BalancedBaggingClassifier:
    """100 random-forest trees, each on a bootstrap sampled down to the rarest class.

    The study does not tell its base learner; trees that try the square root of the features at
    each split keep the comparison with the forests about the sampling alone.
    """
    tree = DecisionTreeClassifier(max_features="sqrt")
    return BalancedBaggingClassifier(tree, n_estimators=TREES, random_state=seed)
