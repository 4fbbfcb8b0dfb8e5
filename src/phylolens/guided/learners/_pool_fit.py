"""Fit scoring layers of attention pools, several at once over the same images.

The fits may differ in taxa, distances, loss and penalty: leaving clades out,
choosing a penalty and permuting taxa all become one set of problems, solved together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from phylolens.guided.learners._minimise import Minimum, adam, minimise_together
from phylolens.guided.learners._pair_losses import PairLoss, by_units, by_vectors
from phylolens.guided.learners._segments import Segments
from phylolens.progress import Progress, silent

# Takes taxon vectors (T, d) and further parameters; gives loss and both gradients.
Head = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray, np.ndarray]]
TOGETHER = 32  # fits that share passes: more gain little and need memory


@dataclass(frozen=True)
class Problem:
    """One fit.

    The objective is ``loss + penalty |w|^2 + head_penalty |h - h_0|^2``: w are the
    weights of the scores, h the head's parameters, h_0 their start.

    Parameters
    ----------
    places : int array, shape (T,)
        Taxa, as numbered by the segments.
    head : callable
        From taxon vectors to the loss.
    penalty, head_penalty : float
    start : array, shape (p,)
        First parameters of the head.
    """

    places: np.ndarray
    head: Head
    penalty: float
    start: np.ndarray
    head_penalty: float = 0.0


def cosine_head(loss: PairLoss, *, as_published: bool = False) -> Head:
    """Loss of the cosines between the taxon vectors themselves; no parameters."""
    by = by_units if as_published else by_vectors

    def head(vectors: np.ndarray, free: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, slope = by(vectors, loss)
        return value, slope, np.zeros(0)

    return head


def evaluate(
    segments: Segments, problems: Sequence[Problem], points: Sequence[np.ndarray]
) -> list[tuple[float, np.ndarray]]:
    """Objective and gradient of each problem at its point (d weights, then the head's).

    The passes over images run in float32, sums over taxa and pairs in float64.
    """
    width = segments.features.shape[1]
    weights = np.stack([point[:width] for point in points])
    attention = segments.attention(weights)
    pooled = segments.pool(attention)
    d_pooled = np.zeros_like(pooled)
    found = []
    for column, (problem, point) in enumerate(zip(problems, points, strict=True)):
        vectors = pooled[problem.places, column]
        value, slope, d_free = problem.head(vectors, point[width:])
        d_pooled[problem.places, column] = slope
        moved = point[width:] - problem.start
        value += problem.penalty * float(point[:width] @ point[:width])
        value += problem.head_penalty * float(moved @ moved)
        found.append((value, d_free + 2 * problem.head_penalty * moved))
    by_weights = segments.gradient(attention, d_pooled)
    by_weights += 2 * np.array([[problem.penalty] for problem in problems]) * weights
    return [
        (value, np.concatenate([slope, d_free]))
        for (value, d_free), slope in zip(found, by_weights, strict=True)
    ]


def fit_together(
    segments: Segments, problems: Sequence[Problem], *, steps: int, tolerance: float
) -> list[Minimum]:
    """Minimise every objective, from equal scores: where taxa are their plain means.

    Problems go in fixed groups, so that results do not depend on the number of cores.
    """
    width = segments.features.shape[1]
    found: list[Minimum] = []
    for first in range(0, len(problems), TOGETHER):
        group = problems[first : first + TOGETHER]
        starts = [np.concatenate([np.zeros(width), problem.start]) for problem in group]

        def asked(
            numbers: Sequence[int], points: Sequence[np.ndarray], group: Sequence[Problem] = group
        ) -> list[tuple[float, np.ndarray]]:
            return evaluate(segments, [group[number] for number in numbers], points)

        found += minimise_together(asked, starts, steps=steps, tolerance=tolerance)
    return found


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
    weights = np.random.default_rng(seed).uniform(-1.0, 1.0, width) / np.sqrt(width)

    def asked(point: np.ndarray) -> tuple[float, np.ndarray]:
        return evaluate(segments, [problem], [point])[0]

    start = np.concatenate([weights, problem.start])
    return adam(asked, start, steps=epochs, rate=rate, progress=progress)
