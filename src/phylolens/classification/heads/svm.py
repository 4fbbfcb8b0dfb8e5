"""Linear support vector machines, one class against the rest, with probabilities."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.svm import LinearSVC

from phylolens.classification.heads.base import LinearScores
from phylolens.classification.transform import behind_steps


class LinearSvm(LinearScores):
    """Squared-hinge machines, one class against the rest; the widest margin answers.

    Parameters
    ----------
    C : float
        Weight of the training errors (Fan et al. 2008 JMLR 9:1871).
    scaled : bool
        Whether to fit the scale of the probabilities; see :class:`LinearScores`.
    seed : int
        Decides which specimens the scale is fitted on.
    even : bool
        Whether errors of rare classes weigh more, so that every class counts alike.
    """

    even: bool = True  # of models stored before this could be chosen

    def __init__(
        self, C: float = 1.0, scaled: bool = True, seed: int = 0, even: bool = True
    ) -> None:
        self.C, self.scaled, self.seed, self.even = C, scaled, seed, even

    def _solve(self, X: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The primal solver draws nothing, so the seed does not touch it.
        weight = "balanced" if self.even else None
        found = LinearSVC(C=self.C, class_weight=weight, dual=False).fit(X, codes)
        coef, intercept = found.coef_, found.intercept_
        if len(coef) == 1:  # of two classes one machine tells both
            return np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
        return coef, intercept


def svm(seed: int) -> ClassifierMixin:
    """Linear machines behind the usual transforms."""
    return behind_steps(LinearSvm(seed=seed), seed)


def plain_svm(seed: int) -> LinearSvm:
    """Linear machines on the features as they are given, every image counting alike.

    The classifier of Valan et al. (2019) Syst. Biol. 68:876, scikit-learn's ``LinearSVC`` with its
    defaults.
    """
    return LinearSvm(seed=seed, even=False)
