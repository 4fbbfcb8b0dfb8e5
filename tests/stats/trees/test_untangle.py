"""Tanglegrams: fewest crossings, counted exactly."""

from itertools import combinations, permutations, product

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.stats.trees import crossings, untangle
from phylolens.stats.trees.splits import clades


def naive_crossings(first, second):
    place = {name: row for row, name in enumerate(second)}
    return sum(place[one] > place[other] for one, other in combinations(first, 2))


def all_orders(node):
    """Every order of tips a tree allows."""
    if node.is_tip():
        return [[node.name]]
    below = [all_orders(child) for child in node.children]
    return [
        [name for part in chosen for name in part]
        for turned in permutations(below)
        for chosen in product(*turned)
    ]


def test_crossings_are_the_naive_count():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 7, 8, 33, 100):
        names = [f"t{place}" for place in range(n)]
        for _ in range(3):
            other = rng.permutation(names).tolist()
            assert crossings(names, other) == naive_crossings(names, other)
        assert crossings(names, names[::-1]) == n * (n - 1) // 2


def test_the_same_tree_with_turned_clades_has_no_crossing(drawn, shuffle):
    for n, collapse in ((9, 0.0), (60, 0.0), (60, 0.4), (300, 0.2)):
        first = drawn(n, n, collapse=collapse)
        order_first, order_second, count = untangle(first, shuffle(first, 1))
        assert count == 0
        assert order_first == order_second == [tip.name for tip in first.tips()]


def test_binary_trees_get_the_fewest_crossings_there_are(drawn):
    for seed in range(12):
        first, second = drawn(7, seed), drawn(7, 100 + seed)
        order_first, order_second, count = untangle(first, second)
        assert count == naive_crossings(order_first, order_second)
        assert count == min(naive_crossings(order_first, order) for order in all_orders(second))


def test_the_order_is_one_the_tree_allows(drawn, shuffle):
    first, second = drawn(40, 1, collapse=0.3), drawn(40, 2, collapse=0.3)
    before = str(second)
    order_first, order_second, count = untangle(first, second)
    assert str(second) == before
    assert count == naive_crossings(order_first, order_second)
    assert count <= naive_crossings(order_first, [tip.name for tip in second.tips()])
    place = {name: row for row, name in enumerate(order_second)}
    names = np.array(sorted(place))
    for side in clades(second):
        rows = sorted(place[name] for name in names[side])
        assert rows[-1] - rows[0] == len(rows) - 1
    assert untangle(first, shuffle(second, 3)) == (order_first, order_second, count)


def test_a_polytomy_is_sorted(tree):
    first = tree("(((a,b),(c,d)),((e,f),(g,h)));")
    assert untangle(first, tree("(h,c,b,(f,e),a,g,d);"))[2] == 0


def test_different_tips_are_refused(tree):
    with pytest.raises(InputError, match="different tips"):
        untangle(tree("(a,b,c,d);"), tree("(a,b,c,x);"))
