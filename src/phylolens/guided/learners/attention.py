"""Attention pool fitted to genetic distances by L-BFGS: which images speak for their taxon."""

from collections.abc import Sequence

import numpy as np

from phylolens.guided.learners._pair_losses import PairLoss, PairLossName
from phylolens.guided.learners._pool_fit import Head, cosine_head
from phylolens.guided.learners._pooled import Frame, Pooled
from phylolens.guided.learners._scaling import ScalingName

ROTATED_FROM = 2  # features an image, from which turning them first costs less than it saves


class Attention(Pooled):
    """One score a feature; the softmax of images' scores weights them within their taxon.

    The pool of :class:`phylolens.guided.AttentionPool` (Ilse et al. 2018, ICML, without the hidden
    layer), with other losses, scaled features and a penalty, minimised from equal scores by
    L-BFGS-B. With ``loss="mse", features="raw", penalty=0`` it is the published model. Images of a
    specimen share its weight where scores are equal, so that specimens count alike.

    With a weak penalty or none the objective has many local optima, as attention ends at single
    images; the one reached is that downhill from plain means.

    Parameters
    ----------
    loss : {'pearson', 'mse', 'stress', 'rank'}
        See :mod:`phylolens.guided.learners._pair_losses`.
    features : {'standardised', 'raw', 'centred', 'whitened'}
        See :func:`phylolens.guided.learners._scaling.fit_scaling`.
    penalty : float, optional
        On the squared weights: the share of the first loss that scores of variance one cost, were
        features independent. None chooses among ``candidates`` by leaving clades out within the
        training taxa.
    steps : int
        At most so many.
    tolerance : float
        A step that lowers the objective by less, as a share of the first loss, is the last.
    candidates : sequence of float
        Penalties to choose from.
    seed : int
        Of the triplets that the rank loss draws among many.
    """

    def __init__(
        self,
        *,
        loss: PairLossName = "pearson",
        features: ScalingName = "standardised",
        penalty: float | None = 0.01,
        steps: int = 60,
        tolerance: float = 1e-6,
        candidates: Sequence[float] = (1.0, 0.1, 0.01, 0.001),
        seed: int = 0,
    ) -> None:
        self.loss = loss
        self.features = features
        self.penalty = penalty
        self.steps = steps
        self.tolerance = tolerance
        self.candidates = candidates
        self.seed = seed

    def _axes(self, images: np.ndarray, means: np.ndarray) -> np.ndarray | None:
        # Weights outside the span of the images change no score and only cost penalty: turned to
        # axes of that span, the fit has the same optimum with as many coordinates as images.
        if images.shape[1] <= ROTATED_FROM * len(images):
            return None
        axes: np.ndarray = np.linalg.qr(images.T.astype(np.float64))[0]
        return axes

    def _head(self, loss: PairLoss, width: int) -> Head:
        return cosine_head(loss)

    def _start(self, frame: Frame) -> np.ndarray:
        return np.zeros(0)

    def _embedded(self, vectors: np.ndarray, free: np.ndarray) -> np.ndarray:
        return vectors

    def _projection(self, frame: Frame, free: np.ndarray) -> np.ndarray | None:
        return None

    def _penalties(self, penalty: float) -> tuple[float, float]:
        return penalty, 0.0
