"""The rule that decides on all claims alike."""

import numpy as np
import pytest
from scipy import stats

from phylolens.errors import TooFew
from phylolens.paradigms.evidence import Difference, judge, over_units

RNG = np.random.default_rng(0)


def test_equal_units_give_the_t_interval_of_a_mean():
    values = RNG.normal(0.3, 1, 12)
    low, high = over_units("d", values, np.ones(12)).interval()
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((wanted.low, wanted.high))


def test_unequal_units_are_left_out_one_by_one():
    sums, sizes = RNG.normal(size=7), np.array([1.0, 4, 2, 9, 1, 3, 5])
    left = [np.delete(sums, place).sum() / np.delete(sizes, place).sum() for place in range(7)]
    error = np.sqrt(6 / 7 * sum((one - np.mean(left)) ** 2 for one in left))
    found = over_units("d", sums, sizes)
    assert found.value == pytest.approx(sums.sum() / sizes.sum())
    assert found.error == pytest.approx(error)
    assert found.units == 7


def test_draws_add_their_own_error():
    base = np.arange(6.0)
    draws = np.stack([base, base + 0.6, base + 0.3])  # means 2.5, 3.1, 2.8
    found = over_units("d", draws, np.ones(6))
    assert found.value == pytest.approx(2.8)
    over = np.sqrt(3.5 / 6)  # variance of 0 to 5 is 3.5
    assert found.error == pytest.approx(np.hypot(over, 0.3 / np.sqrt(3)))


def test_units_without_weight_are_left_out():
    found = over_units("d", np.array([1.0, 2, 3, 4, 5, 99]), np.array([1, 1, 1, 1, 1, 0]))
    assert (found.value, found.units) == (pytest.approx(3.0), 5)


def test_few_units_say_nothing():
    with pytest.raises(TooFew, match="at least 5 families to say how sure this is; there are 4"):
        over_units("d", np.ones(4), np.ones(4), "families")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1.0], "holds"),
        ([-1.0], "does not hold"),
        ([0.2], "cannot be said"),
        ([1.0, 0.1], "holds"),
        ([-1.0, 0.1], "does not hold"),
        ([1.0, -1.0], "cannot be said"),
        ([0.1, -0.1], "cannot be said"),
    ],
)
def test_the_side_of_the_interval_decides(values, wanted):
    verdict = judge([Difference(f"d{k}", value, 0.2, 11) for k, value in enumerate(values)])
    assert verdict.holds == wanted


def test_several_differences_widen_their_intervals():
    # Student's t of 10 degrees of freedom: 2.228 at 5%, 2.634 at 2.5%.
    one = Difference("d", 0.5, 0.2, 11)
    assert one.interval() == pytest.approx((0.5 - 0.4456, 0.5 + 0.4456), abs=1e-3)
    assert one.interval(2) == pytest.approx((0.5 - 0.5267, 0.5 + 0.5267), abs=1e-3)
    assert judge([one]).holds == "holds"
    assert judge([one, Difference("e", 0.0, 0.2, 11)]).holds == "cannot be said"


def test_the_figure_says_what_was_found():
    verdict = judge([Difference("a less b", 0.5, 0.1, 11)], {"a": 0.75, "b": 0.25})
    assert verdict.figure == "a less b: +0.500 (+0.277 to +0.723) over 11 clades; a 0.75; b 0.25"
    assert verdict.values["a less b, low"] == pytest.approx(0.2772, abs=1e-4)
    assert verdict.values["b"] == 0.25


@pytest.mark.parametrize("sizes", [np.full(16, 6), np.array([64, 12, 6, 5, 5, 5, 4, *[1] * 20])])
def test_nothing_is_rarely_taken_for_something(sizes):
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(400):
        noise = np.sqrt(sizes) * rng.standard_normal(len(sizes))
        clade = 0.5 * sizes * rng.standard_normal(len(sizes))
        wrong += judge([over_units("d", noise + clade, sizes)]).holds != "cannot be said"
    assert wrong / 400 < 0.13


def test_a_difference_that_is_there_is_found():
    rng = np.random.default_rng(2)
    verdicts = [judge([over_units("d", rng.normal(1, 1, 20), np.ones(20))]) for _ in range(50)]
    assert np.mean([one.holds == "holds" for one in verdicts]) > 0.9
