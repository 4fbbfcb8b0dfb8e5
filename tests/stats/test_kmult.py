"""K_mult against its textbook formula, brute force, and what Brownian motion must give."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance, read_tree
from phylolens.stats.kmult import kmult

NAMES = [f"t{place}" for place in range(40)]


def distances(traits: np.ndarray, names: list[str]) -> DistanceMatrix:
    return DistanceMatrix(cdist(traits, traits), names)


def tree_of(n: int, seed: int) -> pd.DataFrame:
    """Covariance of a random tree whose tips end at different times."""
    rng = np.random.default_rng(seed)
    nodes = [TreeNode(name, length=rng.uniform(0.2, 2)) for name in NAMES[:n]]
    while len(nodes) > 1:
        nodes = [nodes[place] for place in rng.permutation(len(nodes))]
        joined = TreeNode(length=rng.uniform(0.2, 2), children=[nodes.pop(), nodes.pop()])
        nodes.append(joined)
    return covariance(nodes[0]).loc[NAMES[:n], NAMES[:n]]


def evolved(shared: pd.DataFrame, traits: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.cholesky(shared.to_numpy()) @ rng.normal(size=(len(shared), traits))


def textbook(traits: np.ndarray, shared: np.ndarray) -> float:
    """K_mult from the traits themselves, as Adams (2014) writes it."""
    n = len(traits)
    inverse = np.linalg.inv(shared)
    ones = np.ones((n, 1))
    root = (ones.T @ inverse @ traits) / (ones.T @ inverse @ ones)
    away = traits - ones @ root
    values, vectors = np.linalg.eigh(shared)
    whitened = (vectors / np.sqrt(values)) @ vectors.T @ away
    expected = (np.trace(shared) - n / (ones.T @ inverse @ ones).item()) / (n - 1)
    return float((away**2).sum() / (whitened**2).sum() / expected)


@pytest.mark.parametrize("traits", [1, 5, 60])
@pytest.mark.parametrize("n", [3, 12, 40])
def test_statistic_equals_the_formula_on_traits(n, traits):
    shared = tree_of(n, seed=n)
    looks = np.random.default_rng(traits).normal(size=(n, traits)) + 3.0
    found = kmult(distances(looks, NAMES[:n]), shared, permutations=9)
    assert found.statistic == pytest.approx(textbook(looks, shared.to_numpy()), rel=1e-9)
    assert (found.name, found.n, found.alternative) == ("kmult", n, "greater")


def test_exact_p_equals_brute_force():
    shared = tree_of(6, seed=1)
    looks = np.random.default_rng(5).normal(size=(6, 2))
    result = kmult(distances(looks, NAMES[:6]), shared)
    null = [textbook(looks[list(o)], shared.to_numpy()) for o in itertools.permutations(range(6))]
    assert result.exact
    assert result.n_permutations == 720
    assert result.p_value == pytest.approx(np.mean(np.array(null) >= null[0] - 1e-10))
    assert result.null_quantiles["0.5"] == pytest.approx(np.quantile(null, 0.5))


def test_eight_taxa_are_enumerated():
    looks = evolved(tree_of(8, 2), 4, np.random.default_rng(0))
    result = kmult(distances(looks, NAMES[:8]), tree_of(8, 2), permutations=9)
    assert result.exact
    assert result.n_permutations == 40_320


def test_brownian_motion_gives_one_on_average():
    shared = tree_of(20, seed=3)
    rng = np.random.default_rng(4)
    draws = [
        kmult(distances(evolved(shared, 100, rng), NAMES[:20]), shared, permutations=9).statistic
        for _ in range(60)
    ]
    error = np.std(draws) / np.sqrt(len(draws))
    # The expectations of numerator and denominator have ratio 1; that of their ratio is near it.
    assert np.mean(draws) == pytest.approx(1, abs=4 * error + 0.01)


def test_looks_that_evolved_on_the_tree_are_found():
    shared = tree_of(30, seed=6)
    looks = evolved(shared, 10, np.random.default_rng(7))
    result = kmult(distances(looks, NAMES[:30]), shared)
    assert result.p_value == 0.001
    assert result.z > 4


def test_independent_looks_are_not_found():
    looks = np.random.default_rng(8).normal(size=(30, 10))
    result = kmult(distances(looks, NAMES[:30]), tree_of(30, seed=6))
    assert result.p_value > 0.05
    assert abs(result.z) < 2
    assert result.statistic < 1


def test_order_of_rows_changes_nothing():
    shared = tree_of(15, seed=9)
    visual = distances(np.random.default_rng(1).normal(size=(15, 4)), NAMES[:15])
    names = [NAMES[place] for place in np.random.default_rng(2).permutation(15)]
    one = kmult(visual, shared, permutations=99, seed=3).to_dict()
    other = names[::-1]
    assert (
        kmult(visual.filter(names), shared.loc[other, other], permutations=99, seed=3).to_dict()
        == one
    )
    assert kmult(visual, shared, permutations=99, seed=4).to_dict() != one


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_do_not_matter(scale):
    shared = tree_of(12, seed=9)
    visual = distances(np.random.default_rng(1).normal(size=(12, 4)), NAMES[:12])
    once = kmult(visual, shared, permutations=49)
    scaled = kmult(DistanceMatrix(visual.data * scale, visual.ids), shared / scale, permutations=49)
    assert scaled.statistic == pytest.approx(once.statistic)
    assert scaled.p_value == once.p_value


def test_tips_without_branches_are_named(write):
    tree = read_tree(write("tree.nwk", "((a:0,b:0):1,(c:1,d:2):1,(e:0,(f:1,g:0):0):0,h:0);"))
    looks = np.random.default_rng(0).normal(size=(8, 2))
    with pytest.raises(InputError) as caught:
        kmult(distances(looks, list("abcdefgh")), covariance(tree))
    said = str(caught.value)
    assert caught.value.ids == ("a", "b", "e", "g", "h")
    assert "'a = b'" in said
    assert "at the root itself ('e', 'g', 'h')" in said
    assert "Merge such tips" in said


def test_a_tip_at_an_inner_node_is_no_problem(write):
    """Its own branch is zero, but no other tip is at its place: nothing is singular."""
    shared = covariance(read_tree(write("tree.nwk", "((a:0,b:1):1,(c:1,d:2):1);")))
    looks = np.random.default_rng(0).normal(size=(4, 2))
    found = kmult(distances(looks, list("abcd")), shared)
    assert found.statistic == pytest.approx(textbook(looks, shared.to_numpy()))


def test_a_matrix_of_no_tree_is_refused():
    shared = pd.DataFrame([[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]], list("abc"), list("abc"))
    with pytest.raises(InputError, match="cannot be inverted"):
        kmult(distances(np.eye(3) * [1, 2, 3], list("abc")), shared)


@pytest.mark.parametrize(
    ("visual", "shared", "message"),
    [
        (distances(np.eye(5), NAMES[:5]), tree_of(5, 1), "equal"),
        (distances(np.eye(6) * np.arange(6), NAMES[:6]), tree_of(5, 1), "'t5'"),
        (distances(np.arange(2)[:, None], NAMES[:2]), tree_of(2, 1), "three taxa"),
        (distances(np.arange(5)[:, None], NAMES[:5]), tree_of(5, 1) * np.nan, "NaN"),
        (distances(np.arange(5)[:, None], NAMES[:5]), tree_of(5, 1) * 0, "no branch lengths"),
        (distances(np.arange(5)[:, None], NAMES[:5]), tree_of(5, 1).iloc[:, :4], "one column"),
        (distances(np.arange(5)[:, None], NAMES[:5]), np.tril(tree_of(5, 1)), "symmetric"),
    ],
)
def test_what_cannot_be_tested_is_refused(visual, shared, message):
    if isinstance(shared, np.ndarray):
        shared = pd.DataFrame(shared, NAMES[:5], NAMES[:5])
    with pytest.raises(InputError, match=message):
        kmult(visual, shared)


def test_distances_far_from_euclidean_are_refused():
    """Two taxa near the root weigh most, and are much farther apart than by way of the others."""
    shared = pd.DataFrame(np.diag([1e-3, 1e-3] + [1.0] * 10), NAMES[:12], NAMES[:12])
    values = 1 - np.eye(12)
    values[0, 1] = values[1, 0] = 10
    with pytest.raises(InputError, match="Euclidean"):
        kmult(DistanceMatrix(values, NAMES[:12]), shared)


def test_two_pairs_of_sisters_cannot_be_told_from_chance():
    """Equally long sisters and pairs change places: 8 of the 24 orders agree best, p >= 1/3."""
    shared = np.kron(np.eye(2), np.array([[2.0, 1.0], [1.0, 2.0]]))
    looks = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 5.0], [5.0, 5.1]])
    result = kmult(distances(looks, NAMES[:4]), pd.DataFrame(shared, NAMES[:4], NAMES[:4]))
    assert result.p_value == result.smallest_p == pytest.approx(1 / 3)
