"""Robinson-Foulds distance: scikit-bio's, normalised, and its batched twin."""

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.stats.trees.rf import robinson_foulds, split_differences
from phylolens.stats.trees.splits import overlaps, splits


def test_by_hand(tree):
    first, second = tree("((a,b),(c,d),e);"), tree("((a,c),(b,d),e);")
    third = tree("((a,b),c,d,e);")
    assert robinson_foulds(first, second, normalised=False) == 4
    assert robinson_foulds(first, second) == 1
    assert robinson_foulds(first, third, normalised=False) == 1
    assert robinson_foulds(first, third) == pytest.approx(1 / 3)


def test_the_same_tree_is_at_zero_however_rooted(tree):
    first = tree("(((a,b),c),(d,(e,f)));")
    assert robinson_foulds(first, tree("(a,(b,(c,(d,(e,f)))));")) == 0
    assert robinson_foulds(tree("(a,b,c,d);"), tree("(d,(a,b,c));")) == 0


def test_counts_from_overlaps_are_the_same(pairs):
    for first, second in pairs:
        found = split_differences(overlaps(splits(first), splits(second)))
        assert found == pytest.approx(robinson_foulds(first, second), abs=1e-12)


def test_either_side_of_a_split_may_be_marked(drawn):
    first, second = splits(drawn(9, 1)), splits(drawn(9, 1, collapse=0.5))
    expected = split_differences(overlaps(first, second))
    first[::2] = ~first[::2]
    assert split_differences(overlaps(first, second)) == expected


def test_many_trees_at_once(drawn):
    second = splits(drawn(10, 99))
    several = np.stack([splits(drawn(10, seed)) for seed in range(6)])
    found = split_differences(overlaps(several, second))
    one_by_one = [robinson_foulds(drawn(10, seed), drawn(10, 99)) for seed in range(6)]
    assert found == pytest.approx(one_by_one, abs=1e-12)


def test_different_tips_are_refused(tree):
    with pytest.raises(InputError, match="different tips"):
        robinson_foulds(tree("(a,b,c,d);"), tree("(a,b,c,x);"))
