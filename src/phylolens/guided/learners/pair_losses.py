"""Losses of cosines between taxa against genetic distances, with their gradients.

``mse`` is the published one: cosines against similarities ``1 - 2 d / divisor``. The others know no
scale: ``pearson`` is 1 - r between cosines and negative distances, which is also what the mean
squared error of ``a + b cos`` with the best a and b >= 0 falls with; ``stress`` compares chords
``sqrt(2 - 2 cos)`` with distances up to a factor (Kruskal 1964, Psychometrika 29:1); ``rank`` is a
logistic loss over triplets, which of two taxa is nearer (Burges et al. 2005, ICML).
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from phylolens.errors import InputError
from phylolens.random import stream

# Takes cosines (T, T), gives the loss and its gradient by the cosine of each pair, a symmetric
# matrix that is zero on the diagonal.
PairLoss = Callable[[np.ndarray], tuple[float, np.ndarray]]
PairLossName = Literal["mse", "pearson", "stress", "rank"]
TRIPLETS = 100_000
SMALLEST_CHORD = 1e-6  # squared; a chord of zero has no slope


def mse(
    genetic: np.ndarray, cosines: np.ndarray, seed: int, divisor: float | None = None
) -> PairLoss:
    """Mean squared error of cosines against similarities ``1 - 2 d / divisor``."""
    return mse_to(1.0 - 2.0 * genetic / (divisor or float(genetic.max())))


def mse_to(target: np.ndarray) -> PairLoss:
    """Mean squared error of cosines against a target, shape (T, T), over pairs."""
    pairs = len(target) * (len(target) - 1) / 2

    def loss(cosines: np.ndarray) -> tuple[float, np.ndarray]:
        residual = cosines - target
        np.fill_diagonal(residual, 0.0)
        return float((residual**2).sum() / 2 / pairs), 2 / pairs * residual

    return loss


def pearson(genetic: np.ndarray, cosines: np.ndarray, seed: int) -> PairLoss:
    """One minus the correlation of cosines with negative distances, over pairs."""
    off = ~np.eye(len(genetic), dtype=bool)
    wanted = np.where(off, genetic[off].mean() - genetic, 0.0)
    wanted = wanted / float(np.linalg.norm(wanted))

    def loss(cosines: np.ndarray) -> tuple[float, np.ndarray]:
        centred = np.where(off, cosines - cosines[off].mean(), 0.0)
        length = max(float(np.linalg.norm(centred)), 1e-12)
        r = float((wanted * centred).sum() / length)
        # Every pair is in both halves of the matrix.
        return 1.0 - r, 2 * (r * centred / length - wanted) / length

    return loss


def stress(genetic: np.ndarray, cosines: np.ndarray, seed: int) -> PairLoss:
    """Squared stress-1 of distances against chords times the best factor."""
    off = ~np.eye(len(genetic), dtype=bool)
    wanted = np.where(off, genetic, 0.0) / np.linalg.norm(genetic[off])

    def loss(cosines: np.ndarray) -> tuple[float, np.ndarray]:
        squared = np.where(off, np.maximum(2 - 2 * cosines, 0.0) + SMALLEST_CHORD, 0.0)
        chords = np.sqrt(squared)
        total, product = squared.sum(), float((wanted * chords).sum())
        by_chord = -2 * product / total * wanted + 2 * product**2 / total**2 * chords
        slope = np.where(off & (cosines < 1), by_chord / np.where(off, chords, 1.0), 0.0)
        return 1.0 - product**2 / total, -2 * slope

    return loss


def rank(genetic: np.ndarray, cosines: np.ndarray, seed: int) -> PairLoss:
    """Logistic loss of the nearer taxon's cosine less the farther one's, over triplets.

    The unit is the standard deviation of the cosines at the start. All triplets are used up to
    ``TRIPLETS``; of more, as many are drawn once.
    """
    n = len(genetic)
    base, near, far = _triplets(genetic, seed)
    off = ~np.eye(n, dtype=bool)
    unit = max(float(cosines[off].std()), 1e-9)
    near_cell, far_cell = base * n + near, base * n + far

    def loss(cosines: np.ndarray) -> tuple[float, np.ndarray]:
        flat = cosines.ravel()
        margin = (flat[near_cell] - flat[far_cell]) / unit
        value = float(np.logaddexp(0.0, -margin).mean())
        pull = 1 / (1 + np.exp(np.clip(margin, -700, 700))) / (unit * len(base))
        slope = np.bincount(far_cell, pull, n * n) - np.bincount(near_cell, pull, n * n)
        by_pair = slope.reshape(n, n)
        return value, by_pair + by_pair.T

    return loss


def _triplets(genetic: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Taxon, a nearer one, a farther one: shape (m,) each."""
    n = len(genetic)
    if n * (n - 1) * (n - 2) // 2 <= TRIPLETS:
        base, near, far = (side.ravel() for side in np.indices((n, n, n)))
        once = near < far
        base, near, far = base[once], near[once], far[once]
    else:
        base, near, far = stream(seed, "guided.triplets").integers(n, size=(3, TRIPLETS))
    apart = (base != near) & (base != far) & (near != far)
    gap = genetic[base, far] - genetic[base, near]
    apart &= np.abs(gap) > 1e-9 * genetic.max()
    base, near, far, gap = (side[apart] for side in (base, near, far, gap))
    return base, np.where(gap > 0, near, far), np.where(gap > 0, far, near)


