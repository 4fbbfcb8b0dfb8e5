"""The attention pools: which images speak for their taxon, fitted to genetic distances.

Ilse et al. (2018) ICML, without the hidden layer. One family: the loss, the scaling of the
features, the penalty and the solver are settings, and the published guided embedding is one choice
of them.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from phylolens.errors import InputError
from phylolens.guided.learners.inputs import Scaling, ScalingName, fit_scaling
from phylolens.guided.learners.pair_losses import PairLoss, PairLossName, by_vectors, pair_loss
from phylolens.guided.learners.pool import (
    Frame,
    Head,
    Problem,
    Segments,
    cosine_head,
    evaluate,
    to_padded,
)
from phylolens.guided.learners.pooled import Pooled
from phylolens.guided.learners.solvers import Minimum, adam
from phylolens.guided.sample import Sample
from phylolens.progress import Progress, silent
from phylolens.random import stream

ROTATED_FROM = 2  # features an image, from which turning them first costs less than it saves
NO_VARIANCE = 1e-6  # of the largest singular value


class Attention(Pooled):
    """One score a feature; the softmax of images' scores weights them within their taxon.

    With the solver ``lbfgs`` the objective is minimised from equal scores by L-BFGS-B, in units of
    its value there. With a weak penalty or none it has many local optima, as attention ends at
    single images; the one reached is that downhill from plain means. With ``adam`` it is taken as
    it is and minimised from drawn weights in a set number of steps: together with ``loss="mse"``,
    ``features="raw"`` and ``penalty=0`` that is the published fit (recipe ``roy2025``).

    Images of a specimen share its weight where scores are equal, so that specimens count alike.

    Parameters
    ----------
    loss : {'pearson', 'mse', 'stress', 'rank'}
        See :mod:`phylolens.guided.learners.pair_losses`.
    features : {'standardised', 'raw', 'centred', 'whitened'}
        See :func:`phylolens.guided.learners.inputs.fit_scaling`.
    penalty : float, optional
        On the squared weights: the share of the first loss that scores of variance one cost, were
        features independent. None chooses among ``candidates`` by leaving clades out within the
        training taxa.
    solver : {'lbfgs', 'adam'}
    steps : int
        Of ``lbfgs``, at most so many.
    tolerance : float
        Of ``lbfgs``: a step that lowers the objective by less, as a share of the first loss, is the
        last.
    epochs : int
        Steps of ``adam``.
    learning_rate : float
        Of ``adam``.
    divisor : float, optional
        Of ``mse``: the genetic distance that becomes the similarity -1, by default the largest.
    candidates : sequence of float
        Penalties to choose from.
    seed : int
        Of the triplets that the rank loss draws among many, and of Adam's first weights.
    """

    def __init__(
        self,
        *,
        loss: PairLossName = "pearson",
        features: ScalingName = "standardised",
        penalty: float | None = 0.01,
        solver: Literal["lbfgs", "adam"] = "lbfgs",
        steps: int = 60,
        tolerance: float = 1e-6,
        epochs: int = 5000,
        learning_rate: float = 1e-4,
        divisor: float | None = None,
        candidates: Sequence[float] = (1.0, 0.1, 0.01, 0.001),
        seed: int = 0,
    ) -> None:
        self.loss, self.features, self.penalty, self.solver = loss, features, penalty, solver
        self.steps, self.tolerance = steps, tolerance
        self.epochs, self.learning_rate, self.divisor = epochs, learning_rate, divisor
        self.candidates, self.seed = candidates, seed

    @property
    def _by_adam(self) -> bool:
        return self.solver == "adam"

    def _check(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> None:
        super()._check(sample, genetic, groups)
        if self.solver not in ("lbfgs", "adam"):
            raise InputError(
                f"no solver '{self.solver}'.", where="solver", hint="There are: lbfgs, adam."
            )
        for name, value in (("learning_rate", self.learning_rate), ("divisor", self.divisor)):
            if value is not None and not value > 0:
                raise InputError(f"it must be positive; got {value}.", where=name)

    def _scaling(self, sample: Sample) -> Scaling:
        return fit_scaling(self.features, sample, as_published=self._by_adam)

    def _layout(
        self, images: np.ndarray, shares: np.ndarray, starts: np.ndarray, stops: np.ndarray
    ) -> tuple[Segments, np.ndarray]:
        if not self._by_adam:
            return super()._layout(images, shares, starts, stops)
        return to_padded(images, shares, starts, stops), np.arange(len(starts))

    def _loss(self, genetic: np.ndarray, cosines: np.ndarray) -> PairLoss:
        return pair_loss(self.loss, genetic, cosines, self.seed, self.divisor)

    def _unit(self, first: float) -> float:
        return 1.0 if self._by_adam else super()._unit(first)

    def minima(
        self, frame: Frame, problems: Sequence[Problem], progress: Progress = silent
    ) -> list[Minimum]:
        """Solve problems on the same images."""
        if not self._by_adam:
            return super().minima(frame, problems, progress)
        return [
            fit_by_adam(
                frame.segments,
                problem,
                seed=self.seed,
                epochs=self.epochs,
                rate=self.learning_rate,
                progress=progress,
            )
            for problem in problems
        ]

    def _axes(self, images: np.ndarray, means: np.ndarray) -> np.ndarray | None:
        # Weights outside the span of the images change no score and only cost penalty: turned to
        # axes of that span, the fit has the same optimum with as many coordinates as images. Adam
        # starts at weights of its own for every feature, and its steps depend on the axes.
        if self._by_adam or images.shape[1] <= ROTATED_FROM * len(images):
            return None
        axes: np.ndarray = np.linalg.qr(images.T.astype(np.float64))[0]
        return axes

    def _head(self, loss: PairLoss, width: int) -> Head:
        return cosine_head(loss, as_published=self._by_adam)

    def _start(self, frame: Frame) -> np.ndarray:
        return np.zeros(0)

    def _embedded(self, vectors: np.ndarray, free: np.ndarray) -> np.ndarray:
        return vectors

    def _projection(self, frame: Frame, free: np.ndarray) -> np.ndarray | None:
        return None

    def _penalties(self, penalty: float) -> tuple[float, float]:
        return penalty, 0.0


class AttentionProjection(Pooled):
    """Scores and a linear projection of the pooled vectors, learned together.

    Everything is done in the space that the taxa's mean features span, where at most T - 1 axes
    stand for d features: few parameters, and fits in a fraction of a second. The projection starts
    as that to the leading ``dimensions`` axes, and the penalty draws it there: with nothing to
    learn it stays what features say unguided.

    Parameters
    ----------
    loss, features, steps, tolerance, candidates, seed
        As for :class:`Attention`.
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


def fit_by_adam(
    segments: Segments,
    problem: Problem,
    *,
    seed: int,
    epochs: int,
    rate: float,
    progress: Progress = silent,
) -> Minimum:
    """Minimise one objective as published: Adam, from weights that are drawn.

    They are uniform in +-1/sqrt(d), as linear layers are usually started. The layer's bias is left
    out: it cancels in the softmax.
    """
    width = segments.features.shape[1]
    weights = stream(seed, "guided.attention").uniform(-1.0, 1.0, width) / np.sqrt(width)

    def asked(point: np.ndarray) -> tuple[float, np.ndarray]:
        return evaluate(segments, [problem], [point])[0]

    start = np.concatenate([weights, problem.start])
    return adam(asked, start, steps=epochs, rate=rate, progress=progress)
