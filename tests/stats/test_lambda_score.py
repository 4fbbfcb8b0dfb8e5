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


def naive_score(squares, paths, order):
    alike, shared = u_centred(-squares / 2), u_centred(-paths / 2)
    top = bottom = 0.0
    for i in range(len(order)):
        for j in range(i):
            product = alike[order[i], order[j]] * shared[i, j]
            top += product
            bottom += product**2
    return top / np.sqrt(bottom)


def test_the_statistic_equals_a_naive_loop():
    rng = np.random.default_rng(0)
    genetic, shared = two_clades(4)
    points = np.linalg.cholesky(shared) @ rng.normal(size=(8, 6))
    visual = named(cdist(points, points))
    found = lambda_score(visual, genetic)
    assert found.statistic == pytest.approx(
        naive_score(visual.data**2, genetic.data, list(range(8))), rel=1e-9
    )
    assert found.exact
    assert found.n_permutations == 40_320


def test_looks_that_follow_the_tree_are_found():
    rng = np.random.default_rng(1)
    genetic, shared = two_clades(12)
    points = np.linalg.cholesky(0.5 * shared + 0.5 * np.eye(24)) @ rng.normal(size=(24, 20))
    found = lambda_score(named(cdist(points, points)), genetic, permutations=199)
    assert found.p_value == 1 / 200
    assert found.statistic > 3


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


def test_neither_noise_of_a_taxon_nor_the_root_counts():
    rng = np.random.default_rng(3)
    genetic, _ = two_clades(5)
    points = rng.normal(size=(10, 8))
    squares = cdist(points, points) ** 2
    own = rng.uniform(0, 3, 10)
    noisy = squares + own[:, None] + own[None, :]
    longer = genetic.data + own[:, None] + own[None, :]
    for values in (noisy, longer):
        np.fill_diagonal(values, 0)
    plain = lambda_score(named(np.sqrt(squares)), genetic, permutations=99)
    assert lambda_score(named(np.sqrt(noisy)), genetic, permutations=99).statistic == pytest.approx(
        plain.statistic
    )
    other = lambda_score(named(np.sqrt(squares)), named(longer), permutations=99)
    assert other.statistic == pytest.approx(plain.statistic)
    assert other.p_value == plain.p_value


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
