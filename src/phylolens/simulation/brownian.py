"""Brownian motion on a tree: covariances, Pagel's lambda, and exact draws."""

import numpy as np
from skbio import DistanceMatrix, TreeNode

from phylolens.phylogeny import covariance as tree_covariance


def patristic_distances(phylogeny: TreeNode | DistanceMatrix) -> tuple[list[str], np.ndarray]:
    """Return names and the matrix of patristic distances, from a tree or as given."""
    if isinstance(phylogeny, DistanceMatrix):
        return [str(name) for name in phylogeny.ids], np.array(phylogeny.data, dtype=float)
    shared = tree_covariance(phylogeny)
    height = np.diag(shared)
    return list(shared.index), height[:, None] + height[None, :] - 2 * shared.to_numpy()


def with_lambda(covariance: np.ndarray, lambda_: float) -> np.ndarray:
    """Return ``covariance`` with Pagel's lambda: off-diagonals times lambda, diagonal kept.

    Pagel (1999), Nature 401: 877-884. At 1 traits follow the tree, at 0 they are independent.
    """
    scaled = covariance * lambda_
    np.fill_diagonal(scaled, np.diag(covariance))
    return scaled


def centred_covariance(distances: np.ndarray, lambda_: float) -> tuple[np.ndarray, float]:
    """Return the covariance of Brownian motion about its own mean, from patristic distances.

    For an additive matrix ``D`` the covariance of tip values minus their mean is ``-J D J / 2``
    with ``J = I - 11'/n``, wherever the root lies. Lambda replaces off-diagonal distances by
    ``lambda * d + (1 - lambda) * max(d)``, which for an ultrametric tree is Pagel's lambda
    exactly. The mean variance is scaled to 1.

    Parameters
    ----------
    distances : array, shape (n, n)
        Patristic distances.
    lambda_ : float
        Pagel's lambda, 0 to 1.

    Returns
    -------
    covariance : array, shape (n, n)
        Positive semi-definite, mean diagonal 1.
    clipped : float
        Share of the spectrum (absolute values) that was negative and set to 0; about 0 for an
        additive matrix.
    """
    n = len(distances)
    stretched = lambda_ * distances + (1 - lambda_) * distances.max()
    np.fill_diagonal(stretched, 0.0)
    centring = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centring @ stretched @ centring)
    total = np.abs(values).sum()
    clipped = float(-values[values < 0].sum() / total) if total > 0 else 0.0
    covariance = (vectors * np.clip(values, 0, None)) @ vectors.T
    return covariance * (n / max(np.trace(covariance), 1e-300)), clipped


def brownian(covariance: np.ndarray, n_traits: int, rng: np.random.Generator) -> np.ndarray:
    """Draw traits with the given covariance between taxa, independent of one another.

    Parameters
    ----------
    covariance : array, shape (n, n)
        Symmetric positive semi-definite; may be singular.
    n_traits : int
        Number of traits.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    array of float64, shape (n, n_traits)
        Exact multivariate normal draws, mean 0, through the symmetric square root, which unlike
        eigenvectors has no arbitrary signs.
    """
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root @ rng.standard_normal((len(covariance), n_traits))
