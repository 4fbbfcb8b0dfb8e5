"""What learners in closed form share: axes of the tree, ridges, choice by clades left out.

With few taxa and many features all that is needed of the features is the kernel, the products of
the taxa's features. The residuals of taxa left out together follow from those of the one fit to all
taxa: Cook & Weisberg (1982) Residuals and Influence in Regression, chapter 4; for kernels An, Liu &
Venkatesh (2007) Pattern Recognition 40:2154.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

NEGLIGIBLE = 1e-10  # of the largest eigenvalue


@dataclass(frozen=True)
class Axes:
    """Coordinates ``y`` and heights ``a``, with ``d_ij = a_i + a_j - 2 sum_k sign_k y_ik y_jk``.

    Principal coordinates (Gower 1966, Biometrika 53:325) of the square root of the distances, which
    is Euclidean for those of a tree (de Vienne et al. 2011, Syst. Biol. 60:826): all signs are
    positive then, and a height is the squared distance from the centre. Other matrices have
    negative axes as well, and are given back all the same.

    Parameters
    ----------
    places : array, shape (T, k)
        Largest axes first.
    heights : array, shape (T,)
    sizes : array, shape (k,)
        Absolute eigenvalues.
    signs : array, shape (k,)
    """

    places: np.ndarray
    heights: np.ndarray
    sizes: np.ndarray
    signs: np.ndarray

    def distances(
        self, places: np.ndarray, heights: np.ndarray, known: "Axes | None" = None
    ) -> np.ndarray:
        """Distances of H points to those known, or among themselves; axes are these."""
        if known is None:
            other, others = places, heights
        else:
            other, others = known.places, known.heights
        products = places @ (other * self.signs).T
        found: np.ndarray = heights[:, None] + others - 2.0 * products
        return found


def axes_of(genetic: np.ndarray) -> Axes:
    """Find the axes of distances, shape (T, T)."""
    means = genetic.mean(axis=0)
    products = -(genetic - means - means[:, None] + means.mean()) / 2
    values, vectors = np.linalg.eigh((products + products.T) / 2)
    order = np.argsort(-np.abs(values), kind="stable")
    order = order[np.abs(values[order]) > NEGLIGIBLE * np.abs(values).max(initial=0.0)]
    sizes, vectors = np.abs(values[order]), vectors[:, order]
    # A vector's sign is arbitrary: its largest entry is made positive.
    turn = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(order))])
    places = vectors * turn * np.sqrt(sizes)
    return Axes(places, np.diag(products).copy(), sizes, np.sign(values[order]))


class Dual:
    """Kernel of T taxa, ready for ridges of any strength; the intercept is not penalised.

    Parameters
    ----------
    kernel : array, shape (T, T)
        Symmetric and positive semidefinite.

    Attributes
    ----------
    scale : float
        Mean of the diagonal of the centred kernel: the unit of ``strength``; 1 where it is zero.
    """

    def __init__(self, kernel: np.ndarray) -> None:
        self._means = kernel.mean(axis=0)
        centred = kernel - self._means - self._means[:, None] + self._means.mean()
        # Products of equal rows round apart; an eigenvalue below this share is rounding alone.
        values, self._vectors = np.linalg.eigh((centred + centred.T) / 2)
        self._values = np.maximum(values, 0.0)
        self.scale = float(self._values.mean()) or 1.0

    def residual_maker(self, strength: float) -> np.ndarray:
        """Return ``P``, of which ``alpha P y`` are the residuals of a fit to ``y``, shape (T, T).

        ``P`` is the upper left block of the inverse of ``[[K + alpha I, 1], [1', 0]]``, with
        ``alpha = strength * scale``.
        """
        alpha = strength * self.scale
        maker = (self._vectors / (self._values + alpha)) @ self._vectors.T
        # The constant vector has eigenvalue zero: taken out, it is the intercept.
        return maker - 1.0 / (len(maker) * alpha)

    def weights(self, new: np.ndarray, strength: float) -> np.ndarray:
        """Weights of the T taxa whose weighted mean is the prediction, shape (H, T); rows sum to 1.

        Parameters
        ----------
        new : array, shape (H, T)
            Kernel of new and known taxa.
        strength : float
            Penalty, in units of ``scale``.
        """
        return 1.0 / len(self) + self.offsets(new) @ self.residual_maker(strength)

    def offsets(self, new: np.ndarray) -> np.ndarray:
        """Kernel of new taxa less the mean row of the known: times ``P y`` it predicts ``y``."""
        found: np.ndarray = new - self._means  # the rows' own means fall to P: its columns sum to 0
        return found

    def centred_own(self, own: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Kernel of each new taxon with itself, measured from the mean of the known, shape (H,)."""
        found: np.ndarray = own - 2.0 * new.mean(axis=1) + self._means.mean()
        return found

    def __len__(self) -> int:
        return len(self._means)


def left_out_residuals(
    maker: np.ndarray, targets: np.ndarray, parts: Sequence[np.ndarray]
) -> np.ndarray:
    """Targets minus what a fit to all taxa outside a part predicts for those inside it.

    Parameters
    ----------
    maker : array, shape (..., T, T)
        Of :meth:`Dual.residual_maker`; several may be stacked.
    targets : array, shape (T, k)
    parts : sequence of int arrays
        Places of the taxa left out together.

    Returns
    -------
    array, shape (..., T, k)
        NaN for taxa of no part.
    """
    fitted = maker @ targets
    found = np.full(fitted.shape, np.nan)
    for size in {len(part) for part in parts}:  # those of one size are solved at once
        places = np.array([part for part in parts if len(part) == size])
        blocks = maker[..., places[:, :, None], places[:, None, :]]
        found[..., places, :] = np.linalg.solve(blocks, fitted[..., places, :])
    return found


def parts_of(groups: np.ndarray) -> list[np.ndarray]:
    """Places of the taxa of each clade."""
    return [np.flatnonzero(groups == clade) for clade in np.unique(groups)]


def left_out_means(genetic: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Mean distance of each column's taxon to the taxa outside the row's clade, shape (T, T)."""
    n = len(genetic)
    centring = np.eye(n) - 1.0 / n
    return genetic - left_out_residuals(centring, genetic, parts)


def inner_skill(
    genetic: np.ndarray, groups: np.ndarray, candidates: Iterable[np.ndarray]
) -> np.ndarray:
    """Skill of predictions that left the row's clade out, each calibrated with column means.

    As :func:`phylolens.guided.held_out.skill`, within the training taxa: one minus the mean squared
    error of the least-squares fit on column means and the prediction, divided by that of the fit on
    column means alone. Scale and offset of a prediction do not count. One that falls as distances
    rise has no skill: what is left out of a mean lies on its other side, and a fit to noise, turned
    over, would pass for a good one.

    Parameters
    ----------
    genetic : array, shape (T, T)
    groups : int array, shape (T,)
        At least two clades.
    candidates : iterable of arrays, shape (T, T)
        Row: the taxon left out with its clade.

    Returns
    -------
    array
        One skill a candidate.
    """
    known = groups[:, None] != groups
    free = left_out_means(genetic, parts_of(groups))[known]
    score = skill_beside(free, genetic[known])
    return np.array([score(candidate[known]) for candidate in candidates])


def skill_beside(free: np.ndarray, wanted: np.ndarray) -> Callable[[np.ndarray], float]:
    """Judge predictions of some pairs beside their column means: see :func:`inner_skill`."""
    wanted, free = wanted - wanted.mean(), free - free.mean()
    alone = wanted - _projected(wanted, free)
    total = float(alone @ alone)

    def score(guided: np.ndarray) -> float:
        guided = guided - guided.mean()
        extra = guided - _projected(guided, free)
        left = alone - _projected(alone, extra) if alone @ extra > 0 else alone
        return 1.0 - float(left @ left) / total if total > 0 else 0.0

    return score


def _projected(values: np.ndarray, onto: np.ndarray) -> np.ndarray:
    size = float(onto @ onto)
    return (float(values @ onto) / size if size > 0 else 0.0) * onto
