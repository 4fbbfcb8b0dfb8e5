"""The Mantel test against R, brute force, and worlds whose truth is known."""

import itertools
import json

import numpy as np
import pytest
from scipy.spatial.distance import cdist, squareform
from scipy.stats import binom, pearsonr, rankdata, spearmanr
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny import read_distances, read_tree
from phylolens.phylogeny.rank import patristic
from phylolens.stats import mantel
from phylolens.stats._permutation import orders

METHODS = ("pearson", "spearman")


def cloud(n: int, seed: int, dimensions: int = 3) -> DistanceMatrix:
    points = np.random.default_rng(seed).normal(size=(n, dimensions))
    return DistanceMatrix(cdist(points, points), [f"t{row}" for row in range(n)])


def naive_correlation(x: np.ndarray, y: np.ndarray, method: str) -> float:
    pairs = [(x[i, j], y[i, j]) for i in range(len(x)) for j in range(i)]
    left, right = zip(*pairs, strict=True)
    return float((pearsonr if method == "pearson" else spearmanr)(left, right)[0])


def naive_exact_p(x: np.ndarray, y: np.ndarray, method: str, alternative: str) -> float:
    """Share of all orders of the taxa that reach the observed correlation."""
    observed = naive_correlation(x, y, method)
    null = [
        naive_correlation(x[np.ix_(order, order)], y, method)
        for order in itertools.permutations(range(len(x)))
    ]
    reached = {
        "greater": np.array(null) >= observed - 1e-10,
        "less": np.array(null) <= observed + 1e-10,
        "two-sided": np.abs(null) >= abs(observed) - 1e-10,
    }
    return float(reached[alternative].mean())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("data", ["traits", "cloud", "ties"])
def test_statistic_equals_vegan_and_ecodist(reference, reference_matrix, data, method):
    known = json.loads((reference / "mantel.json").read_text())[data]
    names = {
        "traits": ("patristic", "trait_distances"),
        "cloud": ("cloud_first", "cloud_second"),
        "ties": ("ties_first", "ties_second"),
    }
    x, y = (reference_matrix(name) for name in names[data])
    found = mantel(x, y, method=method, permutations=9).statistic
    assert found == pytest.approx(known[f"vegan_{method}"], abs=1e-12)
    assert found == pytest.approx(known[f"ecodist_{method}"], abs=1e-12)


def test_statistic_of_the_tree_read_by_us_equals_vegan(reference, reference_matrix):
    known = json.loads((reference / "mantel.json").read_text())["traits"]["vegan_pearson"]
    tree = read_tree(reference / "small_tree.nwk")
    traits = reference_matrix("trait_distances")
    assert mantel(patristic(tree), traits, permutations=9).statistic == pytest.approx(
        known, abs=1e-12
    )


@pytest.mark.data
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("part", "step"), [("whole", 1), ("every_third", 3)])
def test_bivalves_equal_vegan(shared_data, reference, bivalve_steps, part, step, method):
    known = json.loads((reference / "bivalve.json").read_text())[part]
    genetic = read_distances(shared_data / "bivalvia" / "edge_lengths.csv")
    steps = bivalve_steps.filter(bivalve_steps.ids[::step])
    found = mantel(steps, genetic.filter(steps.ids), method=method, permutations=9)
    assert found.statistic == pytest.approx(known[f"vegan_{method}"], abs=1e-12)
    assert found.n == len(steps.ids)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("n", [3, 4, 5])
def test_p_equals_brute_force(n, alternative, method):
    x, y = cloud(n, 1), cloud(n, 2)
    result = mantel(x, y, method=method, alternative=alternative)
    assert result.exact
    assert result.n_permutations == len(list(itertools.permutations(range(n))))
    assert result.p_value == pytest.approx(naive_exact_p(x.data, y.data, method, alternative))


def test_p_with_many_ties_equals_brute_force():
    steps = np.abs(np.subtract.outer([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])).astype(float)
    x = DistanceMatrix(steps, list("abcdef"))
    y = DistanceMatrix(np.minimum(steps, 1), list("abcdef"))
    for method in METHODS:
        expected = naive_exact_p(x.data, y.data, method, "greater")
        assert mantel(x, y, method=method).p_value == pytest.approx(expected)
    assert expected == pytest.approx(6 * 8 / 720)  # pairs kept together: 3! orders, 2! in each


def test_exact_p_counts_the_symmetries_of_the_data():
    line = np.abs(np.subtract.outer(np.arange(7.0), np.arange(7.0)))
    x = DistanceMatrix(line, [str(name) for name in range(7)])
    assert mantel(x, x).p_value == pytest.approx(2 / 5040)  # the identity and the mirror image


def test_sampled_p_is_count_plus_one():
    x, y = cloud(9, 1), cloud(9, 5)
    result = mantel(x, y, permutations=199, seed=3)
    tried, exact = orders(9, 199, 3)
    null = [naive_correlation(x.data[np.ix_(o, o)], y.data, "pearson") for o in tried]
    reached = int(np.sum(np.array(null) >= result.statistic - 1e-10))
    assert not exact
    assert result.p_value == pytest.approx((reached + 1) / 200)
    assert result.null_quantiles["0.95"] == pytest.approx(np.quantile(null, 0.95))
    assert sum(result.null_histogram["counts"]) == 199


