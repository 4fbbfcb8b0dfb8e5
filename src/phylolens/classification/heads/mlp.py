"""A small neural network whose loss weighs rare classes up."""

import warnings

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight

from phylolens.classification.heads.base import Head, softmax_rows
from phylolens.classification.transform import behind_steps

LAYER = 256
STEPS = 1000  # of Adam, at least
EPOCHS = 20  # at least
BATCH = 200


class WeightedMlp(Head):
    """One hidden layer of rectified units; every class weighs the same in the loss.

    A fixed number of Adam's steps and weight decay instead of early stopping: no training specimen
    is set aside, none is torn.

    Parameters
    ----------
    hidden : int
        Units of the layer.
    steps : int
        At least so many, and at least 20 passes over the rows.
    alpha : float
        Weight decay.
    seed : int
        Of the first weights and the batches.

    Attributes
    ----------
    spread_ : float
        Root mean square of the training features, which are divided by it.
    weights_, biases_ : list of arrays
        Of the layers.
    """

    def __init__(
        self, hidden: int = LAYER, steps: int = STEPS, alpha: float = 1e-2, seed: int = 0
    ) -> None:
        self.hidden, self.steps, self.alpha, self.seed = hidden, steps, alpha, seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> "WeightedMlp":
        """Train on all rows."""
        X, codes = self._start(X, y)
        self.spread_ = root_mean_square(X)
        epochs = epochs_of(len(X), BATCH, self.steps, EPOCHS)
        network = MLPClassifier(
            (self.hidden,),
            alpha=self.alpha,
            batch_size=min(BATCH, len(X)),
            max_iter=epochs,
            n_iter_no_change=epochs,
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of steps is set
            weights = compute_sample_weight("balanced", codes)
            network.fit(self._scaled(X), codes, sample_weight=weights)
        self.weights_, self.biases_ = network.coefs_, network.intercepts_
        return self

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return (X / self.spread_).astype(np.float32)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 of shape (n, n_classes)."""
        given = self._scaled(self._asked(X))
        hidden = np.maximum(given @ self.weights_[0] + self.biases_[0], 0)
        scores = hidden @ self.weights_[1] + self.biases_[1]
        if scores.shape[1] == 1:  # two classes share one unit
            scores = np.hstack([np.zeros_like(scores), scores])
        return softmax_rows(scores)


def root_mean_square(X: np.ndarray) -> float:
    """Root mean square of all entries; 1 where they are all zero."""
    return float(np.sqrt(np.mean(np.square(X, dtype=np.float64)))) or 1.0


def epochs_of(rows: int, batch: int, steps: int, least: int) -> int:
    """Count the passes over the rows that make at least ``steps`` steps, and at least ``least``."""
    return max(least, -(-steps // -(-rows // batch)))


def weighted_mlp(seed: int) -> ClassifierMixin:
    """Put the usual transforms ahead of the network."""
    return behind_steps(WeightedMlp(seed=seed), seed)
