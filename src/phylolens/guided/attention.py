"""Linear attention pool fitted to a similarity matrix: the published guided embedding.

A linear layer scores each image; the softmax of the scores over the images of one taxon weights
them; the taxon's vector is the weighted sum, ``F_i = sum_j a_ij x_ij`` (Ilse et al. 2018, ICML,
without the hidden layer). The cosines between taxon vectors are fitted to a target by mean squared
error over pairs. The layer's bias is left out: it cancels in the softmax.
"""

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.guided.bags import Bags
from phylolens.progress import Progress, silent


class AttentionPool(BaseEstimator):
    """One weight a feature, shared by all taxa, fitted with Adam (Kingma & Ba 2015).

    Parameters
    ----------
    epochs : int
        Full-batch steps.
    learning_rate : float
        Of Adam; its other settings are the published defaults (0.9, 0.999, 1e-8).
    seed : int
        Of the initial weights, uniform in +-1/sqrt(d) as linear layers are usually started.

    Attributes
    ----------
    weights_ : array of float64, shape (d,)
        The scoring layer.
    loss_curve_ : array of float64, shape (epochs + 1,)
        Mean squared error before each step and after the last.
    """

    def __init__(self, *, epochs: int = 5000, learning_rate: float = 1e-4, seed: int = 0) -> None:
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(
        self, bags: Bags, target: np.ndarray, *, progress: Progress = silent
    ) -> "AttentionPool":
        """Fit the scoring layer.

        Parameters
        ----------
        bags : Bags
            T taxa.
        target : array of float, shape (T, T)
            Wanted similarities in [-1, 1]; the diagonal is not used.

        Raises
        ------
        InputError
            If there are fewer than three taxa or the target has another size.
        """
        n = len(bags.taxa)
        if n < 3:
            raise InputError(f"guiding needs at least three taxa; got {n}.", ids=bags.taxa)
        if target.shape != (n, n):
            raise InputError(f"a target for {n} taxa is {n} x {n}; got shape {target.shape}.")
        width = bags.values.shape[2]
        rng = np.random.default_rng(self.seed)
        weights = rng.uniform(-1.0, 1.0, width) / np.sqrt(width)
        first, second = np.zeros(width), np.zeros(width)
        curve = np.empty(self.epochs + 1)
        # The passes are bound by memory, not by cores: one thread costs little, gives the same
        # bytes whatever the number of cores, and does not stall beside other programs.
        with threadpool_limits(1, "blas"):
            for step in range(1, self.epochs + 1):
                curve[step - 1], gradient = loss_and_gradient(weights, bags, target)
                first += (1 - 0.9) * (gradient - first)
                second += (1 - 0.999) * (gradient**2 - second)
                scale = np.sqrt(second / (1 - 0.999**step)) + 1e-8
                weights -= self.learning_rate * first / (1 - 0.9**step) / scale
                if step % 50 == 0 or step == self.epochs:
                    progress("fitting the attention pool", step, self.epochs)
            curve[-1] = loss_and_gradient(weights, bags, target)[0]
        self.weights_ = weights
        self.loss_curve_ = curve
        return self

    def attention(self, bags: Bags) -> np.ndarray:
        """Weights of the images of each taxon, shape (T, m); rows sum to 1."""
        return _attention(self.weights_.astype(np.float32), bags)

    def transform(self, bags: Bags) -> np.ndarray:
        """Taxon vectors of length one, shape (T, d)."""
        pooled = _pool(self.attention(bags), bags)
        return pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)


def _attention(weights: np.ndarray, bags: Bags) -> np.ndarray:
    taxa, images, width = bags.values.shape
    scores = (bags.values.reshape(-1, width) @ weights).reshape(taxa, images).astype(np.float64)
    scores = np.where(bags.present, scores, -np.inf)
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _pool(attention: np.ndarray, bags: Bags) -> np.ndarray:
    pooled = np.matmul(attention[:, None, :].astype(np.float32), bags.values)[:, 0]
    return pooled.astype(np.float64)


def loss_and_gradient(
    weights: np.ndarray, bags: Bags, target: np.ndarray
) -> tuple[float, np.ndarray]:
    """Mean squared error over the pairs above the diagonal, and its gradient.

    The passes over all images run in float32, sums over taxa and pairs in float64.

    Parameters
    ----------
    weights : array, shape (d,)
    bags : Bags
        T taxa.
    target : array, shape (T, T)

    Returns
    -------
    loss : float
    gradient : array of float64, shape (d,)
    """
    attention = _attention(weights.astype(np.float32), bags)
    loss, d_pooled = _pair_loss(_pool(attention, bags), target)
    d_attention = np.matmul(bags.values, d_pooled[:, :, None].astype(np.float32))[..., 0]
    weighted = attention * d_attention
    d_scores = weighted - attention * weighted.sum(axis=1, keepdims=True)
    flat = bags.values.reshape(-1, bags.values.shape[2])
    gradient = d_scores.astype(np.float32).reshape(-1) @ flat
    return loss, gradient.astype(np.float64)


def _pair_loss(pooled: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Loss of the cosines, and its gradient by the pooled vectors, shape (T, d)."""
    n = len(pooled)
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    unit = pooled / np.maximum(norms, 1e-12)
    residual = unit @ unit.T - target
    np.fill_diagonal(residual, 0.0)
    pairs = n * (n - 1) / 2
    loss = float((residual**2).sum() / 2 / pairs)
    d_unit = (2.0 / pairs) * residual @ unit
    inward = (unit * d_unit).sum(axis=1, keepdims=True)
    return loss, (d_unit - unit * inward) / np.maximum(norms, 1e-12)
