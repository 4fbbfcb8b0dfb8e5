"""The Mantel correlogram against a naive loop and Holm by hand, with and without signal."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.correlogram import FEWEST_PAIRS, correlogram


def of(points: np.ndarray) -> DistanceMatrix:
    return DistanceMatrix(cdist(points, points), [f"t{row:02d}" for row in range(len(points))])


def cloud(n: int, seed: int) -> DistanceMatrix:
    return of(np.random.default_rng(seed).normal(size=(n, 3)))


def dated(groups: int, size: int) -> DistanceMatrix:
    """1 within a group, 2 between neighbouring pairs of groups, else 4: with rounding noise."""
    group = np.repeat(np.arange(groups), size)
    values = np.where(group[:, None] // 2 == group[None, :] // 2, 2.0, 4.0)
    values[group[:, None] == group[None, :]] = 1.0
    noise = np.triu(np.random.default_rng(0).uniform(-1e-9, 1e-9, values.shape), 1)
    values += noise + noise.T
    np.fill_diagonal(values, 0)
    return DistanceMatrix(values, [f"t{row:02d}" for row in range(len(group))])


@pytest.mark.parametrize("limits", ["number", "width"])
def test_r_equals_a_naive_correlation(limits):
    x, y = cloud(16, 1), cloud(16, 2)
    found = correlogram(x, y, limits=limits, permutations=9)
    looks = [x.data[i, j] for i, j in itertools.combinations(range(16), 2)]
    genes = np.array([y.data[i, j] for i, j in itertools.combinations(range(16), 2)])
    for place, one in enumerate(found):
        slack = 1e-6 * genes.max()  # values that near are equal
        inside = (genes > one.low + slack) & (genes <= one.high + slack)
        if place == 0:
            inside |= genes <= one.low + slack
        assert one.n_pairs == inside.sum()
        assert one.r == pytest.approx(-pearsonr(looks, inside)[0])
    assert sum(one.n_pairs for one in found) == 120
    assert found[-1].high == pytest.approx(y.data.max())


def test_p_equals_brute_force_and_holm_is_by_hand():
    """Seven taxa: all 5,040 orders; one class of 11 pairs, one of 10."""
    x, y = cloud(7, 3), cloud(7, 4)
    found = correlogram(x, y, classes=2)
    upper = np.triu_indices(7, k=1)
    near = y.data[upper] <= found[0].high + 1e-6
    for one, inside in zip(found, (near, ~near), strict=True):
        null = [
            np.corrcoef(x.data[np.ix_(o, o)][upper], inside)[0, 1]
            for o in itertools.permutations(range(7))
        ]
        assert one.n_pairs == inside.sum() >= FEWEST_PAIRS
        assert one.r == pytest.approx(-null[0])
        assert one.p_value == pytest.approx(np.mean(np.abs(null) >= abs(null[0]) - 1e-10))
    small, large = sorted(one.p_value for one in found)
    assert sorted(one.p_holm for one in found) == pytest.approx(
        sorted([min(1, 2 * small), min(1, max(2 * small, large))])
    )


def test_likeness_that_fades_with_distance_is_found():
    """Near relatives look alike, distant ones do not: first class positive, last negative."""
    line = np.linspace(0, 10, 40)[:, None]
    found = correlogram(of(line + 0.2 * np.random.default_rng(1).normal(size=(40, 1))), of(line))
    assert len(found) == 10
    assert found[0].r > 0.3
    assert found[-1].r < -0.3
    assert found[0].p_value == 0.001
    assert found[0].p_holm == pytest.approx(0.01)
    assert all(a.r > b.r for a, b in itertools.pairwise(found))


def test_independent_looks_are_not_found():
    found = correlogram(cloud(40, 20), cloud(40, 21))
    assert min(one.p_holm for one in found) > 0.05


def test_classes_hold_equally_many_pairs_or_are_equally_wide():
    x, y = cloud(25, 1), cloud(25, 2)
    sizes = [one.n_pairs for one in correlogram(x, y, permutations=9)]
    assert len(sizes) == 10
    assert max(sizes) - min(sizes) <= 1
    wide = correlogram(x, y, limits="width", permutations=9)
    assert len(wide) == 10  # Sturges: 1 + log2(300), rounded up
    np.testing.assert_allclose([one.high - one.low for one in wide], wide[0].high - wide[0].low)


def test_equal_distances_share_a_class():
    """A dated tree has few distances: no limit may part those that differ by rounding only."""
    found = correlogram(cloud(24, 1), dated(6, 4), permutations=9)
    assert [one.n_pairs for one in found] == [36, 48, 192]
    assert [one.high for one in found] == pytest.approx([1, 2, 4])


def test_small_classes_are_shown_untested():
    found = correlogram(cloud(20, 1), cloud(20, 2), limits="width", permutations=49)
    small = [one for one in found if one.n_pairs < FEWEST_PAIRS]
    assert small
    assert all(not one.tested and one.p_value is None and one.p_holm is None for one in small)
    tested = [one for one in found if one.tested]
    assert all(one.n_pairs >= FEWEST_PAIRS and one.p_holm >= one.p_value for one in tested)
    assert {"low", "high", "n_pairs", "r", "p_value", "p_holm", "tested"} == set(small[0].to_dict())
    three = correlogram(cloud(3, 1), cloud(3, 2))
    assert not any(one.tested for one in three)


def test_order_of_rows_and_seed():
    x, y = cloud(15, 1), cloud(15, 2)
    names = [x.ids[place] for place in np.random.default_rng(0).permutation(15)]
    one = correlogram(x, y, permutations=99)
    assert correlogram(x.filter(names), y.filter(names[::-1]), permutations=99) == one
    other = correlogram(x, y, permutations=99, seed=1)
    assert [c.r for c in other] == [c.r for c in one]
    assert [c.p_value for c in other] != [c.p_value for c in one]


def test_what_cannot_be_tested_is_refused():
    x = cloud(6, 1)
    constant = DistanceMatrix(1 - np.eye(6), x.ids)
    for pair in ((x, constant), (constant, x)):
        with pytest.raises(InputError, match="equal"):
            correlogram(*pair)
    with pytest.raises(InputError, match="different taxa"):
        correlogram(x, cloud(7, 1))
    for wrong in ({"limits": "median"}, {"classes": 1}, {"permutations": 0}):
        with pytest.raises(InputError):
            correlogram(x, x, **wrong)
