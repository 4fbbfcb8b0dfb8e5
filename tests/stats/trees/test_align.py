"""Align score against published values and all matchings."""

from itertools import permutations

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.stats.trees.align import align_distance
from phylolens.stats.trees.splits import splits


def jaccard(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def similarity(one, other):
    return max(
        min(jaccard(one, other), jaccard(~one, ~other)),
        min(jaccard(one, ~other), jaccard(~one, other)),
    )


def naive_distance(first, second):
    few, many = sorted((splits(first), splits(second)), key=len)
    best = max(
        sum(similarity(one, many[place]) for one, place in zip(few, places, strict=True))
        for places in permutations(range(len(many)), len(few))
    )
    return 1 - 2 * best / (len(few) + len(many)) if len(many) else 0.0


def test_equals_the_best_of_all_matchings(pairs):
    for first, second in pairs:
        found = align_distance(first, second)
        assert found == pytest.approx(naive_distance(first, second), abs=1e-12)
        assert align_distance(second, first) == pytest.approx(found, abs=1e-12)


def test_published_values(eight):
    """Similarities that the tests of R's TreeDist assert for NyeSimilarity: 3.8, 1 and 2/3."""
    known = [
        ("symmetric", "balanced", 3.8, 10),
        ("symmetric", "four", 1, 6),
        ("two", "three", 2 / 3, 2),
    ]
    for first, second, score, n_splits in known:
        found = align_distance(eight[first], eight[second])
        assert found == pytest.approx(1 - 2 * score / n_splits, abs=1e-12)


def test_bounds(pairs, eight):
    for first, second in pairs:
        assert align_distance(first, first) == 0
        assert (
            0 <= align_distance(first, second) < 1 or len(splits(first)) * len(splits(second)) == 0
        )
    assert align_distance(eight["symmetric"], eight["star"]) == 1
    assert align_distance(eight["star"], eight["star"]) == 0


def test_different_tips_are_refused(tree):
    with pytest.raises(InputError, match="different tips"):
        align_distance(tree("(a,b,c,d);"), tree("(a,b,c,x);"))
