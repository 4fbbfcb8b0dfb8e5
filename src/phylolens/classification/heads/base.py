"""What heads of our own share: checked input, sorted classes, the likeliest class."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from phylolens.errors import InputError


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
                "a classifier needs at least two classes to tell apart.",
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
