"""Support vector machines with a Gaussian kernel, cost and width chosen on training rows alone."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.svm import SVC

from phylolens.classification.heads.base import Head, fit_scale, fold_of_rows, softmax_rows
from phylolens.classification.heads.comparison import compare
from phylolens.classification.transform import behind_steps
from phylolens.random import stream

COSTS = (1.0, 10.0, 100.0)
WIDTHS = (0.1, 0.3, 1.0)  # times 1 / (number of features x their variance)
HELD_FOLDS = 5  # one of them tells the scale of the probabilities


class KernelSvm(Head):
    """One machine for each pair of classes, rare ones weighted up (Boser et al. 1992; LIBSVM).

    Cost ``C`` and kernel ``exp(-gamma |x - x'|^2)`` are those of the best macro-F1 over three inner
    folds of training specimens. The class that wins most pairs answers. Probabilities are a
    softmax of its scores times a scale, fitted by likelihood on a fifth of the specimens kept from
    a first fit.

    Parameters
    ----------
    C : float or None
        Cost of training errors; None tries 1, 10 and 100.
    gamma : float or None
        As a multiple of one over the number of features and their variance; None tries 0.1, 0.3, 1.
    seed : int
        Of the folds.

    Attributes
    ----------
    choice_ : str
        Such as ``rbf:C=10+gamma=1``.
    scores_ : dict of str to float
        Macro-F1 of the settings that were tried; empty when none was.
    rule_ : str
        How it was chosen, in words.
    model_ : SVC
        Fitted on all rows.
    scale_ : float
    """

    def __init__(self, C: float | None = None, gamma: float | None = None, seed: int = 0) -> None:
        self.C, self.gamma, self.seed = C, gamma, seed

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> "KernelSvm":
        """Choose, fit the scale, then fit the choice on all rows.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            Specimen of each row.

        Raises
        ------
        InputError
            If there is a single class.
        """
        X, codes = self._start(X, y)
        rng = stream(self.seed, "classification.heads.kernel_svm")
        unit = 1 / (X.shape[1] * (float(np.var(X, dtype=np.float64)) or 1.0))
        settings = {
            f"rbf:C={cost:g}+gamma={width:g}": (cost, width)
            for width in (WIDTHS if self.gamma is None else (self.gamma,))
            for cost in (COSTS if self.C is None else (self.C,))
        }
        heads = {name: _machine(cost, width * unit) for name, (cost, width) in settings.items()}
        self.choice_, self.scores_, self.rule_ = compare(heads, X, codes, groups, rng)
        cost, width = settings[self.choice_]
        self.scale_ = _scale(_machine(cost, width * unit), X, codes, groups, rng)
        self.model_ = _machine(cost, width * unit).fit(X, codes)
        return self

    def frozen(self) -> "KernelSvm":
        """Return an unfitted copy that fits this choice at once."""
        said = dict(part.split("=") for part in self.choice_.partition(":")[2].split("+"))
        return KernelSvm(float(said["C"]), float(said["gamma"]), self.seed)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        return softmax_rows(self.scale_ * _scores(self.model_, self._asked(X)))


def _machine(cost: float, gamma: float) -> SVC:
    return SVC(C=cost, gamma=gamma, class_weight="balanced", decision_function_shape="ovr")


def _scores(machine: SVC, X: np.ndarray) -> np.ndarray:
    """One score a class, shape (n, n_classes); of two classes one machine tells both."""
    found = np.asarray(machine.decision_function(X), dtype=np.float64)
    return np.column_stack([-found, found]) if found.ndim == 1 else found


def _scale(
    machine: SVC,
    X: np.ndarray,
    codes: np.ndarray,
    groups: np.ndarray | None,
    rng: np.random.Generator,
) -> float:
    """Fit the scale of the probabilities on specimens kept from a first fit."""
    held = fold_of_rows(codes, groups, HELD_FOLDS, rng) == 0
    known, inside = np.unique(codes[~held], return_inverse=True)
    tested = held & np.isin(codes, known)
    if len(known) < 2 or not tested.any():
        return 1.0
    machine.fit(X[~held], inside)
    return fit_scale(_scores(machine, X[tested]), np.searchsorted(known, codes[tested]))


def kernel_svm(seed: int) -> ClassifierMixin:
    """Machines behind the usual transforms."""
    return behind_steps(KernelSvm(seed=seed), seed)
