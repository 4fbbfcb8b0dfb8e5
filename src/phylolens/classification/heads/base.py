"""What heads of our own share: checked input, softmax, folds of specimens, linear scores."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from phylolens.errors import InputError
from phylolens.random import stream


class Head(ClassifierMixin, BaseEstimator):
    """A classifier that answers with probabilities.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
        Sorted.
    """

    def _start(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Check the rows, remember the classes; return the rows and each one's class number."""
        X, y = validate_data(self, X, y, dtype=(np.float32, np.float64))
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                "a classifier needs at least two classes.",
                ids=[str(label) for label in self.classes_],
                hint="Give images of at least two taxa.",
            )
        return X, codes

    def _asked(self, X: np.ndarray) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, dtype=(np.float32, np.float64), reset=False)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        raise NotImplementedError

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of every row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


LARGEST_LOG = 7.0  # scales between exp(-7) and exp(7)


def softmax_rows(scores: np.ndarray) -> np.ndarray:
    """Softmax of every row, float64 of shape (n, n_classes)."""
    found = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float64)
    found /= found.sum(axis=1, keepdims=True)
    return found


def fit_scale(scores: np.ndarray, truth: np.ndarray) -> float:
    """Find the factor on scores that makes the softmax likeliest.

    One row in ``n + 2`` is taken for a guess, after Platt's targets, so that classes separated
    without a mistake do not send the factor to infinity.

    Parameters
    ----------
    scores : array of float64, shape (n, n_classes)
        High where a class fits; of rows the scores were not fitted on.
    truth : array of int, shape (n,)
        Column of the true class; without any row the scale is 1.

    Returns
    -------
    float
        Within exp(-7) and exp(7).
    """
    if not len(truth):
        return 1.0
    rows, guessed = np.arange(len(truth)), 1 / (len(truth) + 2)

    def loss(log_scale: float) -> float:
        found = log_softmax(np.exp(log_scale) * scores, axis=1)
        return -float((1 - guessed) * found[rows, truth].mean() + guessed * found.mean())

    found = minimize_scalar(loss, bounds=(-LARGEST_LOG, LARGEST_LOG), method="bounded")
    return float(np.exp(found.x))


def fold_of_rows(
    labels: np.ndarray, groups: np.ndarray | None, n_folds: int, rng: np.random.Generator
) -> np.ndarray:
    """Deal the groups of every class out to the folds in turn.

    The turn goes on from class to class, so folds are of equal size even when every class has
    fewer groups than there are folds. A group of several classes counts for its first.

    Parameters
    ----------
    labels : array of str, shape (n,)
    groups : array, shape (n,), optional
        Rows of one group stay together; without groups every row is its own.
    n_folds : int
    rng : Generator
        Order in which groups are dealt.

    Returns
    -------
    array of int, shape (n,)
        Fold each row is tested in, 0 to ``n_folds - 1``.
    """
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    _, first, unit_of_row = np.unique(units, return_index=True, return_inverse=True)
    classes = np.unique(labels, return_inverse=True)[1][first]
    order = rng.permutation(len(first))
    order = order[np.argsort(classes[order], kind="stable")]
    fold_of_unit = np.empty(len(first), dtype=np.intp)
    fold_of_unit[order] = np.arange(len(first)) % n_folds
    return fold_of_unit[unit_of_row]


def stratified_sample(
    labels: np.ndarray, groups: np.ndarray | None, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Row numbers of about ``size`` rows, whole groups, each class by its share and at least one.

    All rows when there are no more than ``size``.
    """
    if len(labels) <= size:
        return np.arange(len(labels))
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    _, first, unit_of_row = np.unique(units, return_index=True, return_inverse=True)
    classes = np.unique(labels, return_inverse=True)[1][first]
    share = size / len(labels)
    kept = np.zeros(len(first), dtype=bool)
    for code in range(classes.max() + 1):
        members = rng.permutation(np.flatnonzero(classes == code))
        kept[members[: int(np.ceil(share * len(members)))]] = True
    return np.flatnonzero(kept[unit_of_row])


HELD_FOLDS = 5  # one of them tells the scale


class LinearScores(Head):
    """One score a class; probabilities are a softmax of scores times one scale.

    The scale is fitted by likelihood on a fifth of the specimens kept from a first fit;
    the second fit sees all. It changes no answer, only how sure the head is of it.

    Attributes
    ----------
    coef_ : array of float64, shape (n_classes, d)
    intercept_ : array of float64, shape (n_classes,)
    scale_ : float
    """

    scaled: bool  # parameters of every head of this kind
    seed: int

    def _solve(self, X: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts of classes numbered from 0, each of which has rows."""
        raise NotImplementedError

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> "LinearScores":
        """Fit twice: once for the scale, once for the scores.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.
        """
        X, codes = self._start(X, y)
        self.scale_ = self._scale(X, codes, groups) if self.scaled else 1.0
        self.coef_, self.intercept_ = self._solve(X, codes)
        return self

    def _scale(self, X: np.ndarray, codes: np.ndarray, groups: np.ndarray | None) -> float:
        held = (
            fold_of_rows(codes, groups, HELD_FOLDS, stream(self.seed, "classification.heads.folds"))
            == 0
        )
        known, inside = np.unique(codes[~held], return_inverse=True)
        tested = held & np.isin(codes, known)
        if len(known) < 2 or not tested.any():
            return 1.0
        coef, intercept = self._solve(X[~held], inside)
        return fit_scale(X[tested] @ coef.T + intercept, np.searchsorted(known, codes[tested]))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return softmax_rows(self.scale_ * (self._asked(X) @ self.coef_.T + self.intercept_))
