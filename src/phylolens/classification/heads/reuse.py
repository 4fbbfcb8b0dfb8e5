"""Use again what a fitted head has chosen and learnt: its settings, or its transforms."""

from collections.abc import Callable

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.pipeline import Pipeline

from phylolens.classification.heads.inner_choice import InnerChoice

Transform = Callable[[np.ndarray], np.ndarray]


def frozen_of(head: ClassifierMixin) -> ClassifierMixin:
    """Return an unfitted clone that keeps what the fitted head chose; a plain clone for others."""
    if isinstance(head, Pipeline):
        *steps, (name, last) = head.steps
        return Pipeline([*[(step, clone(each)) for step, each in steps], (name, frozen_of(last))])
    return head.frozen() if hasattr(head, "choice_") else clone(head)


def split_choice(head: ClassifierMixin) -> tuple[Transform, ClassifierMixin]:
    """Divide a fitted head into its transforms of the features and the classifier behind them.

    Returns
    -------
    transform : callable
        Features, shape (n, d), to what the classifier was fitted on.
    classifier
        Fitted; a head of another kind than a pipeline or a choice is returned whole.
    """
    if isinstance(head, InnerChoice):
        return split_choice(head.model_)
    if isinstance(head, Pipeline):
        first, last = head[:-1], head[-1]
        inner, classifier = split_choice(last)
        return (lambda rows: inner(first.transform(rows) if len(first) else rows)), classifier
    return (lambda rows: rows), head
