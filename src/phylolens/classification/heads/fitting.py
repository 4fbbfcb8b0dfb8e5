"""Fit any head and get its probabilities: the same call for all of them."""

import warnings
from typing import Any

import joblib
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.results.classifier import HeadChoice


def fit_head(
    head: ClassifierMixin, X: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None
) -> ClassifierMixin:
    """Fit a head in place; trees grow on all cores, sums are made in one order on any machine.

    Parameters
    ----------
    head : classifier
        From :func:`make_head`, possibly behind transforms.
    X : array of float32, shape (n, d)
        Features; not changed.
    labels : array of str, shape (n,)
    groups : array, shape (n,), optional
        Specimen of each row: heads that try settings out never tear a specimen.

    Returns
    -------
    classifier
        The same head.

    Raises
    ------
    InputError
        If the lengths differ or there is a single class.
    """
    labels = np.asarray(labels)
    if len(labels) != len(X) or (groups is not None and len(groups) != len(X)):
        raise InputError(f"{len(X)} rows of features need as many labels and specimens.")
    if len(np.unique(labels)) < 2:
        raise InputError(
            "a classifier needs at least two classes.",
            ids=sorted({str(label) for label in labels}),
            hint="Give images of at least two taxa.",
        )
    with (
        joblib.parallel_config(backend="threading"),
        threadpool_limits(1, "blas"),
        warnings.catch_warnings(),
    ):
        # Many classes of few images are what a balanced bag is meant to be, and a bag may be small.
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        warnings.filterwarnings("ignore", message="Using the fractional value max_samples")
        # Solvers stop at a set number of steps; more of them change answers by less than noise.
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        _set_jobs(head, -1)
        fit_grouped(head, X, labels, groups)
        _set_jobs(head, 1)  # answers of trees are summed in one order
    return head


def fit_grouped(
    head: ClassifierMixin, X: np.ndarray, labels: np.ndarray, groups: np.ndarray | None
) -> ClassifierMixin:
    """Fit and hand the groups to whichever part takes them."""
    key = None if groups is None else _groups_key(head)
    parameters: dict[str, Any] = {} if key is None else {key: np.asarray(groups)}
    return head.fit(X, labels, **parameters)


def _groups_key(head: ClassifierMixin) -> str | None:
    """Fit parameter that groups are handed to, through nested pipelines."""
    if isinstance(head, Pipeline):
        name, last = head.steps[-1]
        inner = _groups_key(last)
        return None if inner is None else f"{name}__{inner}"
    return "groups" if has_fit_parameter(head, "groups") else None


def _set_jobs(head: ClassifierMixin, count: int) -> None:
    names = [name for name in head.get_params() if name.split("__")[-1] == "n_jobs"]
    head.set_params(**dict.fromkeys(names, count))


def probabilities(head: ClassifierMixin, X: np.ndarray) -> np.ndarray:
    """Return the class probabilities of a fitted head.

    Returns
    -------
    array of float64, shape (n, n_classes)
        Rows sum to one; columns as ``head.classes_``, which is sorted.
    """
    return np.asarray(head.predict_proba(X), dtype=np.float64)


def choice_of(head: ClassifierMixin) -> HeadChoice | None:
    """Return what a fitted head chose by itself; None for others."""
    while isinstance(head, Pipeline) or hasattr(head, "head_"):
        head = head.steps[-1][1] if isinstance(head, Pipeline) else head.head_
    if not hasattr(head, "choice_"):
        return None
    scores = {str(name): float(score) for name, score in head.scores_.items()}
    return HeadChoice(head=head.choice_, scores=scores, rule=head.rule_)
