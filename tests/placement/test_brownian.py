"""Likelihoods on a tree, against the covariance written out."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from phylolens.placement.branches import Branches
from phylolens.placement.brownian import Motion
from phylolens.placement.points import Points

from .test_branches import _last, random_tree


def shared_paths(tree: Branches) -> np.ndarray:
    n = len(tree.taxa)
    found = np.diag(tree.tip_heights)
    for i in range(n):
        for j in range(i):
            found[i, j] = found[j, i] = tree.heights[tree.ancestor([i, j])]
    return found


def covariance(tree: Branches, motion: Motion, trait: int) -> np.ndarray:
    shared = shared_paths(tree)
    scaled = motion.lambdas[trait] * shared
    np.fill_diagonal(scaled, np.diag(shared))
    return motion.rates[trait] * scaled + np.diag(motion.noise[:, trait])


@pytest.fixture(params=range(3))
def motion(request) -> Motion:
    rng = np.random.default_rng(request.param)
    tree = Branches.of(random_tree(12, request.param))
    means = rng.normal(size=(12, 3))
    noise = rng.uniform(0.01, 0.3, size=(12, 3))
    return Motion(tree, means, noise, rng.uniform(0.2, 2, 3), np.array([0.3, 0.8, 1.0]))


def test_the_restricted_likelihood_against_contrasts_of_the_whole_matrix(motion):
    found = motion.restricted()
    n = len(motion.branches.taxa)
    for trait in range(3):
        v = covariance(motion.branches, motion, trait)
        inverse = np.linalg.inv(v)
        ones = np.ones(n)
        y = motion.means[:, trait]
        weight = ones @ inverse @ ones
        residual = y - (ones @ inverse @ y) / weight
        wanted = -0.5 * (
            (n - 1) * np.log(2 * np.pi)
            + np.linalg.slogdet(v)[1]
            + np.log(weight)
            + residual @ inverse @ residual
        )
        assert found[trait] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("ends", [None, 7.0])
def test_densities_against_the_conditional_gaussian(motion, ends):
    """Of the unknown given all tips, the root's value being unknown beforehand."""
    tree, points = motion.branches, Points(motion.branches, ends)
    noise = np.array([0.05, 0.0, 0.2])
    query = np.array([[0.3, -0.7, 1.1]])
    found = motion.densities(points, noise).log(query)[0]
    n = len(tree.taxa)
    for place in np.random.default_rng(1).choice(len(points.branch), 12, replace=False):
        branch, height = int(points.branch[place]), points.heights[place]
        low, high = tree.spans[branch]
        with_tips = np.array([height if low <= tip < high else _last(tree, branch, tip)
                              for tip in range(n)])  # fmt: skip
        end = height + points.pendants[place]
        wanted = 0.0
        for trait in range(3):
            v = covariance(tree, motion, trait) + 1e6  # a flat prior of the root's value
            across = motion.rates[trait] * motion.lambdas[trait] * with_tips + 1e6
            own = motion.rates[trait] * end + noise[trait] + 1e6
            solved = np.linalg.solve(v, across)
            mean, variance = solved @ motion.means[:, trait], own - solved @ across
            wanted += multivariate_normal.logpdf(query[0, trait], mean, variance)
        assert found[place] == pytest.approx(wanted, abs=2e-3)


def test_the_fit_finds_the_truth():
    rng = np.random.default_rng(5)
    tree = Branches.of(random_tree(150, 3))
    shared = shared_paths(tree)
    root = np.linalg.cholesky(0.8 * shared + np.diag(0.2 * tree.tip_heights) + 1e-9 * np.eye(150))
    follow = 1.5 * root @ rng.normal(size=(150, 30))
    free = rng.normal(size=(150, 30)) * np.sqrt(tree.tip_heights)[:, None]
    found = Motion.fit(tree, follow, np.zeros((150, 30)))
    assert found.lambdas[0] == 0.8
    assert np.median(found.rates) == pytest.approx(2.25, rel=0.35)
    assert found.log_likelihood == pytest.approx(found.restricted().sum())
    assert Motion.fit(tree, free, np.zeros((150, 30))).lambdas[0] == 0


def test_unknowns_of_many_noiseless_traits_are_placed_exactly():
    rng = np.random.default_rng(8)
    whole = Branches.of(random_tree(40, 11, largest=2))
    root = np.linalg.cholesky(shared_paths(whole) + 1e-12 * np.eye(40))
    traits = root @ rng.normal(size=(40, 600))
    right = 0
    for taxon in range(0, 40, 4):
        away = np.arange(40) == taxon
        small, places = whole.without(away)
        branch, _ = whole.attachment(places, taxon)
        motion = Motion(small, traits[~away], np.zeros((39, 600)), np.ones(600), np.ones(600))
        offset = (whole.tip_heights[~away] - small.tip_heights)[0]
        points = Points(small, float(whole.tip_heights[taxon] - offset))
        found = motion.densities(points, np.zeros(600)).log(traits[[taxon]])
        right += int(points.branch[found[0].argmax()]) == branch
    assert right == 10
