"""Heads whose scores are linear in the features: what they share."""

import numpy as np

from phylolens.classification.heads.base import Head
from phylolens.classification.heads.folds import fold_of_rows
from phylolens.classification.heads.softmax import fit_scale, softmax_rows

HELD_FOLDS = 5  # one of them tells the scale


class LinearScores(Head):
    """One score a class; probabilities are a softmax of scores times one scale.

    The scale is fitted by likelihood on a fifth of the specimens that a first fit has not seen;
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
        held = fold_of_rows(codes, groups, HELD_FOLDS, np.random.default_rng(self.seed)) == 0
        known, inside = np.unique(codes[~held], return_inverse=True)
        asked = held & np.isin(codes, known)
        if len(known) < 2 or not asked.any():
            return 1.0
        coef, intercept = self._solve(X[~held], inside)
        return fit_scale(X[asked] @ coef.T + intercept, np.searchsorted(known, codes[asked]))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return softmax_rows(self.scale_ * (self._asked(X) @ self.coef_.T + self.intercept_))
