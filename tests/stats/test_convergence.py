"""Disagreement of looks and genes, against planted pairs and naive loops."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from skbio import DistanceMatrix

from phylolens.stats.convergence import disagreement


def balanced(n: int) -> pd.DataFrame:
    """Return the covariance of a balanced dated tree of height 1, each clade splitting in two."""
    shared, level = np.zeros((n, n)), n
    while level > 1:
        level //= 2
        block = np.arange(n) // level
        shared += (block[:, None] == block[None, :]) * (1.0 / np.log2(n))
    names = [f"t{row:03d}" for row in range(n)]
    shared /= shared.max()
    return pd.DataFrame(shared, index=names, columns=names)


@pytest.fixture(scope="module")
def covariance():
    return balanced(64)


def looks(covariance: pd.DataFrame, seed: int, axes: int = 16) -> np.ndarray:
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(covariance.to_numpy() + 1e-9 * np.eye(len(covariance)))
    return root @ rng.normal(size=(len(covariance), axes))


def distances(points: np.ndarray, covariance: pd.DataFrame) -> DistanceMatrix:
    return DistanceMatrix(squareform(pdist(points)), list(covariance.index))


def test_a_planted_pair_is_found_and_nothing_else(covariance):
    points = looks(covariance, 1)
    points[50] = points[3] + 0.1 * (points[50] - points[3])
    table, summary = disagreement(distances(points, covariance), covariance, simulations=100)
    found = table[table["significant"] & (table["kind"] == "convergence")]
    assert found[["taxon_1", "taxon_2"]].to_numpy().tolist() == [["t003", "t050"]]
    assert summary["n_convergent"] == 1


def test_a_brownian_world_holds_nothing(covariance):
    table, summary = disagreement(
        distances(looks(covariance, 2), covariance), covariance, simulations=100
    )
    assert summary["n_convergent"] == summary["n_divergent"] == 0
    assert not table["significant"].any()
    assert (table["kind"].value_counts() >= 20).all()
