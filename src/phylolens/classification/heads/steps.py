"""Transforms that most heads put ahead of themselves."""

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from phylolens.classification.transform import feature_steps

# Roots tame heavy tails, unit length stops loud layers and images from weighing more, components
# bound the cost; all fitted on training rows.
STEPS = ("root", "centre", "unit", "pca:1024")
FEWER = (*STEPS[:-1], "pca:512")  # for heads that take many steps over the rows


def behind_steps(head: ClassifierMixin, seed: int) -> Pipeline:
    """Put the transforms ahead of a head, with the smaller number of components."""
    return Pipeline([*feature_steps(FEWER, seed=seed), ("head", head)])
