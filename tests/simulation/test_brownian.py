"""Brownian motion: covariances against closed forms."""

import io

import numpy as np
import pytest
from skbio import TreeNode

from phylolens.phylogeny import covariance as tree_covariance
from phylolens.simulation.brownian import (
    brownian,
    centred_covariance,
    patristic_distances,
    with_lambda,
)

TREE = "((A:1,B:1):2,((C:0.5,D:0.5):1,E:1.5):1.5);"
# By hand: height of the common ancestor.
COVARIANCE = np.array(
    [
        [3, 2, 0, 0, 0],
        [2, 3, 0, 0, 0],
        [0, 0, 3, 2.5, 1.5],
        [0, 0, 2.5, 3, 1.5],
        [0, 0, 1.5, 1.5, 3],
    ]
)


@pytest.fixture
def tree():
    return TreeNode.read(io.StringIO(TREE), format="newick")


def test_tree_covariance_by_hand(tree):
    shared = tree_covariance(tree)
    names, covariance = list(shared.index), shared.to_numpy()
    assert names == list("ABCDE")
    np.testing.assert_allclose(covariance, COVARIANCE)


def test_patristic_distances_agree_with_scikit_bio(tree):
    names, ours = patristic_distances(tree)
    theirs = tree.cophenet().filter(names)
    np.testing.assert_allclose(ours, theirs.data)
    np.testing.assert_allclose(patristic_distances(theirs)[1], ours)


@pytest.mark.parametrize("lambda_", [1.0, 0.5, 0.0])
def test_sample_covariance_is_lambda_c(lambda_):
    expected = lambda_ * COVARIANCE + (1 - lambda_) * np.diag(np.diag(COVARIANCE))
    np.testing.assert_allclose(with_lambda(COVARIANCE, lambda_), expected)
    n = 200_000
    traits = brownian(with_lambda(COVARIANCE, lambda_), n, np.random.default_rng(0))
    # The standard error of a covariance is at most sqrt(2) * variance / sqrt(n) = 0.0095.
    np.testing.assert_allclose(traits @ traits.T / n, expected, atol=0.045)


def test_singular_covariance_gives_identical_taxa():
    traits = brownian(np.ones((3, 3)), 50, np.random.default_rng(0))
    np.testing.assert_allclose(traits, traits[[0, 0, 0]], atol=1e-6)
    assert 0.5 < traits.std() < 1.5


def test_centred_covariance_is_the_centred_tree_covariance(tree):
    _, distances = patristic_distances(tree)
    centring = np.eye(5) - 0.2
    for lambda_ in (1.0, 0.6, 0.0):
        ours, clipped = centred_covariance(distances, lambda_)
        expected = centring @ with_lambda(COVARIANCE, lambda_) @ centring
        np.testing.assert_allclose(ours, expected * 5 / np.trace(expected), atol=1e-12)
        assert clipped < 1e-12


def test_distances_that_are_not_additive_are_clipped_and_counted():
    # -JDJ/2 of three equal points pulled apart from their centre by less than half a side.
    distances = np.array([[0, 2, 2, 0.2], [2, 0, 2, 0.2], [2, 2, 0, 0.2], [0.2, 0.2, 0.2, 0]])
    covariance, clipped = centred_covariance(distances, 1.0)
    assert clipped > 0.05
    assert np.linalg.eigvalsh(covariance).min() > -1e-12
