"""Images of taxa pooled by softmax weights, and the fit of the scores: many fits at once.

Sums over the images of each taxon are reductions over segments; products with features are matrix
products stacked over taxa of equal size: no step loops over taxa. Rows are sorted by the size of
their taxon (:func:`to_segments`); or, in the layout of the published fit, every taxon is padded to
the largest one (:func:`to_padded`). Several sets of weights share each pass over the features,
which a single one spends waiting for memory: leaving clades out, choosing a penalty and permuting
taxa all become one set of problems, solved together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from phylolens.guided.learners.inputs import Scaling
from phylolens.guided.learners.pair_losses import PairLoss, by_units, by_vectors
from phylolens.guided.learners.solvers import Minimum, minimise_together


@dataclass(frozen=True)
class Segments:
    """T taxa with N images, sorted by number of images.

    Parameters
    ----------
    features : array of float32, shape (N, d)
        Rows of a taxon are consecutive, taxa of equal size are neighbours.
    starts : int array, shape (T,)
        First row of each taxon.
    blocks : tuple of (slice, slice)
        Taxa of one size, and their rows.
    log_shares : array of float64, shape (N,)
        Logarithm of the weight of each image where scores are equal; minus infinity for padding.
    table : bool
        Whether taxa are padded to one size, and sums taken as of a table.
    """

    features: np.ndarray
    starts: np.ndarray
    blocks: tuple[tuple[slice, slice], ...]
    log_shares: np.ndarray
    table: bool = False

    @property
    def codes(self) -> np.ndarray:
        """Taxon of each row, shape (N,)."""
        return np.repeat(np.arange(len(self.starts)), np.diff([*self.starts, len(self.features)]))

    def attention(self, weights: np.ndarray) -> np.ndarray:
        """Softmax of scores within taxa, float64, shape (N, B), for weights of shape (B, d)."""
        scores = (self.features @ weights.T.astype(np.float32)).astype(np.float64)
        return softmax(scores + self.log_shares[:, None], self.starts, table=self.table)

    def pool(self, attention: np.ndarray) -> np.ndarray:
        """Weighted sums of the images of each taxon, float32, shape (T, B, d)."""
        light = attention.astype(np.float32)
        pooled = np.empty((len(self.starts), light.shape[1], self.features.shape[1]), np.float32)
        for taxa, rows in self.blocks:
            stacked = self._stacked(light, taxa, rows)
            np.matmul(
                stacked.transpose(0, 2, 1),
                self._stacked(self.features, taxa, rows),
                out=pooled[taxa],
            )
        return pooled

    def gradient(self, attention: np.ndarray, d_pooled: np.ndarray) -> np.ndarray:
        """Carry gradients by pooled vectors, shape (T, B, d), back to the weights, (B, d)."""
        d_attention = np.empty(attention.shape, np.float32)
        for taxa, rows in self.blocks:
            images = self._stacked(self.features, taxa, rows)
            d_attention[rows] = np.matmul(images, d_pooled[taxa].transpose(0, 2, 1)).reshape(
                -1, attention.shape[1]
            )
        weighted = attention * d_attention
        sums = _sums(weighted, self.starts, self.table)
        d_scores = weighted - attention * sums[self.codes]
        return (d_scores.T.astype(np.float32) @ self.features).astype(np.float64)

    def _stacked(self, rows_of: np.ndarray, taxa: slice, rows: slice) -> np.ndarray:
        return rows_of[rows].reshape(taxa.stop - taxa.start, -1, rows_of.shape[1])


def softmax(scores: np.ndarray, starts: np.ndarray, *, table: bool = False) -> np.ndarray:
    """Softmax over segments of the rows, float64, shape (N, B).

    Parameters
    ----------
    scores : array of float64, shape (N, B)
    starts : int array, shape (T,)
        First row of each segment; no segment is empty.
    table : bool
        Whether all are of one size, and summed as the rows of a table.
    """
    sizes = np.diff([*starts, len(scores)])
    largest = np.maximum.reduceat(scores, starts, axis=0)
    raised = np.exp(scores - np.repeat(largest, sizes, axis=0))
    return raised / np.repeat(_sums(raised, starts, table), sizes, axis=0)


def _sums(values: np.ndarray, starts: np.ndarray, table: bool) -> np.ndarray:
    """Sum over segments of the rows, shape (N, B) to (T, B)."""
    if table:
        found: np.ndarray = values.reshape(len(starts), -1, values.shape[1]).sum(axis=1)
        return found
    return np.add.reduceat(values, starts, axis=0)


def to_segments(
    features: np.ndarray, shares: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> tuple[Segments, np.ndarray]:
    """Sort taxa by size.

    Parameters
    ----------
    features : array of float32, shape (M, d)
    shares : array, shape (M,)
        Weight of each image within its taxon, where they sum to 1.
    starts, stops : int array, shape (T,)
        Rows of each taxon.

    Returns
    -------
    segments : Segments
    places : int array, shape (T,)
        Where each taxon went.
    """
    order = np.argsort(stops - starts, kind="stable")
    sizes, first = (stops - starts)[order], starts[order]
    begin = np.cumsum(sizes) - sizes
    rows = np.repeat(first - begin, sizes) + np.arange(sizes.sum())
    edges = np.flatnonzero(np.diff(sizes, prepend=0, append=0))
    blocks = tuple(
        (slice(a, b), slice(int(begin[a]), int(begin[b - 1] + sizes[b - 1])))
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    )
    found = Segments(np.ascontiguousarray(features[rows]), begin, blocks, np.log(shares[rows]))
    return found, np.argsort(order)


def to_padded(
    features: np.ndarray, shares: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> Segments:
    """Pad every taxon to the largest with images that have no weight; taxa keep their order.

    Parameters are those of :func:`to_segments`. Images of equal weight have the log share zero.
    """
    sizes = stops - starts
    n, largest = len(starts), int(sizes.max())
    values = np.zeros((n, largest, features.shape[1]), dtype=np.float32)
    logs = np.full((n, largest), -np.inf)
    for place, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        own = shares[start : start + size]
        values[place, :size] = features[start : start + size]
        logs[place, :size] = np.log(own / own.max())
    return padded(values, logs)


def padded(values: np.ndarray, logs: np.ndarray) -> Segments:
    """Lay out taxa of one size.

    Parameters
    ----------
    values : array of float32, shape (T, m, d)
        Features.
    logs : array of float64, shape (T, m)
        Log shares; minus infinity for padding.
    """
    n, largest, width = values.shape
    rows = slice(0, n * largest)
    starts = np.arange(n) * largest
    return Segments(
        values.reshape(-1, width), starts, ((slice(0, n), rows),), logs.ravel(), table=True
    )


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


@dataclass(frozen=True)
class Frame:
    """A sample's images in the coordinates of the fit.

    Parameters
    ----------
    scaling : Scaling
    basis : array, shape (d, r), or None
        Orthonormal axes of the coordinates; none where they are the scaled features.
    means : array of float64, shape (T, r)
        Plain means of the taxa.
    segments : Segments
    places : int array, shape (T,)
        Number of each taxon in the segments.
    spread : float
        Mean variance of a feature within taxa: the unit of penalties on scores.
    """

    scaling: Scaling
    basis: np.ndarray | None
    means: np.ndarray
    segments: Segments
    places: np.ndarray
    spread: float

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return self.means.shape[1]

    def to_features(self, rows: np.ndarray) -> np.ndarray:
        """Turn what stands on coordinates (first axis) to what stands on scaled features."""
        return rows if self.basis is None else self.basis @ rows
