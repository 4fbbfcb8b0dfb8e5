"""A world of taxa in clades whose features follow their tree, and a small ridge to learn with."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.sample import Sample, to_sample
from phylolens.values import Features


class RowRidge:
    """Ridge from standardised taxon means to rows of distances less their column means."""

    def __init__(self, alpha: float = 0.3) -> None:
        self.alpha = alpha

    def get_params(self, deep: bool = True) -> dict:
        return {"alpha": self.alpha}

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "RowRidge":
        self.mean, deviation = sample.scale()
        self.factor = 1 / np.maximum(deviation, 1e-9)
        self.known = (sample.means - self.mean) * self.factor
        kernel = self.known @ self.known.T
        n = len(genetic)
        self.columns = genetic.sum(axis=0) / (n - 1)
        penalty = self.alpha * np.trace(kernel) / n * np.eye(n)
        self.weights = np.linalg.solve(kernel + penalty, genetic - self.columns)
        return self

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        return (matrix - self.mean) * self.factor @ (self.known.T @ self.weights)

    def predict(self, new: Sample) -> np.ndarray:
        return self.columns + self.transform(new.means)

    def between(self, new: Sample) -> np.ndarray:
        rows = self.transform(new.means)
        return ((rows[:, None] - rows[None]) ** 2).mean(axis=2)


def make_world(
    signal: float = 1.0,
    sizes: tuple[int, ...] = (5, 4, 3, 6, 2, 4, 3, 5, 1, 3),
    seed: int = 0,
    width: int = 40,
    images: int = 4,
) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Taxa on a tree of clades; features that evolved on it, or (``signal`` 0) that did not."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    n = len(groups)
    # Clades join two and two before the root: relatives are left when a clade is held out.
    above = groups // 2
    tip, stem, root = (rng.uniform(0.5, 1.5, k) for k in (n, len(sizes), above.max() + 1))
    root = 3 * root
    shared = (groups[:, None] == groups) * stem[groups] + (above[:, None] == above) * root[above]
    shared = (shared + np.diag(tip)).astype(float)
    height = np.diag(shared)
    genetic = height[:, None] + height - 2 * shared
    np.fill_diagonal(genetic, 0.0)
    factor = np.linalg.cholesky(shared)
    means = factor @ rng.standard_normal((n, width))
    means = np.sqrt(signal) * means + np.sqrt(1 - signal) * rng.standard_normal((n, width))
    matrix = np.repeat(means, images, axis=0) + 0.3 * rng.standard_normal((n * images, width))
    names = [f"T{place:02}" for place in range(n)]
    ids = tuple(f"{name}/{k}" for name in names for k in range(images))
    taxa = pd.Series(np.repeat(names, images), index=ids)
    specimens = pd.Series(ids, index=ids)
    return to_sample(Features(ids, matrix), taxa, specimens, names), genetic, groups


@pytest.fixture
def world() -> tuple[Sample, np.ndarray, np.ndarray]:
    """Thirty-six taxa in ten clades; features follow the tree."""
    return make_world()


@pytest.fixture
def worlds() -> Callable[..., tuple[Sample, np.ndarray, np.ndarray]]:
    """Make further worlds."""
    return make_world


@pytest.fixture
def ridge() -> type[RowRidge]:
    """A learner."""
    return RowRidge
