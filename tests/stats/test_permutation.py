"""The engine under every test: orders, products, p-values and effect sizes."""

from math import factorial

import numpy as np
import pytest

from phylolens.stats._pairs import permuted_products, slow_products
from phylolens.stats._permutation import effect_size, orders, permutation_test, result_of


def symmetric(n: int, rng: np.random.Generator) -> np.ndarray:
    values = rng.normal(size=(n, n))
    return values + values.T


def test_products_equal_a_naive_loop():
    rng = np.random.default_rng(0)
    x, y, z = (symmetric(9, rng) for _ in range(3))
    tried = np.array([rng.permutation(9) for _ in range(12)])
    naive = [
        [sum(x[o[i], o[j]] * m[i, j] for j in range(9) for i in range(j)) for m in (y, z)]
        for o in tried
    ]
    np.testing.assert_allclose(permuted_products(x, [y, z], tried), naive, rtol=1e-12)
    upper = np.triu_indices(9, k=1)
    np.testing.assert_allclose(slow_products(x, y[upper], tried), np.array(naive)[:, 0], rtol=1e-12)


def test_products_do_not_depend_on_the_scale():
    rng = np.random.default_rng(1)
    x, y, order = symmetric(6, rng), symmetric(6, rng), rng.permutation(6)[None]
    once = permuted_products(x, [y], order)
    np.testing.assert_allclose(permuted_products(1e9 * x, [1e-6 * y], order), 1e3 * once, rtol=1e-9)
    assert permuted_products(0 * x, [y], order) == 0


def test_few_taxa_are_enumerated_identity_first():
    found, exact = orders(5, 99, 0)
    assert exact
    assert len(np.unique(found, axis=0)) == len(found) == factorial(5)
    np.testing.assert_array_equal(found[0], np.arange(5))


def test_blocks_keep_taxa_in_their_clade():
    codes = np.array([0, 1, 0, 1, 2, 0])
    found, exact = orders(6, 99, 0, codes)
    assert exact
    assert len(np.unique(found, axis=0)) == len(found) == factorial(3) * factorial(2)
    assert (codes[found] == codes).all()


def test_many_orders_are_drawn_evenly_within_blocks():
    codes = np.repeat([0, 1], 9)
    found, exact = orders(18, 4000, 3, codes)
    assert not exact
    assert (codes[found] == codes).all()
    assert (np.sort(found, axis=1) == np.arange(18)).all()
    shares = np.bincount(found[:, 0], minlength=18)[:9] / len(found)
    assert np.abs(shares - 1 / 9).max() < 0.02  # four standard errors


def test_exact_p_is_the_share_of_orders_that_reach():
    values = np.array([1.0, 2.0, 3.0, 4.0])

    def first(order: np.ndarray) -> float:
        return float(values[order][-1])

    result = permutation_test("last", first, 4, permutations=5)
    assert result.exact
    assert result.p_value == pytest.approx(1 / 4)
    assert result.smallest_p == pytest.approx(1 / 4)  # 6 of 24 orders end in the largest value


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_the_smallest_p_counts_the_orders_that_agree_best(exact, alternative):
    null = np.array([3.0, 3.0, 1.0, 0.0, -1.0, -3.0, -3.0, -3.0])
    result = result_of("t", 1.0, null, exact, 4, alternative=alternative)
    best = {"greater": 2, "less": 3, "two-sided": 5}[alternative]
    assert result.smallest_p == pytest.approx(best / (8 if exact else 9))


def test_the_smallest_p_of_a_sample_may_be_the_observed_value_alone():
    null = np.random.default_rng(0).normal(size=99)
    assert result_of("t", 9.0, null, False, 20).smallest_p == pytest.approx(0.01)
    assert result_of("t", 0.0, null, False, 20).smallest_p == pytest.approx(0.01)


def test_effect_size_counts_standard_deviations():
    null = np.random.default_rng(2).normal(size=4999)  # of both signs: no transformation
    assert effect_size(3.0, null) == pytest.approx(3.0, abs=0.1)
    skewed = np.exp(null)  # positive: a lognormal is made normal again
    assert effect_size(np.exp(3.0), skewed) == pytest.approx(3.0, abs=0.15)
    assert effect_size(1.0, np.ones(99)) is None


@pytest.mark.parametrize("null", [np.ones(9), 0.7 + 1e-16 * np.arange(99), np.zeros(5)])
def test_a_null_that_hardly_varies_has_a_histogram(null):
    result = result_of("flat", float(null[0]), null, False, 9, seed=0)
    assert sum(result.null_histogram["counts"]) == len(null)
    assert result.p_value == 1
    assert result.z is None
