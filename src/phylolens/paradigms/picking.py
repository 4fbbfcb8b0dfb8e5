"""A metric head trained on triplets, which someone picks by how hard they are.

The head is a linear map and its gradient has a closed form: a step costs less than the decision
which triplets to take.
"""

import numpy as np

from phylolens.guided.learners.inputs import Weights
from phylolens.guided.sample import Sample

ANY = 0
KINDS = (
    "any",
    "wrong, near relatives",
    "wrong, far relatives",
    "close, near relatives",
    "close, far relatives",
    "right, near relatives",
    "right, far relatives",
)
POOL, BATCH, BAG, STEPS = 1500, 64, 4, 4  # triplets; of a step; images of a point; of a pick
RATE, DECAY, MOMENT, SQUARES, TINY = 0.01, 1e-2, 0.9, 0.999, 1e-8  # of AdamW
LARGEST = 3.0  # violation that is told apart from greater ones


def triplet_gradient(weights: np.ndarray, near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Slope of the mean of ``|near @ weights|^2 - |far @ weights|^2`` over rows.

    Parameters
    ----------
    weights : array, shape (c, k)
    near, far : array, shape (n, c)
        Differences of an anchor from the taxon that is to be nearer, and from the other.

    Returns
    -------
    array, shape (c, k)
    """
    found: np.ndarray = near.T @ (near @ weights) - far.T @ (far @ weights)
    return 2.0 / len(near) * found


class PickedTraining:
    """Training of a head whose every step takes triplets of the kind that was picked.

    Of taxa i, j, k, where j is the nearer relative of i, the squared distance to k is to exceed
    that to j by the difference of genetic distances, all in units of their means (hinge loss).
    Triplets are kept in a pool, drawn anew after every pick, by kind: ordered wrongly, rightly but
    by too little (close), or rightly; and whether the genetic difference is less than the pool's
    median (near relatives) or not. A kind that is not in the pool is any.

    Parameters
    ----------
    rows : array of float32, shape (N, c)
        Principal components of images, in units of the distance of taxa.
    sample : Sample
        T taxa, of those rows.
    genetic : array, shape (T, T)
    dimensions : int
        Of the embedding.
    actions : int
        Picks in all, for the share of them that is past.
    rng : Generator
        Draws triplets and images.
    """

    def __init__(
        self,
        rows: np.ndarray,
        sample: Sample,
        genetic: np.ndarray,
        *,
        dimensions: int,
        actions: int,
        rng: np.random.Generator,
    ) -> None:
        self._rows, self._means = rows, sample.average(rows.astype(np.float64))
        n = len(genetic)
        mean = float(genetic.sum()) / max(n * (n - 1), 1)
        self._genetic = genetic / mean if mean > 0 else genetic
        self._actions, self._rng = actions, rng
        self._starts = np.concatenate([[0], np.cumsum(sample.sizes)])
        self._reached = np.cumsum(sample.weights).round(9)  # whole numbers where a taxon ends
        self._dimensions = min(dimensions, rows.shape[1])
        self.restart()

    def restart(self) -> None:
        """Go back to the map to the largest principal components."""
        self.linear = np.eye(self._rows.shape[1], self._dimensions)
        self._slope, self._square = np.zeros_like(self.linear), np.zeros_like(self.linear)
        self._steps = self.picks = 0
        self._draw_pool()

    @property
    def weights(self) -> Weights:
        """As of :func:`phylolens.guided.learners.inputs.apply_head`."""
        return {"linear": self.linear.astype(np.float32)}

    def _draw_pool(self) -> None:
        """Draw triplets, each with the nearer relative second, and sort them into kinds."""
        drawn = self._rng.integers(0, len(self._genetic), (POOL, 3))
        i, j, k = drawn.T
        turned = self._genetic[i, j] > self._genetic[i, k]
        drawn[turned, 1], drawn[turned, 2] = k[turned].copy(), j[turned].copy()
        i, j, k = drawn.T
        wanted = self._genetic[i, k] - self._genetic[i, j]
        kept = (i != j) & (i != k) & (wanted > TINY)
        self.pool, self.wanted = drawn[kept], wanted[kept]
        i, j, k = self.pool.T
        places = self._means @ self.linear
        far, near = places[i] - places[k], places[i] - places[j]
        self.gaps = (far**2).sum(axis=1) - (near**2).sum(axis=1)
        coarse = self.wanted >= np.median(self.wanted) if len(self.wanted) else self.wanted > 0
        state = np.where(self.gaps < 0, 0, np.where(self.gaps < self.wanted, 1, 2))
        self.kinds = 1 + 2 * state + coarse

    def observe(self) -> np.ndarray:
        """Tell the state: shares and mean violations of the kinds, and the share of picks past.

        Of training triplets alone; float32, shape (13,).
        """
        n = max(len(self.pool), 1)
        counts = np.bincount(self.kinds, minlength=len(KINDS))[1:]
        short = np.clip(self.wanted - self.gaps, 0.0, LARGEST)
        sums = np.bincount(self.kinds, short, minlength=len(KINDS))[1:]
        violations = sums / np.maximum(counts, 1)
        past = self.picks / self._actions
        return np.concatenate([counts / n, violations, [past]]).astype(np.float32)

    def pick(self, kind: int) -> None:
        """Take a few steps on triplets of a kind, a place of :data:`KINDS`; draw the pool anew."""
        chosen = np.flatnonzero(self.kinds == kind) if kind != ANY else np.arange(len(self.pool))
        if not len(chosen):
            chosen = np.arange(len(self.pool))
        for _ in range(STEPS if len(chosen) else 0):
            self._step(chosen[self._rng.integers(0, len(chosen), BATCH)])
        self.picks += 1
        self._draw_pool()

    def _step(self, chosen: np.ndarray) -> None:
        i, j, k = (self._points(taxa) for taxa in self.pool[chosen].T)
        near, far = i - j, i - k
        gaps = ((far @ self.linear) ** 2).sum(axis=1) - ((near @ self.linear) ** 2).sum(axis=1)
        broken = gaps < self.wanted[chosen]
        if not broken.any():
            return
        slope = triplet_gradient(self.linear, near[broken], far[broken])
        self._descend(slope * broken.mean())

    def _points(self, taxa: np.ndarray) -> np.ndarray:
        """Mean of a few images of each taxon, drawn by their weights, shape (n, c)."""
        wanted = taxa[:, None] + self._rng.random((len(taxa), BAG))
        drawn = np.searchsorted(self._reached, wanted, side="right")
        drawn = np.minimum(drawn, self._starts[taxa + 1][:, None] - 1)
        return self._rows[drawn].mean(axis=1, dtype=np.float64)

    def _descend(self, slope: np.ndarray) -> None:
        """Step of AdamW (Loshchilov & Hutter 2019)."""
        self._steps += 1
        self._slope = MOMENT * self._slope + (1 - MOMENT) * slope
        self._square = SQUARES * self._square + (1 - SQUARES) * slope**2
        first = self._slope / (1 - MOMENT**self._steps)
        second = self._square / (1 - SQUARES**self._steps)
        self.linear *= 1 - RATE * DECAY
        self.linear -= RATE * first / (np.sqrt(second) + TINY)
