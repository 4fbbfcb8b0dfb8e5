"""Permutation within clades: brute force, and worlds where clades are all there is."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats import mantel
from phylolens.stats.within import clade_codes, within_clades

METHODS = ("pearson", "spearman")


def names(n: int) -> list[str]:
    return [f"t{row:02d}" for row in range(n)]


def of(points: np.ndarray) -> DistanceMatrix:
    return DistanceMatrix(cdist(points, points), names(len(points)))


def clades(*sizes: int) -> pd.Series:
    labels = [f"c{place}" for place, size in enumerate(sizes) for _ in range(size)]
    return pd.Series(labels, index=names(len(labels)))


def grouped(sizes: tuple[int, ...], apart: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Centre of each taxon's clade, and its own place within: independent normal points."""
    rng = np.random.default_rng(seed)
    centres = apart * rng.normal(size=(len(sizes), 4))
    return np.repeat(centres, sizes, axis=0), rng.normal(size=(sum(sizes), 4))


def naive(x: np.ndarray, y: np.ndarray) -> float:
    lower = np.tril_indices(len(x), k=-1)
    return float(pearsonr(x[lower], y[lower])[0])


def test_exact_p_equals_brute_force():
    rng = np.random.default_rng(1)
    x, y = of(rng.normal(size=(7, 3))), of(rng.normal(size=(7, 3)))
    result = within_clades(x, y, clades(3, 2, 2))
    null = []
    for a, b, c in itertools.product(
        itertools.permutations([0, 1, 2]), itertools.permutations([3, 4]), [(5, 6), (6, 5)]
    ):
        order = [*a, *b, *c]
        null.append(naive(x.data[np.ix_(order, order)], y.data))
    assert result.exact
    assert result.n_permutations == 24
    assert result.statistic == pytest.approx(naive(x.data, y.data))
    assert result.p_value == pytest.approx(np.mean(np.array(null) >= null[0] - 1e-10))
    assert result.null_quantiles["0.5"] == pytest.approx(np.quantile(null, 0.5))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pairs", ["all", "within"])
def test_clades_alone_are_no_finding(method, pairs):
    """Looks and genes share the clades and nothing else: Mantel rejects, this test must not."""
    sizes = (6,) * 6
    rejected = 0
    for world in range(20):
        centres, looks = grouped(sizes, 3.0, 2 * world)
        places = grouped(sizes, 3.0, 2 * world + 1)[1]
        x, y = of(centres + looks), of(centres + places)
        found = within_clades(x, y, clades(*sizes), method=method, pairs=pairs, permutations=99)
        assert (
            pairs == "within" or found.null_quantiles["0.5"] > 0.5
        )  # what the taxonomy alone says
        rejected += found.p_value <= 0.05
    assert mantel(x, y, method=method, permutations=99).p_value == 0.01
    assert rejected <= 4  # of 20 worlds at the 5% level: more once in 400 trials


@pytest.mark.parametrize("method", METHODS)
def test_what_looks_add_is_found(method):
    sizes = (6,) * 6
    centres, places = grouped(sizes, 3.0, 1)
    looks = places + 0.5 * np.random.default_rng(2).normal(size=places.shape)
    found = within_clades(of(centres + looks), of(centres + places), clades(*sizes), method=method)
    assert found.p_value == 0.001
    assert found.statistic > found.null_quantiles["0.99"]
    assert found.name == f"within_clades_{method}"
    assert found.n == 36


