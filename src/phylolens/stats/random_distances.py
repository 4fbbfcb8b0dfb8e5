"""Distances that know nothing of any lineage: what a formula gives them is what noise gives."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.spatial.distance import cdist

DIMENSIONS = 16
SPREAD = 0.7  # standard deviation of the log of how far a taxon lies from the centre
FAR = 10.0  # the one outlier's distance, all others being 1 apart


def gaussian(n: int, rng: np.random.Generator) -> np.ndarray:
    """Euclidean distances of n random points (16 independent normal coordinates)."""
    points = rng.normal(size=(n, DIMENSIONS))
    return np.asarray(cdist(points, points))


def outliers(n: int, rng: np.random.Generator) -> np.ndarray:
    """As :func:`gaussian`, each point moved from the centre by a log-normal factor."""
    points = rng.normal(size=(n, DIMENSIONS)) * rng.lognormal(0.0, SPREAD, size=(n, 1))
    return np.asarray(cdist(points, points))


def uniform(n: int, rng: np.random.Generator) -> np.ndarray:
    """Independent uniform distances in [0, 1]; they need not fit into any space."""
    upper = np.triu(rng.uniform(size=(n, n)), k=1)
    return np.asarray(upper + upper.T)


def one_outlier(n: int, rng: np.random.Generator) -> np.ndarray:
    """All taxa equally far apart but one, drawn at random, ten times as far from all."""
    distances = np.ones((n, n))
    far = int(rng.integers(n))
    distances[far, :] = distances[:, far] = FAR
    np.fill_diagonal(distances, 0.0)
    return distances


def nearly(distances: np.ndarray, rng: np.random.Generator, error: float = 1e-6) -> np.ndarray:
    """Return ``distances`` with a relative error of a millionth: almost perfect agreement."""
    upper = np.triu(rng.normal(size=distances.shape), k=1)
    return np.asarray(distances * (1 + error * (upper + upper.T)))


NOISE: Mapping[str, Callable[[int, np.random.Generator], np.ndarray]] = MappingProxyType(
    {
        "gaussian": gaussian,
        "outliers": outliers,
        "uniform": uniform,
        "one_outlier": one_outlier,
    }
)
