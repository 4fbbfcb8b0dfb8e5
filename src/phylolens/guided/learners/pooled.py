"""What the learners with an attention pool share: fit, choice of the penalty, prediction."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from phylolens.errors import InputError
from phylolens.guided.clades import INNER_FOLDS, clade_folds
from phylolens.guided.learners.closed_form import inner_skill
from phylolens.guided.learners.inputs import Scaling, check_fit, fit_scaling, spread_within
from phylolens.guided.learners.pair_losses import PairLoss, cosines_of, pair_loss, unit
from phylolens.guided.learners.pool import (
    Frame,
    Head,
    Problem,
    Segments,
    fit_together,
    softmax,
    to_segments,
)
from phylolens.guided.learners.solvers import Minimum
from phylolens.guided.sample import Sample
from phylolens.progress import Progress, silent


class Pooled(BaseEstimator):
    """Base of learners whose taxa are attention-weighted means of images, compared by cosine.

    Attributes
    ----------
    weights_ : array of float64, shape (d,)
        Score of an image: its features times these.
    scaling_ : Scaling
    projection_ : array of float64, shape (d, k), or None
        After scaling and pooling.
    vectors_ : array of float64, shape (T, k)
        Taxa of the fit, length one.
    calibration_ : array, shape (2,)
        Genetic distance is about the first plus the second times the cosine: least squares over
        the pairs of the fit.
    loss_ : float
        At the end, without penalty.
    loss_curve_ : array
        Objective before the first step and after each, in units of the loss of plain means.
    penalty_ : float
    chosen_ : dict
        The penalty, and where it was chosen its skill on clades left out.
    """

    # Settings of every subclass.
    loss: str
    features: str
    penalty: float | None
    steps: int
    tolerance: float
    seed: int
    candidates: Sequence[float]  # penalties to choose from

    def fit(
        self,
        sample: Sample,
        genetic: np.ndarray,
        groups: np.ndarray,
        *,
        progress: Progress = silent,
    ) -> Self:
        """Learn; see :class:`phylolens.guided.learners.base.Learner`.

        Scaling and axes look at features of all taxa given, and at no distances; the choice of the
        penalty leaves clades out of everything else.

        Raises
        ------
        InputError
            If there are fewer than three taxa, sizes differ, all distances are equal, or a setting
            is out of range.
        """
        self._check(sample, genetic, groups)
        with threadpool_limits(1, "blas"):  # the same bytes whatever the number of cores
            return self._fit(sample, genetic, groups, progress)

    def _fit(
        self, sample: Sample, genetic: np.ndarray, groups: np.ndarray, progress: Progress
    ) -> Self:
        frame = self.frame(sample)
        self.penalty_, self.chosen_ = self._choose(frame, genetic, groups)
        everything = np.arange(len(sample))
        problem = self.problem(frame, genetic, everything, self.penalty_)
        found = self.minima(frame, [problem], progress)[0]
        self.scaling_ = frame.scaling
        self.weights_ = frame.scaling.to_raw(frame.to_features(found.point[: frame.width]))
        self.projection_ = self._projection(frame, found.point[frame.width :])
        self.loss_curve_ = found.curve
        self.vectors_ = self.place(sample)
        cosines = self.vectors_ @ self.vectors_.T
        start = cosines_of(self._embedded(frame.means, problem.start))
        self.loss_ = self._loss(genetic, start)(cosines)[0]
        upper = np.triu_indices(len(sample), k=1)
        pairs = np.column_stack([np.ones(len(upper[0])), cosines[upper]])
        self.calibration_ = np.linalg.lstsq(pairs, genetic[upper], rcond=None)[0]
        return self

    @abstractmethod
    def _axes(self, images: np.ndarray, means: np.ndarray) -> np.ndarray | None:
        """Orthonormal axes for the fit, shape (d, r), from scaled images and taxon means."""

    @abstractmethod
    def _head(self, loss: PairLoss, width: int) -> Head:
        """From pooled coordinates to the loss."""

    @abstractmethod
    def _start(self, frame: Frame) -> np.ndarray:
        """First parameters of the head."""

    @abstractmethod
    def _embedded(self, vectors: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Taxon vectors as the head compares them, from pooled coordinates (T, r)."""

    @abstractmethod
    def _projection(self, frame: Frame, free: np.ndarray) -> np.ndarray | None: ...

    @abstractmethod
    def _penalties(self, penalty: float) -> tuple[float, float]:
        """Penalties on scores and on the head."""

    def _check(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> None:
        n = len(sample)
        if n < 3:
            raise InputError(f"guiding needs at least three taxa; got {n}.", ids=sample.taxa)
        check_fit(sample, genetic, groups)
        if self.penalty is not None and not self.penalty >= 0:
            raise InputError(f"a penalty is not negative; got {self.penalty}.", where="penalty")
        if self.steps < 1:
            raise InputError(f"at least one step is needed; got {self.steps}.", where="steps")

    def frame(self, sample: Sample) -> Frame:
        """Scale a sample's images and sort them for the fit."""
        scaling = self._scaling(sample)
        images = scaling(sample.matrix()).astype(np.float32, copy=False)
        means = scaling(sample.means)
        spread = spread_within(images, means, sample)
        basis = self._axes(images, means)
        if basis is not None:
            images, means = images @ basis.astype(np.float32), means @ basis
        stops = np.cumsum(sample.sizes)
        segments, places = self._layout(images, sample.weights, stops - sample.sizes, stops)
        return Frame(scaling, basis, means, segments, places, spread)

    def problem(
        self, frame: Frame, genetic: np.ndarray, taxa: np.ndarray, penalty: float
    ) -> Problem:
        """Fit of some taxa (by place in the sample) to distances between them."""
        start = self._start(frame)
        cosines = cosines_of(self._embedded(frame.means[taxa], start))
        loss = self._loss(genetic, cosines)
        first = self._unit(loss(cosines)[0])

        def relative(cosines: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = loss(cosines)
            return value / first, slope / first

        scores, head = self._penalties(penalty)
        return Problem(
            places=frame.places[taxa],
            head=self._head(relative, frame.width),
            start=start,
            penalty=scores * frame.spread,
            head_penalty=head,
        )

    def _scaling(self, sample: Sample) -> Scaling:
        return fit_scaling(self.features, sample)

    def _loss(self, genetic: np.ndarray, cosines: np.ndarray) -> PairLoss:
        return pair_loss(self.loss, genetic, cosines, self.seed)

    def _unit(self, first: float) -> float:
        """Measure losses in that of plain means."""
        return max(first, 1e-12)

    def _layout(
        self, images: np.ndarray, shares: np.ndarray, starts: np.ndarray, stops: np.ndarray
    ) -> tuple[Segments, np.ndarray]:
        return to_segments(images, shares, starts, stops)

    def minima(
        self, frame: Frame, problems: Sequence[Problem], progress: Progress = silent
    ) -> list[Minimum]:
        """Solve problems on the same images together."""
        return fit_together(frame.segments, problems, steps=self.steps, tolerance=self.tolerance)

    def embeddings(self, frame: Frame, minima: Sequence[Minimum]) -> list[np.ndarray]:
        """Give unit vectors of all taxa of the frame, (T, k), by each of several solutions."""
        weights = np.stack([found.point[: frame.width] for found in minima])
        pooled = frame.segments.pool(frame.segments.attention(weights))[frame.places]
        return [
            unit(self._embedded(pooled[:, column].astype(np.float64), found.point[frame.width :]))
            for column, found in enumerate(minima)
        ]

    def _choose(
        self, frame: Frame, genetic: np.ndarray, groups: np.ndarray
    ) -> tuple[float, dict[str, Any]]:
        if self.penalty is not None:
            return float(self.penalty), {"penalty": float(self.penalty)}
        middle = self.candidates[len(self.candidates) // 2]
        folds = clade_folds(groups, INNER_FOLDS)
        kept = [np.setdiff1d(np.arange(len(groups)), out) for out in folds]
        if len(folds) < 2 or any(_nothing_to_learn(genetic, taxa) for taxa in kept):
            return middle, {"penalty": middle, "why": "too few clades to choose on"}
        problems = [
            self.problem(frame, genetic[np.ix_(taxa, taxa)], taxa, penalty)
            for penalty in self.candidates
            for taxa in kept
        ]
        vectors = iter(self.embeddings(frame, self.minima(frame, problems)))
        code = np.empty(len(groups), dtype=int)
        for number, out in enumerate(folds):
            code[out] = number
        predictions = []
        for _ in self.candidates:
            predicted = np.full(genetic.shape, np.nan)
            for out in folds:
                found = next(vectors)
                predicted[out] = -found[out] @ found.T
            predictions.append(predicted)
        skills = inner_skill(genetic, code, predictions)
        best = int(np.argmax(skills))
        chosen = float(self.candidates[best])
        return chosen, {"penalty": chosen, "inner_skill": float(skills[best])}

    def attention(self, sample: Sample) -> np.ndarray:
        """Weight of each image within its taxon, shape (N,), rows as ``sample.matrix()``."""
        return self._attention(sample, sample.matrix())

    def _attention(self, sample: Sample, images: np.ndarray) -> np.ndarray:
        scores = images @ self.weights_.astype(np.float32) + np.log(sample.weights)
        starts = np.cumsum(sample.sizes) - sample.sizes
        return softmax(scores[:, None], starts)[:, 0]

    def pool(self, sample: Sample) -> np.ndarray:
        """Attention-weighted means of the embedded images of each taxon, shape (T, k)."""
        images = sample.matrix()
        weights = self._attention(sample, images).astype(np.float32)
        edges = np.concatenate([[0], np.cumsum(sample.sizes)])
        shape = (len(sample), len(images))
        averaging = csr_array((weights, np.arange(len(images)), edges), shape=shape)
        return self.transform(averaging @ images)

    def place(self, sample: Sample) -> np.ndarray:
        """Taxon vectors of length one, shape (T, k)."""
        return unit(self.pool(sample))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k): scaled, and projected where that is learned."""
        scaled = self.scaling_(np.asarray(matrix, dtype=np.float64))
        return scaled if self.projection_ is None else scaled @ self.projection_

    def predict(self, new: Sample) -> np.ndarray:
        """Predict distances from H new taxa to T known ones, shape (H, T): one minus the cosine.

        Not on the scale of genetic distances: mean and slope of the training pairs tell of the
        clades that are not among them (without the farthest clade, the mean is too low just where
        that clade's distances are predicted), which would cost skill.
        """
        found: np.ndarray = 1.0 - self.place(new) @ self.vectors_.T
        return found

    def between(self, new: Sample) -> np.ndarray:
        """Predict distances among H new taxa, shape (H, H); zero on the diagonal."""
        places = self.place(new)
        found: np.ndarray = 1.0 - places @ places.T
        np.fill_diagonal(found, 0.0)
        return found


def _nothing_to_learn(genetic: np.ndarray, taxa: np.ndarray) -> bool:
    """Whether fewer than three taxa are left, or all at one distance."""
    if len(taxa) < 3:
        return True
    distances = genetic[np.ix_(taxa, taxa)][np.triu_indices(len(taxa), k=1)]
    return bool(np.ptp(distances) <= 1e-9 * np.abs(distances).max())
