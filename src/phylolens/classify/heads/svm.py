"""Linear support vector machines, one class against the rest, with probabilities."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.svm import LinearSVC

from phylolens.classify.heads.base import Head
from phylolens.classify.heads.folds import fold_of_rows
from phylolens.classify.heads.softmax import fit_scale, softmax_rows
from phylolens.classify.heads.steps import behind_steps

HELD_FOLDS = 5  # one of them tells the scale


class LinearSvm(Head):
    """Squared-hinge machines, rare classes weighted up; the widest margin answers.

    Probabilities are a softmax of the margins. Its one scale is fitted by likelihood on a fifth of
    the specimens that a first fit has not seen; the second fit sees all.

    Parameters
    ----------
    C : float
        Weight of the training errors (Fan et al. 2008 JMLR 9:1871).
    seed : int
        Decides which specimens tell the scale.

    Attributes
    ----------
    coef_ : array of float64, shape (n_classes, d)
    intercept_ : array of float64, shape (n_classes,)
    scale_ : float
    """

    def __init__(self, C: float = 1.0, seed: int = 0) -> None:
        self.C, self.seed = C, seed

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> "LinearSvm":
        """Fit twice: once for the scale, once for the margins.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.
        """
        X, codes = self._start(X, y)
        rng = np.random.default_rng(self.seed)
        held = fold_of_rows(codes, groups, HELD_FOLDS, rng) == 0
        self.scale_ = self._scale(X, codes, held)
        self.coef_, self.intercept_ = self._machines(X, codes)
        return self

    def _machines(self, X: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The primal solver draws nothing, so the seed does not touch it.
        found = LinearSVC(C=self.C, class_weight="balanced", dual=False).fit(X, codes)
        if len(found.classes_) > 2:
            return found.coef_, found.intercept_
        return np.vstack([-found.coef_, found.coef_]), np.concatenate(
            [-found.intercept_, found.intercept_]
        )

    def _scale(self, X: np.ndarray, codes: np.ndarray, held: np.ndarray) -> float:
        known = np.unique(codes[~held])
        asked = held & np.isin(codes, known)
        if len(known) < 2 or not asked.any():
            return 1.0
        coef, intercept = self._machines(X[~held], codes[~held])
        return fit_scale(X[asked] @ coef.T + intercept, np.searchsorted(known, codes[asked]))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return softmax_rows(self.scale_ * (self._asked(X) @ self.coef_.T + self.intercept_))


def svm(seed: int) -> ClassifierMixin:
    """Linear machines behind the usual transforms."""
    return behind_steps(LinearSvm(seed=seed), seed)
