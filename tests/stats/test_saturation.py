"""Saturation of known curves."""

import numpy as np
import pytest

from phylolens.stats.saturation import saturation

EQUAL = np.full(4, 0.25)


def apart(places: np.ndarray) -> np.ndarray:
    return np.abs(np.subtract.outer(places, places))


@pytest.fixture
def distances() -> np.ndarray:
    return apart(np.sort(np.random.default_rng(0).uniform(0, 3, 25)))


def test_differences_that_grow_in_step_are_not_saturated(distances):
    found = saturation(0.01 * distances, distances, "tree", EQUAL)
    assert found.slope_near == pytest.approx(0.01)
    assert found.slope_far == pytest.approx(0.01)
    assert found.share_near_unrelated == 0
    assert found.n_pairs == 300


def test_the_curve_of_jukes_and_cantor_flattens(distances):
    raw = 0.75 * (1 - np.exp(-4 / 3 * distances))
    found = saturation(raw, distances, "jc69", EQUAL)
    upper = np.triu_indices(25, k=1)
    x, y = distances[upper], raw[upper]
    far = x >= np.median(x)
    assert found.slope_far == pytest.approx(np.polyfit(x[far], y[far], 1)[0])
    assert found.slope_far < 0.4 * found.slope_near
    assert found.share_near_unrelated == pytest.approx(np.mean(y >= 0.6))
    assert found.largest == y.max()


def test_unrelated_sequences_differ_less_with_uneven_bases(distances):
    found = saturation(0.1 * distances, distances, "tree", np.array([0.4, 0.1, 0.1, 0.4]))
    assert found.unrelated == pytest.approx(1 - 0.34)


def test_pairs_without_a_distance_are_counted_and_left_out(distances):
    beside = distances.copy()
    beside[0, 1:] = beside[1:, 0] = np.nan
    found = saturation(0.2 * distances, beside, "k2p", EQUAL)
    assert found.n_undefined == 24
    assert found.slope_near == pytest.approx(0.2)


def test_no_slope_over_equal_distances():
    found = saturation(0.1 * (1 - np.eye(4)), 1 - np.eye(4), "tree", EQUAL)
    assert found.slope_near is None
    assert found.slope_far is None
    nothing = saturation(0.1 * (1 - np.eye(3)), np.full((3, 3), np.nan), "k2p", EQUAL)
    assert nothing.n_undefined == 3
    assert nothing.slope_far is None
