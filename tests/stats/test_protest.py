"""PROTEST against scipy's Procrustes, brute force, and a taxon that was moved."""

import itertools

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny import read_tree
from phylolens.phylogeny.rank import patristic
from phylolens.stats.protest import default_axes, protest


def of(points: np.ndarray, square: bool = False) -> DistanceMatrix:
    """Distances of points; squared ones are what a tree gives, whose roots are Euclidean."""
    values = cdist(points, points) ** (2 if square else 1)
    return DistanceMatrix(values, [f"t{row:02d}" for row in range(len(points))])


def points(n: int, seed: int, dimensions: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dimensions))


def fit(a: np.ndarray, b: np.ndarray) -> float:
    """Root of one minus scipy's disparity, which is vegan's 1 - t0^2."""
    return float(np.sqrt(1 - procrustes(a, b)[2]))


@pytest.mark.parametrize("n", [5, 12, 30])
def test_statistic_equals_scipy(n):
    a, b = points(n, 1), points(n, 2)
    found = protest(of(a), of(b, square=True), axes=3, permutations=9)
    assert found.axes == 3
    assert found.test.statistic == pytest.approx(fit(a, b), abs=1e-9)


def test_residuals_are_what_rotation_leaves():
    a, b = points(12, 1), points(12, 2)
    found = protest(of(a), of(b, square=True), axes=3, permutations=9)
    target, rotated, _ = procrustes(b, a)
    expected = np.linalg.norm(target - rotated, axis=1)
    np.testing.assert_allclose(found.residuals.sort_index(), expected, atol=1e-9)
    assert found.residuals.is_monotonic_decreasing
    assert (found.residuals**2).sum() == pytest.approx(1 - found.test.statistic**2)


def test_exact_p_equals_brute_force():
    a, b = points(6, 3), points(6, 4)
    result = protest(of(a), of(b, square=True), axes=3).test
    null = [fit(a[list(order)], b) for order in itertools.permutations(range(6))]
    assert result.exact
    assert result.p_value == pytest.approx(np.mean(np.array(null) >= null[0] - 1e-10))


def test_looks_of_the_tree_are_found_and_the_moved_taxon_is_first(reference):
    genetic = patristic(read_tree(reference / "small_tree.nwk"))
    moved = genetic.ids[4]
    looks = np.sqrt(genetic.data)
    far = genetic.ids.index(max(genetic.ids, key=lambda name: genetic[moved, name]))
    looks[4], looks[:, 4] = looks[far], looks[:, far]  # looks like its most distant relative
    looks[4, 4] = 0
    looks = np.minimum(looks, looks.T)
    found = protest(DistanceMatrix(looks, genetic.ids), genetic)
    assert found.test.p_value == 0.001
    assert found.residuals.index[0] == moved


def test_the_same_shape_leaves_nothing(reference):
    genetic = patristic(read_tree(reference / "small_tree.nwk"))
    found = protest(DistanceMatrix(7 * np.sqrt(genetic.data), genetic.ids), genetic)
    assert found.test.statistic == pytest.approx(1)
    assert found.residuals.max() < 1e-6


def test_independent_looks_are_not_found():
    found = protest(of(points(30, 5)), of(points(30, 6), square=True))
    assert found.test.p_value > 0.05


def test_axes_are_the_same_on_both_sides_and_no_more_than_there_are():
    looks, places = of(points(30, 1, dimensions=2)), of(points(30, 2, dimensions=29), square=True)
    assert protest(looks, places, axes=9, permutations=9).axes == 2
    assert protest(of(points(30, 3, dimensions=29)), places).axes == default_axes(30)
    assert protest(of(points(3, 1)), of(points(3, 2), square=True)).axes == default_axes(3)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_do_not_matter(scale):
    x, y = of(points(12, 1)), of(points(12, 2), square=True)
    once = protest(x, y, permutations=49)
    scaled = protest(
        DistanceMatrix(x.data * scale, x.ids),
        DistanceMatrix(y.data / scale, y.ids),
        permutations=49,
    )
    assert scaled.axes == once.axes
    assert scaled.test.statistic == pytest.approx(once.test.statistic)
    assert scaled.test.p_value == once.test.p_value


def test_order_of_rows_and_seed():
    x, y = of(points(14, 1)), of(points(14, 2), square=True)
    names = [x.ids[place] for place in np.random.default_rng(0).permutation(14)]
    one = protest(x, y, permutations=99)
    two = protest(x.filter(names), y.filter(names[::-1]), permutations=99)
    assert one.test.to_dict() == two.test.to_dict()
    assert one.residuals.equals(two.residuals)
    assert protest(x, y, permutations=99, seed=1).test.to_dict() != one.test.to_dict()


def test_what_cannot_be_tested_is_refused():
    x = of(points(6, 1))
    constant = DistanceMatrix(1 - np.eye(6), x.ids)
    for pair in ((x, constant), (constant, x)):
        with pytest.raises(InputError, match="equal"):
            protest(*pair)
    with pytest.raises(InputError, match="different taxa"):
        protest(x, of(points(7, 1)))
    with pytest.raises(InputError, match="three taxa"):
        protest(of(points(2, 1)), of(points(2, 2)))
    with pytest.raises(InputError, match="one axis"):
        protest(x, x, axes=0)
