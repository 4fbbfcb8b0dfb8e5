"""Transforms that most heads put ahead of themselves."""

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from phylolens.classify.transform import feature_steps

# Roots tame heavy tails, unit length stops loud layers and pictures from weighing more, components
# bound the cost; all fitted on training rows.
STEPS = ("root", "centre", "unit", "pca:512")


def behind_steps(head: ClassifierMixin, seed: int) -> Pipeline:
    """Put :data:`STEPS` ahead of a head."""
    return Pipeline([*feature_steps(STEPS, seed=seed), ("head", head)])