def test_pairs_of_one_clade_equal_brute_force():
    rng = np.random.default_rng(1)
    x, y = of(rng.normal(size=(7, 3))), of(rng.normal(size=(7, 3)))
    result = within_clades(x, y, clades(3, 3, 1), pairs="within")
    rows, columns = np.array([0, 0, 1, 3, 3, 4]), np.array([1, 2, 2, 4, 5, 5])
    null = [
        pearsonr(x.data[np.ix_(o, o)][rows, columns], y.data[rows, columns])[0]
        for a, b in itertools.product(*map(itertools.permutations, ([0, 1, 2], [3, 4, 5])))
        for o in [[*a, *b, 6]]
    ]
    assert result.statistic == pytest.approx(null[0])
    assert result.p_value == pytest.approx(np.mean(np.array(null) >= null[0] - 1e-10))
    assert (result.name, result.n) == ("within_clade_pairs_pearson", 6)


def test_of_a_dated_tree_both_kinds_of_pairs_give_the_same_p():
    rng = np.random.default_rng(6)
    known = clades(6, 5, 4)
    ages = np.where(known.to_numpy()[:, None] == known.to_numpy(), 0, 9.0)
    near = np.abs(np.subtract.outer(np.arange(15), np.arange(15))) * (ages == 0)
    x, y = of(rng.normal(size=(15, 3))), DistanceMatrix(ages + near, names(15))
    one, two = (within_clades(x, y, known, pairs=pairs) for pairs in ("all", "within"))
    assert one.p_value == two.p_value
    assert one.statistic != two.statistic


def test_one_clade_is_the_plain_mantel_test():
    rng = np.random.default_rng(3)
    x, y = of(rng.normal(size=(12, 3))), of(rng.normal(size=(12, 3)))
    one = within_clades(x, y, clades(12), permutations=99, seed=5)
    two = mantel(x, y, permutations=99, seed=5)
    assert (one.statistic, one.p_value, one.z) == (two.statistic, two.p_value, two.z)


def test_taxa_that_cannot_move_are_not_counted():
    known = clades(5, 1, 4)
    known["t09"] = np.nan
    rng = np.random.default_rng(4)
    x, y = of(rng.normal(size=(12, 3))), of(rng.normal(size=(12, 3)))  # t10, t11: no clade at all
    found = within_clades(x, y, known)
    assert found.n == 5 + 3
    assert found.exact
    assert found.n_permutations == 120 * 6


def test_codes_leave_unknown_taxa_alone():
    known = pd.Series({"a": "x", "b": "y", "c": None, "d": "x"})
    codes = clade_codes(list("abcde"), known)
    assert codes[0] == codes[3]
    assert len(set(codes)) == 4
    assert codes.max() == 3


def test_nothing_to_permute_is_no_test():
    rng = np.random.default_rng(3)
    x, y = of(rng.normal(size=(4, 3))), of(rng.normal(size=(4, 3)))
    assert within_clades(x, y, clades(1, 1, 1, 1)) is None
    assert within_clades(x, y, pd.Series(dtype=object)) is None


def test_order_of_rows_and_seed():
    rng = np.random.default_rng(3)
    x, y, known = of(rng.normal(size=(15, 3))), of(rng.normal(size=(15, 3))), clades(8, 7)
    order = [x.ids[place] for place in rng.permutation(15)]
    one = within_clades(x, y, known, permutations=99)
    assert within_clades(x.filter(order), y, known[order[::-1]], permutations=99) == one
    assert within_clades(x, y, known, permutations=99, seed=1) != one


def test_what_cannot_be_tested_is_refused():
    x = of(np.random.default_rng(0).normal(size=(6, 2)))
    with pytest.raises(InputError, match="more than one clade"):
        within_clades(x, x, pd.concat([clades(3, 3), clades(1)]))
    with pytest.raises(InputError, match="equal"):
        within_clades(x, DistanceMatrix(1 - np.eye(6), x.ids), clades(3, 3))
    with pytest.raises(InputError, match="kendall"):
        within_clades(x, x, clades(3, 3), method="kendall")
    with pytest.raises(InputError, match="some"):
        within_clades(x, x, clades(3, 3), pairs="some")
    with pytest.raises(InputError, match="three taxa"):
        within_clades(x.filter(["t00", "t01"]), x.filter(["t00", "t01"]), clades(2))
