"""Answers of several heads to rows they were not fitted on, inside the training rows alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import ClassifierMixin, TransformerMixin, clone
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline

from phylolens.classification.heads.base import fold_of_rows, stratified_sample
from phylolens.classification.heads.fitting import fit_grouped

FOLDS = 3  # of heads that are slow to fit
LARGEST = 4_000  # rows that such heads are compared on


def answers_out_of_fold(
    heads: Sequence[ClassifierMixin],
    X: np.ndarray,
    codes: np.ndarray,
    groups: np.ndarray | None,
    n_folds: int,
    rng: np.random.Generator,
    steps: Sequence[tuple[str, TransformerMixin]] = (),
) -> np.ndarray:
    """Class that each head gives each row when the row's fold is kept from its fit.

    Parameters
    ----------
    heads : sequence of classifier
        Unfitted; clones are fitted.
    X : array, shape (n, d)
    codes : array of int, shape (n,)
        Class of each row, numbered from 0.
    groups : array, shape (n,), optional
        Specimen of each row; none is torn by the folds.
    n_folds : int
    rng : Generator
        Of the folds.
    steps : sequence of (str, transformer), optional
        Transforms ahead of all heads, fitted once a fold.

    Returns
    -------
    array of int, shape (n_heads, n)
        -1 where the fold's training part lacks the row's class, so that no head can know it.
    """
    fold = fold_of_rows(codes, groups, n_folds, rng)
    answers = np.full((len(heads), len(X)), -1)
    for number in range(n_folds):
        train = fold != number
        known = np.unique(codes[train])
        tested = np.flatnonzero(~train & np.isin(codes, known))
        if len(known) < 2 or not len(tested):
            continue
        features = Pipeline(
            [*((name, clone(one)) for name, one in steps), ("as-is", "passthrough")]
        )
        inside = features.fit_transform(X[train], codes[train])
        outside = features.transform(X[tested])
        units = None if groups is None else groups[train]
        for place, head in enumerate(heads):
            fitted = fit_grouped(clone(head), inside, codes[train], units)
            answers[place, tested] = fitted.predict(outside)
    return answers


def macro_f1_of(names: Sequence[str], answers: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Macro-F1 of each head over all rows that have an answer; empty where none has."""
    tested = answers[0] >= 0
    if not tested.any():
        return {}
    return {
        name: float(f1_score(truth[tested], found[tested], average="macro", zero_division=0))
        for name, found in zip(names, answers, strict=True)
    }


def compare(
    heads: Mapping[str, ClassifierMixin],
    X: np.ndarray,
    codes: np.ndarray,
    groups: np.ndarray | None,
    rng: np.random.Generator,
) -> tuple[str, dict[str, float], str]:
    """Choose the head with the best macro-F1 over three inner folds.

    Parameters
    ----------
    heads : mapping of str to classifier
        Unfitted, by name; ties go to the first.
    X, codes, groups
        As for :func:`answers_out_of_fold`; among more than 4,000 rows a stratified sample of that
        size decides.
    rng : Generator
        Of the sample and the folds.

    Returns
    -------
    choice : str
    scores : dict of str to float
        Of all heads; empty where nothing could be tried out, and the first is the choice.
    rule : str
        How it was chosen, in words.
    """
    names = list(heads)
    if len(names) == 1:
        return names[0], {}, "Fixed beforehand."
    rows = stratified_sample(codes, groups, LARGEST, rng)
    units = None if groups is None else np.asarray(groups)[rows]
    scores, rule = scored(heads, X[rows], codes[rows], units, FOLDS, rng)
    return best_of(scores, names[0]), scores, rule


def scored(
    heads: Mapping[str, ClassifierMixin],
    X: np.ndarray,
    codes: np.ndarray,
    groups: np.ndarray | None,
    n_folds: int,
    rng: np.random.Generator,
    steps: Sequence[tuple[str, TransformerMixin]] = (),
) -> tuple[dict[str, float], str]:
    """Score heads by macro-F1 over inner folds of the rows given.

    Parameters
    ----------
    heads : mapping of str to classifier
        Unfitted, by name.
    X, codes, groups, n_folds, rng, steps
        As for :func:`answers_out_of_fold`.

    Returns
    -------
    scores : dict of str to float
        Empty where nothing could be tried out.
    rule : str
        How the best is chosen, in words.
    """
    answers = answers_out_of_fold(list(heads.values()), X, codes, groups, n_folds, rng, steps)
    scores = macro_f1_of(list(heads), answers, codes)
    if not scores:
        return {}, "The first candidate: too few specimens to try any out."
    return scores, (
        f"The highest macro-F1 over {n_folds} inner folds of {len(X)} training images, "
        "stratified by class, no specimen torn; ties go to the first."
    )


def best_of(scores: Mapping[str, float], first: str) -> str:
    """Name the best head, the first of equals; ``first`` where none was scored."""
    return max(scores, key=lambda name: scores[name]) if scores else first
