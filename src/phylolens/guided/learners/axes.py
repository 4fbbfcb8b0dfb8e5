"""Where taxa stand in the space a distance matrix spans: axes and heights."""

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
