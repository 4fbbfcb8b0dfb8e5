"""Attention pool followed by a learned projection: images weighted and features, too."""

from collections.abc import Sequence

import numpy as np

from phylolens.guided.learners._pair_losses import PairLoss, PairLossName, by_vectors
from phylolens.guided.learners._pool_fit import Head
from phylolens.guided.learners._pooled import Frame, Pooled
from phylolens.guided.learners._scaling import ScalingName

NO_VARIANCE = 1e-6  # of the largest singular value


class AttentionProjection(Pooled):
    """Scores and a linear projection of the pooled vectors, learned together.

    Everything is done in the space that the taxa's mean features span, where at most T - 1 axes
    stand for d features: few parameters, and fits in a fraction of a second. The projection starts
    as that to the leading ``dimensions`` axes, and the penalty draws it there: with nothing to
    learn it stays what features say unguided.

    Parameters
    ----------
    loss, features, steps, tolerance, candidates, seed
        As for :class:`phylolens.guided.learners.attention.Attention`.
    penalty : float, optional
        On the squared change of the projection, a dimension. None chooses among ``candidates`` by
        leaving clades out within the training taxa.
    score_penalty : float
        On the squared weights of the scores.
    dimensions : int
        Of the embedding, at most.
    """

    def __init__(
        self,
        *,
        loss: PairLossName = "pearson",
        features: ScalingName = "standardised",
        penalty: float | None = 0.001,
        score_penalty: float = 0.05,
        dimensions: int = 16,
        steps: int = 60,
        tolerance: float = 1e-6,
        candidates: Sequence[float] = (0.1, 0.01, 0.001),
        seed: int = 0,
    ) -> None:
        self.loss = loss
        self.features = features
        self.penalty = penalty
        self.score_penalty = score_penalty
        self.dimensions = dimensions
        self.steps = steps
        self.tolerance = tolerance
        self.candidates = candidates
        self.seed = seed

    def _axes(self, images: np.ndarray, means: np.ndarray) -> np.ndarray | None:
        _, sizes, axes = np.linalg.svd(means, full_matrices=False)
        kept = max(int((sizes > NO_VARIANCE * sizes[0]).sum()), 1)
        found: np.ndarray = axes[:kept].T
        return found

    def _head(self, loss: PairLoss, width: int) -> Head:
        def head(vectors: np.ndarray, free: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
            projection = free.reshape(width, -1)
            exact = vectors.astype(np.float64)
            value, slope = by_vectors(exact @ projection, loss)
            return value, slope @ projection.T, (exact.T @ slope).ravel()

        return head

    def _start(self, frame: Frame) -> np.ndarray:
        return np.eye(frame.width)[:, : self.dimensions].ravel()

    def _embedded(self, vectors: np.ndarray, free: np.ndarray) -> np.ndarray:
        projected: np.ndarray = vectors @ free.reshape(vectors.shape[1], -1)
        return projected

    def _projection(self, frame: Frame, free: np.ndarray) -> np.ndarray | None:
        return frame.to_features(free.reshape(frame.width, -1))

    def _penalties(self, penalty: float) -> tuple[float, float]:
        return self.score_penalty, penalty / self.dimensions
