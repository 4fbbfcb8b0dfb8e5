"""Discriminant analysis as scikit-learn has it: the plain choice that others have to beat."""

from sklearn.base import ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis


def lda(seed: int) -> ClassifierMixin:
    """Shrink each class's covariance as Ledoit & Wolf (2004) estimate; nothing ahead of it.

    Priors are the shares of the classes. ``default`` tries discriminant analysis with equal
    priors, one pooled covariance and several amounts of shrinkage, behind the usual transforms.
    """
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
