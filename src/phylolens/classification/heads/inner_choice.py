"""A head that chooses among candidates by cross-validation inside its training rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.pipeline import Pipeline

from phylolens.classification.heads.base import Head, stratified_sample
from phylolens.classification.heads.candidates import MANY_CLASSES, candidate, kind_of, named
from phylolens.classification.heads.comparison import best_of, scored
from phylolens.classification.heads.fitting import fit_grouped
from phylolens.classification.transform import HEAD_STEPS, feature_steps
from phylolens.errors import InputError
from phylolens.random import stream

LARGEST = 8_000  # rows that candidates are compared on
FOLDS = 5


class InnerChoice(Head):
    """Fit the candidate with the best macro-F1 over inner folds.

    Folds are stratified by class and never tear a specimen. Predictions of all folds are scored
    together; rows whose class a fold's training part lacks are left out, since no candidate can
    know them. Among more than 8,000 rows a stratified sample of that size decides. With a single
    candidate, or when no fold leaves two classes, nothing is tried out.

    Parameters
    ----------
    candidates : tuple of str
        Such as ``lda:0.6``; ties go to the one named first.
    steps : tuple of str
        Transforms ahead of every candidate; see
        :func:`phylolens.classification.transform.feature_steps`.
    blocks : tuple of int, optional
        Widths of the blocks of the features.
    seed : int
        Of the folds and the candidates.

    Attributes
    ----------
    choice_ : str
    scores_ : dict of str to float
        Macro-F1 of the candidates that were tried; empty when none was.
    rule_ : str
        How it was chosen, in words.
    model_ : Pipeline
        The transforms and the chosen candidate, fitted on all rows.
    """

    def __init__(
        self,
        candidates: tuple[str, ...] = ("lda:0.6",),
        steps: tuple[str, ...] = HEAD_STEPS,
        blocks: tuple[int, ...] | None = None,
        seed: int = 0,
    ) -> None:
        self.candidates, self.steps, self.blocks, self.seed = candidates, steps, blocks, seed

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> "InnerChoice":
        """Choose, then fit the choice on all rows.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.

        Raises
        ------
        InputError
            If there is no candidate, an unknown one, or a single class.
        """
        if not self.candidates:
            raise InputError("there is no candidate to choose from.")
        X, codes = self._start(X, y)
        self.scores_, self.rule_ = self._compared(X, codes, groups)
        self.choice_ = best_of(self.scores_, self.candidates[0])
        self.model_ = Pipeline([*self._features(), ("head", candidate(self.choice_, self.seed))])
        fit_grouped(self.model_, X, codes, groups)
        return self

    def frozen(self) -> "InnerChoice":
        """Return an unfitted clone that fits this choice at once."""
        return clone(self).set_params(candidates=(self.choice_,))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return np.asarray(self.model_.predict_proba(self._asked(X)), dtype=np.float64)

    def _features(self) -> list[tuple[str, Any]]:
        return feature_steps(self.steps, seed=self.seed, blocks=self.blocks)

    def _compared(
        self, X: np.ndarray, codes: np.ndarray, groups: np.ndarray | None
    ) -> tuple[dict[str, float], str]:
        if len(self.candidates) == 1:
            return {}, "Fixed beforehand."
        rng = stream(self.seed, "classification.heads.choice")
        rows = stratified_sample(codes, groups, LARGEST, rng)
        units = None if groups is None else np.asarray(groups)[rows]
        names, left_out = self._affordable(codes[rows])
        heads = {name: _unscaled(candidate(name, self.seed)) for name in names}
        scores, rule = scored(heads, X[rows], codes[rows], units, FOLDS, rng, self._features())
        return scores, rule + left_out if scores else rule

    def _affordable(self, codes: np.ndarray) -> tuple[list[str], str]:
        """Leave slow kinds out where there are many classes, unless there is no other."""
        quick = [name for name in self.candidates if not kind_of(name).iterative]
        count = len(np.unique(codes))
        if count <= MANY_CLASSES or not quick or len(quick) == len(self.candidates):
            return list(self.candidates), ""
        slow = sorted({name.partition(":")[0] for name in self.candidates if name not in quick})
        reason = f" With {count} classes {' and '.join(slow)} were not tried: too slow."
        return quick, reason


def _unscaled(head: ClassifierMixin) -> ClassifierMixin:
    """Leave out the fit of a scale, which changes no answer."""
    return head.set_params(scaled=False) if "scaled" in head.get_params() else head


def linear(seed: int) -> InnerChoice:
    """Shrunken discriminant analysis or balanced multinomial logistic regression."""
    return InnerChoice(named("lda", "logistic"), seed=seed)


def default(seed: int) -> InnerChoice:
    """Whatever of the cheap kinds does best inside the training rows.

    Support vector machines are not among them: they cost as much as all others together and were
    never better on new specimens (docs/results.md).
    """
    return InnerChoice(named("prototype", "lda", "logistic"), seed=seed)


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
