"""The block of tree scores: what it must reject, what it must not, and that nulls are right."""

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binom
from skbio import DistanceMatrix
from skbio.tree import nj

from phylolens.errors import InputError
from phylolens.stats.trees.align import align_distance
from phylolens.stats.trees.cid import clustering_information_distance
from phylolens.stats.trees.coherency import coherency_index
from phylolens.stats.trees.compare import compare_trees, effort
from phylolens.stats.trees.quartet import quartet_distance
from phylolens.stats.trees.rf import robinson_foulds
from phylolens.stats.trees.splits import splits

DISTANCES = ("nrf", "cid", "quartet", "align")
MEASURES = (*DISTANCES, "coherency")


def cloud_tree(points):
    ids = [f"t{place}" for place in range(len(points))]
    return nj(DistanceMatrix(cdist(points, points), ids)).root_at_midpoint()


def world(n, noise, seed):
    """Two trees of the same points, the second seen with noise, and a clade label for each tip."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(scale=4, size=(4, 3)), -(-n // 4), axis=0)[:n]
    points = centres + rng.normal(size=(n, 3))
    labels = pd.Series([f"c{place // -(-n // 4)}" for place in range(n)])
    labels.index = [f"t{place}" for place in range(n)]
    return cloud_tree(points + noise * rng.normal(size=points.shape)), cloud_tree(points), labels


def relabelled(tree, names):
    """Copy of ``tree`` in which the tip of each key bears the name of its value."""
    copy = tree.copy()
    for tip in list(copy.tips()):
        tip.name = names[tip.name]
    return copy


def test_trees_of_the_same_points_are_closer_than_chance():
    found = compare_trees(*world(24, 0.3, 1)[:2], clades=world(24, 0.3, 1)[2], n_null=99)
    for name in MEASURES:
        assert found[name]["p_value"] == pytest.approx(found["smallest_p"]), name
    for name in DISTANCES:
        one = found[name]
        assert one["value"] < one["tip_permuted_mean"] - 4 * one["tip_permuted_sd"], name
        assert one["value"] < one["random_mean"] - 4 * one["random_sd"], name
    assert found["coherency"]["higher_is_better"]
    assert found["coherency"]["value"] > found["coherency"]["tip_permuted_mean"]


def test_unrelated_trees_are_rejected_at_the_level_only(drawn):
    worlds = 200
    labels = pd.Series({f"t{place}": f"c{place % 3}" for place in range(10)})
    small = dict.fromkeys(MEASURES, 0)
    for seed in range(worlds):
        first, second = drawn(10, 2 * seed), drawn(10, 2 * seed + 1)
        found = compare_trees(first, second, clades=labels, n_null=39, n_random=1, seed=seed)
        for name in MEASURES:
            small[name] += found[name]["p_value"] <= 0.05
    for name, count in small.items():
        assert count <= binom.ppf(0.999, worlds, 0.05), name
    assert small["cid"] >= binom.ppf(0.001, worlds, 0.05)  # hardly any ties: the level is reached


def test_values_are_those_of_the_single_measures():
    first, second, labels = world(20, 1.0, 3)
    found = compare_trees(first, second, clades=labels, n_null=19, n_random=3)
    assert found["nrf"]["value"] == robinson_foulds(first, second)
    assert found["cid"]["value"] == clustering_information_distance(first, second)
    assert found["align"]["value"] == align_distance(first, second)
    assert found["quartet"]["value"] == quartet_distance(first, second).value
    assert found["coherency"]["value"] == coherency_index(first, labels)
    assert found["coherency"]["reference_value"] == coherency_index(second, labels)


def test_few_tips_all_relabellings(tree):
    """Five tips, 120 relabellings: mean, spread and p from trees that are really relabelled."""
    first, second = tree("(((a,b),c),(d,e));"), tree("(((a,b),d),(c,e));")
    labels = pd.Series({"a": 1, "b": 1, "c": 1, "d": 2, "e": 2})
    found = compare_trees(first, second, clades=labels)
    assert found["exact"]
    assert found["n_null"] == 120
    # 120 relabellings of five tips make 15 unrooted trees: no measure can give p = 1 / 120.
    assert found["smallest_p"] == pytest.approx(8 / 120)
    copies = [
        relabelled(first, dict(zip("abcde", order, strict=True))) for order in permutations("abcde")
    ]
    naive = {
        "nrf": [robinson_foulds(copy, second) for copy in copies],
        "cid": [clustering_information_distance(copy, second) for copy in copies],
        "quartet": [quartet_distance(copy, second).value for copy in copies],
        "align": [align_distance(copy, second) for copy in copies],
        "coherency": [coherency_index(copy, labels) for copy in copies],
    }
    for name, null in naive.items():
        one, values = found[name], np.array(null)
        good = (
            values >= one["value"] - 1e-9 if name == "coherency" else values <= one["value"] + 1e-9
        )
        assert one["p_value"] == pytest.approx(good.mean()), name
        assert one["tip_permuted_mean"] == pytest.approx(values.mean()), name
        assert one["tip_permuted_sd"] == pytest.approx(values.std()), name


def test_permuted_tips_are_the_tree_of_the_permuted_matrix():
    """Neighbour joining follows the names: relabelling the tree stands for permuting the matrix."""
    rng = np.random.default_rng(5)
    points = rng.normal(size=(30, 4))
    ids = [f"t{place}" for place in range(30)]
    values = cdist(points, points)
    for _ in range(5):
        order = rng.permutation(30)
        permuted = nj(DistanceMatrix(values[np.ix_(order, order)], ids))
        names = {ids[place]: ids[row] for row, place in enumerate(order)}
        copy = relabelled(nj(DistanceMatrix(values, ids)), names)
        assert np.array_equal(splits(permuted), splits(copy))


def test_same_seed_same_bytes_whatever_the_order(shuffle):
    first, second, labels = world(70, 0.5, 2)
    settings = {"n_null": 9, "n_random": 5, "seed": 4}
    found = compare_trees(first, second, clades=labels, **settings)
    again = compare_trees(shuffle(first, 1), shuffle(second, 2), clades=labels[::-1], **settings)
    assert json.dumps(found) == json.dumps(again)
    other = compare_trees(first, second, clades=labels, **settings | {"seed": 5})
    assert other["cid"]["tip_permuted_mean"] != found["cid"]["tip_permuted_mean"]
    assert other["cid"]["random_mean"] != found["cid"]["random_mean"]
    assert found["quartet"]["interval"][0] < found["quartet"]["value"]
    assert not found["quartet"]["exact"]


def test_means_under_chance_are_the_known_ones():
    """Two unrelated binary trees group two thirds of all quartets differently."""
    first, second, _ = world(30, 50.0, 9)
    found = compare_trees(first, second, n_null=99, n_random=99)["quartet"]
    assert found["tip_permuted_mean"] == pytest.approx(2 / 3, abs=0.01)
    assert found["random_mean"] == pytest.approx(2 / 3, abs=0.01)


def test_nothing_to_compare(tree):
    found = compare_trees(tree("(a,b,c);"), tree("(a,(b,c));"))
    assert {found[name]["value"] for name in MEASURES} == {None}
    without = compare_trees(tree("((a,b),c,(d,e));"), tree("((a,b),c,(d,e));"))
    assert without["coherency"]["value"] is None
    assert without["cid"]["value"] == pytest.approx(0, abs=1e-12)


def test_star_trees_are_compared_too(tree):
    found = compare_trees(tree("(a,b,c,d,e);"), tree("((a,b),c,(d,e));"), n_random=3)
    assert found["nrf"]["value"] == found["cid"]["value"] == found["align"]["value"] == 1
    assert found["nrf"]["p_value"] == 1
    both = compare_trees(tree("(a,b,c,d,e);"), tree("(a,b,c,d,e);"), n_random=3)
    assert both["cid"]["value"] == both["quartet"]["value"] == 0


def test_bad_input(tree):
    one = tree("((a,b),c,d,e);")
    with pytest.raises(InputError, match="different tips"):
        compare_trees(one, tree("((a,b),c,d,x);"))
    with pytest.raises(InputError, match="without an entry"):
        compare_trees(one, one, clades=pd.Series({"a": 1}))
    with pytest.raises(InputError, match="at least one permutation"):
        compare_trees(one, one, n_null=0)


def test_effort_falls_with_size():
    sizes = [9, 140, 200, 201, 400, 600, 1000, 1001, 5000]
    assert effort(140) == (999, 99)
    assert [effort(n) for n in sizes] == sorted((effort(n) for n in sizes), reverse=True)
