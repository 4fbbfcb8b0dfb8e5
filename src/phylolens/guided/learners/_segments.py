"""Images of taxa of unequal size, pooled by softmax weights for many fits at once.

Sums over the images of each taxon are reductions over segments; products with features are matrix
products stacked over taxa of equal size: no step loops over taxa. Rows are sorted by the size of
their taxon (:func:`to_segments`); or, in the layout of the published fit, every taxon is padded to
the largest one (:func:`to_padded`). Several sets of weights share each pass over the features,
which a single one spends waiting for memory.
"""

from dataclasses import dataclass

import numpy as np


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
    """

    features: np.ndarray
    starts: np.ndarray
    blocks: tuple[tuple[slice, slice], ...]
    log_shares: np.ndarray

    @property
    def codes(self) -> np.ndarray:
        """Taxon of each row, shape (N,)."""
        return np.repeat(np.arange(len(self.starts)), np.diff([*self.starts, len(self.features)]))

    def attention(self, weights: np.ndarray) -> np.ndarray:
        """Softmax of scores within taxa, float64, shape (N, B), for weights of shape (B, d)."""
        scores = (self.features @ weights.T.astype(np.float32)).astype(np.float64)
        return softmax(scores + self.log_shares[:, None], self.starts)

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
        sums = _sums(weighted, self.starts)
        d_scores = weighted - attention * sums[self.codes]
        return (d_scores.T.astype(np.float32) @ self.features).astype(np.float64)

    def _stacked(self, rows_of: np.ndarray, taxa: slice, rows: slice) -> np.ndarray:
        return rows_of[rows].reshape(taxa.stop - taxa.start, -1, rows_of.shape[1])


def softmax(scores: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Softmax over segments of the rows, float64, shape (N, B).

    Parameters
    ----------
    scores : array of float64, shape (N, B)
    starts : int array, shape (T,)
        First row of each segment; no segment is empty.
    """
    sizes = np.diff([*starts, len(scores)])
    largest = np.maximum.reduceat(scores, starts, axis=0)
    raised = np.exp(scores - np.repeat(largest, sizes, axis=0))
    return raised / np.repeat(_sums(raised, starts), sizes, axis=0)


def _sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum over segments of the rows, shape (N, B) to (T, B); those of one size as a table."""
    sizes = np.diff([*starts, len(values)])
    if (sizes == sizes[0]).all():
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
    return Segments(values.reshape(-1, width), starts, ((slice(0, n), rows),), logs.ravel())
