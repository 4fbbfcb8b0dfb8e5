"""Splits and clades against scikit-bio's sets and by hand."""

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.stats.trees.splits import clades, overlaps, same_tips, splits, tip_names


def as_sets(member, tips):
    return {frozenset(np.array(tips)[row].tolist()) for row in member}


def test_splits_of_a_hand_made_tree(tree):
    found = tree("((a,b),((c,d),e),(f,g));")
    expected = [{"c", "d", "e", "f", "g"}, {"c", "d"}, {"c", "d", "e"}, {"f", "g"}]
    assert as_sets(splits(found), tip_names(found)) == set(map(frozenset, expected))


def test_splits_and_clades_are_those_of_scikit_bio(pairs):
    for both in pairs:
        for one in both:
            tips = tip_names(one)
            halves = {frozenset({side, frozenset(tips) - side}) for side in one.biparts()}
            rows = as_sets(splits(one), tips)
            assert {frozenset({side, frozenset(tips) - side}) for side in rows} == halves
            assert len(rows) == len(splits(one))
            assert as_sets(clades(one), tips) == set(one.subsets()) | {frozenset(tips)}


def test_a_root_on_a_branch_adds_no_split(tree):
    unrooted = splits(tree("((a,b),(c,d),e);"))
    for rooted in ("((a,b),((c,d),e));", "(((a,b),(c,d)),e);", "(a,(b,((c,d),e)));"):
        assert np.array_equal(splits(tree(rooted)), unrooted)


def test_no_split_in_a_star_and_none_of_a_node_with_one_child(tree):
    assert splits(tree("(a,b,c,d);")).shape == (0, 4)
    assert np.array_equal(splits(tree("(((a,b)),c,d);")), splits(tree("((a,b),c,d);")))
    assert len(clades(tree("(((a,b)),((c)),d);"))) == 2


def test_rows_do_not_depend_on_the_order_of_children(drawn, shuffle):
    one = drawn(30, 1, collapse=0.3)
    for seed in range(3):
        assert np.array_equal(splits(shuffle(one, seed)), splits(one))
        assert np.array_equal(clades(shuffle(one, seed)), clades(one))


def test_overlaps_are_counts(drawn):
    first, second = splits(drawn(12, 1)), splits(drawn(12, 2))
    found = overlaps(first, second)
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            assert found.shared[i, j] == np.count_nonzero(one & other)
        assert found.first[i, 0] == one.sum()
    assert np.array_equal(found.second, second.sum(axis=1))


def test_bad_tips(tree):
    with pytest.raises(InputError, match="different tips") as caught:
        same_tips(tree("(a,b,c,d);"), tree("(a,b,c,e);"))
    assert "d" in str(caught.value)
    assert "e" in str(caught.value)
    with pytest.raises(InputError, match="same name"):
        splits(tree("(a,b,c,b);"))
    with pytest.raises(InputError, match="no name"):
        splits(tree("(a,b,c,);"))
    with pytest.raises(InputError, match="fewer than 4"):
        same_tips(tree("(a,b,c);"), tree("(a,(b,c));"))
