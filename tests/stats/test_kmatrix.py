"""K_A and K_G against the formulae of Mitteroecker et al. (2025), written out."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import eigh
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.kmatrix import k_eigenvalues, k_means, k_points
from phylolens.stats.kmult import PreparedTree, kmult

N = 24
NAMES = [f"t{row:02d}" for row in range(N)]


def nested(n=N):
    """Covariance of a comb-like tree of depth one, and uneven tips."""
    depth = np.linspace(0.05, 0.9, n)
    shared = np.minimum.outer(depth, depth)
    np.fill_diagonal(shared, np.linspace(1.0, 1.3, n))
    return pd.DataFrame(shared, NAMES[:n], NAMES[:n])


def direct(points, shared):
    """The matrix K from the generalised least squares themselves, eigenvalues by a pencil."""
    n = len(points)
    inverse, one = np.linalg.inv(shared), np.ones(n)
    root = one @ inverse @ points / (one @ inverse @ one)
    about = points - root
    independent, along = about.T @ about, about.T @ inverse @ about
    expected = (np.trace(shared) - n / (one @ inverse @ one)) / (n - 1)
    return eigh(independent, along, eigvals_only=True)[::-1] / expected


def test_both_means_equal_the_formulae():
    shared = nested()
    points = np.linalg.cholesky(shared) @ np.random.default_rng(0).normal(size=(N, 5))
    points -= points.mean(axis=0)
    known = direct(points, shared.to_numpy())
    tree = PreparedTree.of(shared)
    arithmetic, geometric = k_means(tree, points, np.arange(N)[None])
    assert arithmetic[0] == pytest.approx(known.mean(), rel=1e-9)
    assert geometric[0] == pytest.approx(np.exp(np.log(known).mean()), rel=1e-9)
    np.testing.assert_allclose(k_eigenvalues(tree, points), known, rtol=1e-8)


def test_of_one_axis_all_three_are_blombergs_k():
    shared = nested()
    points = np.random.default_rng(1).normal(size=(N, 1))
    found = cdist(points, points)
    alone = kmult(DistanceMatrix(found, NAMES), shared, permutations=9).statistic
    arithmetic, geometric = k_means(PreparedTree.of(shared), points, np.arange(N)[None])
    assert arithmetic[0] == pytest.approx(alone, rel=1e-9)
    assert geometric[0] == pytest.approx(alone, rel=1e-9)


def test_neither_rotation_nor_scale_of_axes_counts():
    """Unlike K_mult: every direction counts alike, however little it varies."""
    shared, rng = nested(), np.random.default_rng(2)
    points = rng.normal(size=(N, 4))
    tree = PreparedTree.of(shared)
    turned = points @ rng.normal(size=(4, 4)) * 7
    for one, other in zip(
        k_means(tree, points, np.arange(N)[None]),
        k_means(tree, turned, np.arange(N)[None]),
        strict=True,
    ):
        assert one[0] == pytest.approx(other[0], rel=1e-8)


def test_orders_permute_the_points():
    shared, rng = nested(), np.random.default_rng(3)
    points = rng.normal(size=(N, 3))
    tree, order = PreparedTree.of(shared), rng.permutation(N)
    both = k_means(tree, points, np.vstack([np.arange(N), order]))
    alone = k_means(tree, points[order], np.arange(N)[None])
    assert [values[1] for values in both] == pytest.approx([values[0] for values in alone])


def test_one_strong_direction_among_many_is_seen_by_k_a():
    """One of eight axes follows two clades: K_A rises above all permuted taxa but a few."""
    clade = np.arange(N) // 12
    shared = 0.95 * (clade[:, None] == clade[None, :]) + 0.05 * np.eye(N)
    rng = np.random.default_rng(4)
    points = rng.normal(size=(N, 8))
    points[:, 0] = 3 * clade + 0.3 * rng.normal(size=N)
    orders = np.array([np.arange(N)] + [rng.permutation(N) for _ in range(99)])
    arithmetic, _ = k_means(PreparedTree.of(pd.DataFrame(shared, NAMES, NAMES)), points, orders)
    assert (arithmetic >= arithmetic[0]).sum() <= 5


def test_points_leave_freedom_to_permute():
    rng = np.random.default_rng(5)
    looks = rng.normal(size=(N, 40))
    visual = DistanceMatrix(cdist(looks, looks), NAMES)
    assert k_points(visual, 20).shape == (N, 20)
    assert k_points(visual.filter(NAMES[:9]), 20).shape == (9, 6)
    with pytest.raises(InputError, match="four taxa"):
        k_points(visual.filter(NAMES[:3]), 20)
