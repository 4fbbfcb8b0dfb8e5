"""Clustering information distance against closed forms and all matchings."""

from itertools import permutations
from math import log2

import numpy as np
import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.stats.trees.cid import clustering_information_distance, mutual_information
from phylolens.stats.trees.splits import overlaps, splits


def entropy(*shares):
    return -sum(share * log2(share) for share in shares if share > 0)


def shared_information(one, other):
    """Mutual information by its definition, from the four groups of tips."""
    n = len(one)
    cells = [np.mean((one == x) & (other == y)) for x in (0, 1) for y in (0, 1)]
    p, q = one.sum() / n, other.sum() / n
    return entropy(p, 1 - p) + entropy(q, 1 - q) - entropy(*cells)


def naive_distance(first, second):
    """Try every matching."""
    few, many = sorted((splits(first), splits(second)), key=len)
    total = sum(shared_information(one, one) for one in (*few, *many))
    best = max(
        sum(shared_information(one, many[place]) for one, place in zip(few, places, strict=True))
        for places in permutations(range(len(many)), len(few))
    )
    return 1 - 2 * best / total if total else 0.0


def test_equals_the_best_of_all_matchings(pairs):
    for first, second in pairs:
        found = clustering_information_distance(first, second)
        assert found == pytest.approx(naive_distance(first, second), abs=1e-12)
        assert clustering_information_distance(second, first) == pytest.approx(found, abs=1e-12)


def test_closed_forms(tree, eight):
    # Two splits of four tips cross evenly: neither says anything about the other.
    crossed = clustering_information_distance(tree("((a,b),c,d);"), tree("((a,c),b,d);"))
    assert crossed == pytest.approx(1.0, abs=1e-12)
    # ab against abc among eight tips.
    both = entropy(2 / 8, 6 / 8) + entropy(3 / 8, 5 / 8)
    shared = both - entropy(2 / 8, 1 / 8, 5 / 8)
    found = clustering_information_distance(eight["two"], eight["three"])
    assert found == pytest.approx(1 - 2 * shared / both, abs=1e-12)
    # One split of five found in the other tree: only the resolution differs.
    five = 1 + 2 * entropy(2 / 8, 6 / 8) + 2 * entropy(3 / 8, 5 / 8)
    found = clustering_information_distance(eight["symmetric"], eight["four"])
    assert found == pytest.approx(1 - 2 / (five + 1), abs=1e-12)


def test_information_of_single_splits():
    """The cases of TreeDist's own tests, as entropies of their groups."""
    cases = [
        ("11100000", "11100000", 2 * entropy(3 / 8, 5 / 8) - entropy(3 / 8, 5 / 8)),
        ("11000000", "00110000", 2 * entropy(2 / 8, 6 / 8) - entropy(2 / 8, 2 / 8, 4 / 8)),
        ("11110000", "10101010", 0.0),
        (
            "111110000",
            "001110000",
            entropy(5 / 9, 4 / 9) + entropy(3 / 9, 6 / 9) - entropy(3 / 9, 2 / 9, 4 / 9),
        ),
    ]
    for one, other, expected in cases:
        rows = [np.array([[letter == "1" for letter in text]]) for text in (one, other)]
        assert mutual_information(overlaps(*rows))[0, 0] == pytest.approx(expected, abs=1e-12)


def balanced_with_a_tip(at: int) -> TreeNode:
    """Balanced tree of tips 1 to 64, with one more tip beside tip ``at``."""
    nodes = [
        TreeNode(children=[TreeNode(name=str(place)), TreeNode(name="new")])
        if place == at
        else TreeNode(name=str(place))
        for place in range(1, 65)
    ]
    while len(nodes) > 1:
        nodes = [TreeNode(children=nodes[place : place + 2]) for place in range(0, len(nodes), 2)]
    return nodes[0]


def test_a_pair_that_gained_a_tip_on_either_side():
    """65 tips: the two trees differ in one split, of {1, new} and {2, new}.

    Published with TreeDist (test of mutual clustering information): 20.45412 bits shared.
    """
    first, second = balanced_with_a_tip(1), balanced_with_a_tip(2)
    total = sum(shared_information(one, one) for one in splits(first))
    found = clustering_information_distance(first, second)
    assert (1 - found) * total == pytest.approx(20.45412, abs=1e-5)


def test_bounds(pairs, eight):
    for first, second in pairs:
        assert clustering_information_distance(first, first) == pytest.approx(0, abs=1e-12)
        assert 0 <= clustering_information_distance(first, second) <= 1
    assert clustering_information_distance(eight["symmetric"], eight["star"]) == 1
    assert clustering_information_distance(eight["star"], eight["star"]) == 0


def test_different_tips_are_refused(tree):
    with pytest.raises(InputError, match="different tips"):
        clustering_information_distance(tree("(a,b,c,d);"), tree("(a,b,c,x);"))
