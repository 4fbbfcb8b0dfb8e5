"""Random trees are trees, and every topology is as likely as any other."""

import numpy as np
from scipy.stats import chisquare

from phylolens.stats.trees.null_trees import random_clades
from phylolens.stats.trees.splits import unrooted


def kinds(matrices):
    found = {}
    for member in matrices:
        key = frozenset(map(tuple, member.tolist()))
        found[key] = found.get(key, 0) + 1
    return found


def test_every_rooted_topology_of_four_tips_is_as_likely():
    found = kinds(random_clades(4, 6000, 1))
    assert len(found) == 15
    assert chisquare(list(found.values())).pvalue > 0.001


def test_every_unrooted_topology_of_five_tips_is_as_likely():
    found = kinds(unrooted(member) for member in random_clades(5, 6000, 2))
    assert len(found) == 15
    assert chisquare(list(found.values())).pvalue > 0.001


def test_they_are_binary_trees():
    for member in random_clades(23, 20, 3):
        assert len({row.tobytes() for row in member}) == 22
        assert unrooted(member).shape == (20, 23)
        assert member.any(axis=0).all()
        for one in member:
            shared = (member & one).sum(axis=1)
            nested = (shared == 0) | (shared == one.sum()) | (shared == member.sum(axis=1))
            assert nested.all()


def test_same_seed_same_trees():
    assert np.array_equal(random_clades(12, 5, 7), random_clades(12, 5, 7))
    assert not np.array_equal(random_clades(12, 5, 7), random_clades(12, 5, 8))
