"""The primary test: against a naive loop, a case that must reject and cases that must not."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_score import lambda_score


def named(values):
    return DistanceMatrix((values + values.T) / 2, [f"t{row:02d}" for row in range(len(values))])


def two_clades(n, depth=0.8):
    """Path lengths and covariance of two clades of n taxa that share most of their history."""
    clade = np.arange(2 * n) // n
    shared = depth * (clade[:, None] == clade[None, :]) + (1 - depth) * np.eye(2 * n)
    return named(2 - 2 * shared), shared


def u_centred(values):
    """U-centring by the definition of Székely & Rizzo (2014), entry by entry."""
    n = len(values)
    values = values * (1 - np.eye(n))
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j:
                found[i, j] = (
                    values[i, j]
                    - values[i].sum() / (n - 2)
                    - values[:, j].sum() / (n - 2)
                    + values.sum() / ((n - 1) * (n - 2))
                )
    return found


def naive_score(points, paths, order):
    """Directions from the weighted centre by coordinates, then pair by pair."""
    weights = np.full(len(points), 1 / len(points))
    for _ in range(50):
        away = []
        for row in range(len(points)):
            others = np.delete(np.arange(len(points)), row)
            mean = weights[others] @ points[others] / weights[others].sum()
            away.append(((points[row] - mean) ** 2).sum())
        weights = 1 / np.array(away) / (1 / np.array(away)).sum()
    rows = points - weights @ points
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    alike, shared = u_centred(rows @ rows.T), u_centred(-paths / 2)
    top = sum(
        alike[order[i], order[j]] * shared[i, j]
        for i in range(len(order))
        for j in range(len(order))
    )
    return top / np.sqrt((alike**2).sum() * (shared**2).sum())


def test_the_statistic_equals_a_naive_loop():
    rng = np.random.default_rng(0)
    genetic, shared = two_clades(4)
    points = np.linalg.cholesky(shared) @ rng.normal(size=(8, 6))
    found = lambda_score(named(cdist(points, points)), genetic)
    assert found.statistic == pytest.approx(
        naive_score(points, genetic.data, list(range(8))), rel=1e-6
    )
    assert found.exact
    assert found.n_permutations == 40_320


def test_looks_that_follow_the_tree_are_found():
    rng = np.random.default_rng(1)
    genetic, shared = two_clades(12)
    points = np.linalg.cholesky(0.5 * shared + 0.5 * np.eye(24)) @ rng.normal(size=(24, 20))
    found = lambda_score(named(cdist(points, points)), genetic, permutations=199)
    assert found.p_value == 1 / 200
    assert found.statistic > 0.3
    assert found.z > 3


@pytest.mark.parametrize("spread", [1.0, 0.2])
def test_a_clade_that_varies_less_is_not_enough(spread):
    """200 worlds without history in which one clade varies a fifth as much as the other."""
    genetic, _ = two_clades(10)
    p_values = []
    for world in range(200):
        rng = np.random.default_rng([2, world])
        points = rng.normal(size=(20, 30))
        points[:10] *= spread
        visual = named(cdist(points, points))
        p_values.append(lambda_score(visual, genetic, permutations=99, seed=world).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.08


def test_neither_length_of_a_taxon_nor_the_root_counts():
    rng = np.random.default_rng(3)
    genetic, _ = two_clades(5)
    points = rng.normal(size=(10, 8))
    visual = named(cdist(points, points))
    own = rng.uniform(0, 3, 10)
    deeper = genetic.data + own[:, None] + own[None, :]  # each tip longer by a length of its own
    np.fill_diagonal(deeper, 0)
    plain = lambda_score(visual, genetic, permutations=99)
    other = lambda_score(visual, named(deeper), permutations=99)
    assert other.statistic == pytest.approx(plain.statistic)
    assert other.p_value == plain.p_value
    larger = lambda_score(named(7 * visual.data), named(3 * genetic.data), permutations=99)
    assert larger.statistic == pytest.approx(plain.statistic)


def test_order_of_rows_changes_nothing():
    rng = np.random.default_rng(4)
    genetic, _ = two_clades(6)
    points = rng.normal(size=(12, 8))
    visual = named(cdist(points, points))
    mixed = list(rng.permutation(visual.ids))
    one = lambda_score(visual, genetic, permutations=99, seed=1)
    other = lambda_score(VisualDistances.of_matrix(visual.filter(mixed)), genetic,
                         permutations=99, seed=1)  # fmt: skip
    assert one == other


def test_faults_are_named():
    genetic, _ = two_clades(3)
    with pytest.raises(InputError, match="different taxa"):
        lambda_score(genetic, genetic.filter(["t00", "t01", "t02", "t03"]))
    few = genetic.filter(["t00", "t01", "t04"])
    with pytest.raises(InputError, match="four"):
        lambda_score(few, few)