@pytest.mark.parametrize("permutations", [1, 19, 99])
def test_p_is_never_below_the_smallest(permutations):
    x = cloud(12, 4)
    result = mantel(x, x, permutations=permutations)
    assert result.p_value == result.smallest_p == pytest.approx(1 / (permutations + 1))
    assert mantel(x, x, alternative="less", permutations=permutations).p_value == 1.0


def test_exact_p_is_never_below_the_smallest():
    result = mantel(cloud(5, 1), cloud(5, 1))
    assert result.smallest_p == 1 / 120
    assert result.p_value >= 1 / 120


@pytest.mark.parametrize("method", METHODS)
def test_looks_that_evolved_on_the_tree_are_found(reference, method):
    genetic = patristic(read_tree(reference / "small_tree.nwk"))
    noise = np.random.default_rng(8).normal(scale=0.1, size=genetic.shape)
    visual = np.abs(genetic.data + (noise + noise.T) / 2)
    np.fill_diagonal(visual, 0)
    result = mantel(DistanceMatrix(visual, genetic.ids), genetic, method=method)
    assert result.statistic > 0.9
    assert result.p_value == 0.001


@pytest.mark.parametrize("method", METHODS)
def test_independent_looks_are_not_found(reference, method):
    genetic = patristic(read_tree(reference / "small_tree.nwk"))
    visual = cloud(13, 20)
    visual = DistanceMatrix(visual.data, genetic.ids)
    assert mantel(visual, genetic, method=method).p_value > 0.05


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [6, 14])
def test_order_of_ids_changes_nothing(n, method):
    x, y = cloud(n, 1), cloud(n, 2)
    shuffled = [y.ids[place] for place in np.random.default_rng(0).permutation(n)]
    one = mantel(x, y, method=method, permutations=99)
    two = mantel(x, y.filter(shuffled), method=method, permutations=99)
    assert one.to_dict() == two.to_dict()
    assert one.statistic == pytest.approx(naive_correlation(x.data, y.data, method))


def test_matching_by_position_would_differ():
    x, y = cloud(9, 1), cloud(9, 1)
    renamed = DistanceMatrix(y.data, y.ids[::-1])
    assert mantel(x, y, permutations=9).statistic == pytest.approx(1)
    assert mantel(x, renamed, permutations=9).statistic < 0.9


@pytest.mark.parametrize("scale", [1e-14, 1e-3, 1e14])
def test_units_do_not_matter(scale):
    x, y = cloud(10, 1), cloud(10, 2)
    scaled = DistanceMatrix(x.data * scale, x.ids)
    one, two = mantel(x, y, permutations=49), mantel(scaled, y, permutations=49)
    assert one.p_value == two.p_value
    assert one.statistic == pytest.approx(two.statistic)


def test_same_seed_same_result_other_seed_other_null():
    x, y = cloud(12, 1), cloud(12, 2)
    one, two = (mantel(x, y, permutations=99, seed=4).to_dict() for _ in range(2))
    assert one == two
    assert mantel(x, y, permutations=99, seed=5).null_quantiles != one["null_quantiles"]


def test_five_percent_of_null_worlds_reject():
    rejected = sum(
        mantel(cloud(9, 2 * world), cloud(9, 2 * world + 1), permutations=99, seed=world).p_value
        <= 0.05
        for world in range(200)
    )
    low, high = binom.ppf([0.0005, 0.9995], 200, 0.05)
    assert low <= rejected <= high


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (cloud(5, 1), cloud(6, 1), "'t5'"),
        (cloud(2, 1), cloud(2, 2), "three taxa"),
        (DistanceMatrix(1 - np.eye(5), [f"t{i}" for i in range(5)]), cloud(5, 1), "equal"),
        (cloud(5, 1), DistanceMatrix(7e9 * (1 - np.eye(5)), [f"t{i}" for i in range(5)]), "equal"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_tested_is_refused(x, y, message, method):
    with pytest.raises(InputError, match=message):
        mantel(x, y, method=method)


@pytest.mark.parametrize(
    "wrong", [{"method": "kendall"}, {"alternative": "more"}, {"permutations": 0}]
)
def test_unknown_settings_are_refused(wrong):
    with pytest.raises(InputError):
        mantel(cloud(5, 1), cloud(5, 2), **wrong)


def test_rounding_noise_does_not_break_ties() -> None:
    rng = np.random.default_rng(5)
    steps = np.triu(rng.integers(1, 4, (12, 12)).astype(float) * 77.7, 1)
    noise = np.triu(rng.uniform(-1e-6, 1e-6, (12, 12)), 1)
    names = [f"t{place}" for place in range(12)]
    clean, noisy = (DistanceMatrix(m + m.T, names) for m in (steps, steps + noise))
    points = rng.normal(size=(12, 3))
    looks = DistanceMatrix(cdist(points, points), names)
    one = mantel(looks, clean, method="spearman", permutations=99)
    other = mantel(looks, noisy, method="spearman", permutations=99)
    assert one.statistic == pytest.approx(other.statistic, abs=1e-12)
    assert one.p_value == other.p_value
    order = rankdata(squareform(noisy.data, checks=False))
    naive = np.corrcoef(rankdata(looks.condensed_form()), order)[0, 1]
    assert abs(naive - one.statistic) > 1e-4, "unrounded ranks would differ"
