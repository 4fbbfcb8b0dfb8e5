"""Change of skill against closed forms, and its noise against what many worlds show."""

import numpy as np
import pytest

from phylolens.guided.by_clade import DrawnErrors, change_of_skill


def test_equals_the_skills_and_the_jackknife_of_a_mean():
    """Where all clades have the same column means' error, the jackknife is that of a mean."""
    before = DrawnErrors(np.array([[8.0, 6.0, 9.0, 5.0]]), np.full(4, 10.0))
    after = DrawnErrors(np.array([[7.0, 5.0, 5.0, 5.0]]), np.full(4, 10.0))
    np.testing.assert_allclose(before.skills, [0.3])
    found = change_of_skill(after, before)
    saved = np.array([0.1, 0.1, 0.4, 0.0])
    assert found["skill"] == pytest.approx(0.15)
    assert found["skill"] == pytest.approx(after.skills[0] - before.skills[0])
    assert found["se_clades"] == pytest.approx(saved.std(ddof=1) / 2)
    assert (found["se_draws"], found["se"]) == (0.0, found["se_clades"])
    assert found["beyond_noise"] is False, "t = 1.73 of 3.18"


def test_draws_add_their_standard_error():
    free = np.array([10.0, 20.0])
    before = DrawnErrors(np.array([[5.0, 10.0]]), free)
    after = DrawnErrors(np.array([[4.0, 8.0], [2.0, 4.0], [3.0, 6.0]]), free)
    found = change_of_skill(after, before)
    assert found["skill"] == pytest.approx(0.2)
    assert found["se_draws"] == pytest.approx(0.1 / np.sqrt(3))
    assert found["se_clades"] == pytest.approx(0.0, abs=1e-12), "every clade gains alike"


def worlds(gain: float, n: int = 1500, clades: int = 12):
    """Methods whose error differs by ``gain``, up to what clades and draws bring by chance."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        free = rng.uniform(5.0, 15.0, clades)
        own = free * (0.7 + 0.1 * rng.standard_normal(clades))
        other = own - free * (gain + 0.05 * rng.standard_normal(clades))
        drawn = other + free * 0.05 * rng.standard_normal((10, 1))
        yield DrawnErrors(drawn, free), DrawnErrors(own[None], free)


def test_noise_is_called_a_difference_at_the_level_only():
    found = [change_of_skill(*pair) for pair in worlds(0.0)]
    assert 0.03 < np.mean([one["beyond_noise"] for one in found]) < 0.075
    gains, errors = (np.array([one[key] for one in found]) for key in ("skill", "se"))
    assert errors.mean() == pytest.approx(gains.std(), rel=0.1)
    many = [change_of_skill(*pair, comparisons=8)["beyond_noise"] for pair in worlds(0.0)]
    assert np.mean(many) < 0.02


def test_a_difference_is_found():
    assert np.mean([change_of_skill(*pair)["beyond_noise"] for pair in worlds(0.1, 200)]) > 0.95
