"""Does the Mantel test keep its level, does its interval cover, and what if units were mistaken?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Worlds are drawn here, without the
project's own simulator.
"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix, TreeNode

from phylolens.phylogeny.rank import patristic
from phylolens.stats import mantel
from phylolens.stats.leave_out import taxon_intervals

METHODS = ("pearson", "spearman")
WORLDS, TAXA = 1000, 20


def named(values: np.ndarray) -> DistanceMatrix:
    return DistanceMatrix(values, [f"t{row}" for row in range(len(values))])


def coalescent_distances(n: int, rng: np.random.Generator) -> DistanceMatrix:
    """Patristic distances of a random ultrametric tree (Kingman's coalescent)."""
    nodes = [(TreeNode(name=f"t{row}"), 0.0) for row in range(n)]
    time = 0.0
    while len(nodes) > 1:
        time += rng.exponential(2 / (len(nodes) * (len(nodes) - 1)))
        pair = [nodes.pop(int(rng.integers(len(nodes)))) for _ in range(2)]
        for node, born in pair:
            node.length = time - born
        nodes.append((TreeNode(children=[node for node, _ in pair]), time))
    return patristic(nodes[0][0])


def share_rejected(world: Callable[[np.random.Generator], float], worlds: int) -> float:
    """Share of worlds whose p-value is at most 0.05."""
    p_values = [world(np.random.default_rng([7, place])) for place in range(worlds)]
    share = float(np.mean(np.array(p_values) <= 0.05))
    print(f"rejected: {share:.3f} of {worlds}")  # shown by pytest -rP
    return share


@pytest.mark.parametrize("method", METHODS)
def test_five_percent_of_null_worlds_reject(method):
    """Looks independent of the tree, which itself is strongly structured."""

    def world(rng: np.random.Generator) -> float:
        looks = rng.normal(size=(TAXA, 8))
        visual, genetic = named(cdist(looks, looks)), coalescent_distances(TAXA, rng)
        seed = int(rng.integers(2**31))
        return mantel(visual, genetic, method=method, permutations=199, seed=seed).p_value

    assert 0.03 <= share_rejected(world, WORLDS) <= 0.07


@pytest.mark.parametrize("method", METHODS)
def test_looks_evolved_by_brownian_motion_are_found(method):
    """Power, so that a test that never rejects cannot pass: Brownian looks in 32 dimensions."""

    def world(rng: np.random.Generator) -> float:
        genetic = coalescent_distances(TAXA, rng)
        shared = genetic.data.max() - genetic.data  # ultrametric: covariance up to a constant
        looks = rng.multivariate_normal(np.zeros(TAXA), shared, size=32, method="eigh").T
        seed = int(rng.integers(2**31))
        visual = DistanceMatrix(cdist(looks, looks), genetic.ids)
        return mantel(visual, genetic, method=method, permutations=199, seed=seed).p_value

    assert share_rejected(world, 200) >= 0.9


def specimens_world(rng: np.random.Generator, *, as_taxa: bool) -> float:
    """Twelve taxa of four specimens that cluster by taxon, with no phylogenetic signal at all."""
    n_taxa, each = 12, 4
    looks = np.repeat(rng.normal(size=(n_taxa, 6)), each, axis=0)
    looks += 0.5 * rng.normal(size=looks.shape)
    genetic = coalescent_distances(n_taxa, rng).filter([f"t{row}" for row in range(n_taxa)]).data
    if as_taxa:
        looks = looks.reshape(n_taxa, each, -1).mean(axis=1)
    else:
        genetic = np.repeat(np.repeat(genetic, each, axis=0), each, axis=1)
    seed = int(rng.integers(2**31))
    return mantel(named(cdist(looks, looks)), named(genetic), permutations=199, seed=seed).p_value


def test_permuting_specimens_would_reject_far_too_often():
    """A warning, not a feature: why ``taxon_means`` comes before every test."""
    mistaken = share_rejected(lambda rng: specimens_world(rng, as_taxa=False), 100)
    right = share_rejected(lambda rng: specimens_world(rng, as_taxa=True), 400)
    assert mistaken > 0.5  # ten times the level claimed
    assert 0.02 <= right <= 0.09


def joint_points(n: int, rho: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw n independent taxa, each a pair of points in three dimensions correlated by rho."""
    looks = rng.normal(size=(n, 3))
    return looks, rho * looks + np.sqrt(1 - rho**2) * rng.normal(size=(n, 3))


def population_correlation(rho: float, method: str) -> float:
    """Correlation of the two distances over 400,000 independent pairs of taxa."""
    rng = np.random.default_rng(11)
    looks, genes = joint_points(400_000, rho, rng)
    other_looks, other_genes = joint_points(400_000, rho, rng)
    x = np.linalg.norm(looks - other_looks, axis=1)
    y = np.linalg.norm(genes - other_genes, axis=1)
    if method == "spearman":
        x, y = x.argsort().argsort(), y.argsort().argsort()
    return float(np.corrcoef(x, y)[0, 1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_interval_covers_the_population_correlation(rho, method):
    """Over taxa drawn independently from one joint distribution, about 95% of intervals cover.

    Taxa on a tree are not such draws: there the interval tells how much the figure hangs on the
    taxa at hand, not where a population value lies.
    """
    known, covered, worlds = population_correlation(rho, method), [], 200
    for world in range(worlds):
        looks, genes = joint_points(TAXA, rho, np.random.default_rng([13, world]))
        x, y = named(cdist(looks, looks)), named(cdist(genes, genes))
        low, high = taxon_intervals(x, y)[f"mantel_{method}"]
        covered.append(low <= known <= high)
    share = float(np.mean(covered))
    print(f"covered: {share:.3f} of {worlds}")
    assert 0.88 <= share <= 0.99, f"{share:.3f} of the intervals cover {known:.3f}"