LOSSES: Mapping[str, Callable[..., PairLoss]] = {
    "mse": mse,
    "pearson": pearson,
    "stress": stress,
    "rank": rank,
}


def pair_loss(
    name: str,
    genetic: np.ndarray,
    cosines: np.ndarray,
    seed: int,
    divisor: float | None = None,
) -> PairLoss:
    """Make a loss by name.

    Parameters
    ----------
    name : str
        One of ``LOSSES``.
    genetic : array, shape (T, T)
        Distances.
    cosines : array, shape (T, T)
        Between unguided taxon vectors: where the fit starts.
    seed : int
        Of the triplets drawn.
    divisor : float, optional
        Of ``mse``: the distance that becomes the similarity -1; the largest by default.

    Raises
    ------
    InputError
        If the name is unknown or all distances are equal.
    """
    if name not in LOSSES:
        raise InputError(f"unknown loss '{name}'.", hint=f"One of {', '.join(LOSSES)}.")
    off = genetic[~np.eye(len(genetic), dtype=bool)]
    if np.ptp(off) <= 1e-12 * np.abs(off).max():
        raise InputError(f"all genetic distances are equal ({off[0]:g}): nothing to learn.")
    more = {"divisor": divisor} if name == "mse" else {}
    return LOSSES[name](genetic, cosines, seed, **more)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows at length one; rows of zeros stay."""
    found: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return found


def cosines_of(vectors: np.ndarray) -> np.ndarray:
    """Cosines between the rows, float64, shape (T, T)."""
    directions = unit(vectors)
    return directions @ directions.T


def by_vectors(vectors: np.ndarray, loss: PairLoss) -> tuple[float, np.ndarray]:
    """Loss of the cosines between vectors, shape (T, k), and its gradient by the vectors.

    The gradient is a combination of the vectors, so that only products of size T x T x k occur.
    Products that cosines are made of are summed in float64; the gradient has the vectors' type.
    """
    exact = vectors.astype(np.float64, copy=False)
    products = exact @ exact.T
    squares = np.maximum(np.diag(products), 1e-24)
    lengths = np.sqrt(squares)
    cosines = products / np.outer(lengths, lengths)
    value, slope = loss(cosines)
    mixing = slope / np.outer(lengths, lengths)
    mixing[np.diag_indices_from(mixing)] -= (slope * cosines).sum(axis=1) / squares
    return value, mixing.astype(vectors.dtype) @ vectors


def by_units(vectors: np.ndarray, loss: PairLoss) -> tuple[float, np.ndarray]:
    """As :func:`by_vectors`, written as the published fit sums it, in float64 throughout."""
    exact = vectors.astype(np.float64)
    lengths = np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-12)
    directions = exact / lengths
    value, slope = loss(directions @ directions.T)
    by_direction = slope @ directions
    inward = (directions * by_direction).sum(axis=1, keepdims=True)
    return value, (by_direction - directions * inward) / lengths
