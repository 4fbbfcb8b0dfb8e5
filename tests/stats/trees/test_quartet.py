"""Quartet distance against naive enumeration, exact and sampled."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import chisquare

from phylolens.errors import InputError
from phylolens.stats.trees.quartet import (
    all_quartets,
    grouping,
    quartet_distance,
    sampled_quartets,
    separation,
)
from phylolens.stats.trees.splits import splits, tip_names


def naive_grouping(tree, four):
    """The pair beside the first tip, from the tree pruned to four tips; None where unresolved."""
    pruned = tree.shear(four)
    for side in pruned.biparts():
        if len(side) == 2:
            return side if four[0] in side else frozenset(four) - side
    return None


def naive_distance(first, second):
    found = [
        naive_grouping(first, four) != naive_grouping(second, four)
        for four in combinations(tip_names(first), 4)
    ]
    return np.mean(found)


def test_equals_naive_enumeration(pairs):
    for first, second in pairs[:12]:
        found = quartet_distance(first, second)
        assert found.value == pytest.approx(naive_distance(first, second), abs=1e-12)
        assert found.exact
        assert found.interval is None


def test_polytomies(tree):
    first, second = tree("((a,b),c,d,e);"), tree("((a,b),(c,d),e);")
    star = tree("(a,b,c,d,e);")
    # abcd, abce and abde are ab|..; acde and bcde are unresolved in the first, cd|.. in the second.
    assert quartet_distance(first, second).value == pytest.approx(2 / 5)
    assert quartet_distance(first, star).value == pytest.approx(3 / 5)
    assert quartet_distance(star, star).value == 0
    assert quartet_distance(second, star).value == 1


def test_exact_to_sixty_tips_and_sampled_beyond(drawn):
    exact = quartet_distance(drawn(60, 1), drawn(60, 2))
    assert exact.exact
    assert exact.n_quartets == comb(60, 4)
    first, second = drawn(64, 1, collapse=0.2), drawn(64, 2)
    groups = [grouping(separation(splits(one)), all_quartets(64)) for one in (first, second)]
    truth = np.mean(groups[0] != groups[1])
    inside = 0
    for seed in range(40):
        found = quartet_distance(first, second, sample=2000, seed=seed)
        assert not found.exact
        inside += found.interval[0] <= truth <= found.interval[1]
    assert inside >= 34  # of 40 at 95%: fewer than 34 has a chance below 0.3%
    assert quartet_distance(first, second).value == pytest.approx(truth, abs=0.008)


def test_the_sample_is_even():
    found = sampled_quartets(6, 30_000, 1)
    assert all(len(set(four)) == 4 for four in found[:500].tolist())
    sets, counts = np.unique(np.sort(found, axis=1), axis=0, return_counts=True)
    assert len(sets) == comb(6, 4)
    assert chisquare(counts).pvalue > 0.001


def test_does_not_depend_on_the_order_of_children(drawn, shuffle):
    first, second = drawn(70, 1), drawn(70, 2)
    found = quartet_distance(first, second, sample=5000, seed=3)
    assert quartet_distance(shuffle(first, 1), shuffle(second, 2), sample=5000, seed=3) == found
    assert quartet_distance(first, second, sample=5000, seed=4) != found
    assert quartet_distance(first, first, sample=5000).value == 0


def test_different_tips_are_refused(tree):
    with pytest.raises(InputError, match="different tips"):
        quartet_distance(tree("(a,b,c,d);"), tree("(a,b,c,x);"))
