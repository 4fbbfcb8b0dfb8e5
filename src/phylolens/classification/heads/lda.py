"""Discriminant analysis as scikit-learn has it: the plain choice that others have to beat."""

import warnings

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from phylolens.classification.heads.base import Head
from phylolens.classification.heads.shrunken_lda import ShrunkenLda


class LedoitWolfLda(Head):
    """Shrink each class's covariance as Ledoit & Wolf (2004) estimate; nothing ahead of it.

    ``default`` tries discriminant analysis with equal
    priors, one pooled covariance and several amounts of shrinkage, behind the usual transforms.
    Where every class has a single image nothing varies within, and the nearest mean answers.

    Parameters
    ----------
    even : bool
        Whether every class is equally likely beforehand; otherwise as likely as it is frequent.

    Attributes
    ----------
    model_ : classifier
        Fitted.
    """

    def __init__(self, even: bool = False) -> None:
        self.even = even

    def fit(
        self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None
    ) -> "LedoitWolfLda":
        """Fit to all rows.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Not used.
        """
        X, codes = self._start(X, y)
        if len(X) > len(self.classes_):
            count = len(self.classes_)
            priors = np.full(count, 1 / count) if self.even else None
            self.model_ = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=priors)
        else:
            self.model_ = ShrunkenLda(1.0, scaled=False)
        with warnings.catch_warnings():
            # A class of one image has no covariance; the others' is taken.
            warnings.filterwarnings("ignore", message="Only one sample available")
            self.model_.fit(X, codes)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return np.asarray(self.model_.predict_proba(self._asked(X)), dtype=np.float64)


def lda(seed: int) -> LedoitWolfLda:
    """Build the head; nothing in it is drawn."""
    return LedoitWolfLda()
