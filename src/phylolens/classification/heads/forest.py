"""Random forests: plain, and with classes weighted by their rarity.

Breiman (2001) Mach. Learn. 45:5.
"""

from sklearn.ensemble import RandomForestClassifier

TREES = 100  # as published


def forest(seed: int) -> RandomForestClassifier:
    """100 trees on bootstrap samples, the square root of the features tried at each split."""
    return RandomForestClassifier(n_estimators=TREES, random_state=seed)


def weighted_forest(seed: int) -> RandomForestClassifier:
    """Weight each class of the same forest by the inverse of its frequency."""
    return RandomForestClassifier(n_estimators=TREES, random_state=seed, class_weight="balanced")
