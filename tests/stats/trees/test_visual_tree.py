"""Trees from distances: topology, lengths, and support that stays with its branch."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix, TreeNode
from skbio.tree import bme, nj

from phylolens.errors import InputError
from phylolens.stats.trees import visual_tree
from phylolens.stats.trees.rf import robinson_foulds

METHODS = ("nj", "bme", "upgma")


def matrix(points, ids=None):
    ids = ids or [f"t{place}" for place in range(len(points))]
    return DistanceMatrix(cdist(points, points), ids)


def cloud(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 4))


def replicates(points, number, noise=0.6, seed=0):
    rng = np.random.default_rng(seed)
    return [matrix(points + noise * rng.normal(size=points.shape)) for _ in range(number)]


def halves(tree):
    """Each inner branch as its two sides, with the node below it."""
    tips = frozenset(tip.name for tip in tree.tips())
    for node in tree.postorder(include_self=False):
        side = frozenset(tip.name for tip in node.tips())
        if not node.is_tip() and 1 < len(side) < len(tips) - 1:
            yield frozenset({side, tips - side}), node


@pytest.mark.parametrize("method", ["nj", "bme"])
def test_a_tree_is_found_again_from_its_distances(drawn, method):
    tree = drawn(25, 4)
    rng = np.random.default_rng(0)
    for node in tree.postorder(include_self=False):
        node.length = float(rng.uniform(0.1, 1))
    found = visual_tree(tree.cophenet(), method=method)
    assert robinson_foulds(found, tree) == 0
    ids = [f"t{place}" for place in range(25)]
    paths, known = found.cophenet().filter(ids).data, tree.cophenet().filter(ids).data
    assert np.allclose(paths, known, atol=1e-9)


def test_upgma_by_hand():
    values = np.array([[0, 2, 6, 10], [2, 0, 6, 10], [6, 6, 0, 10], [10, 10, 10, 0]], dtype=float)
    found = visual_tree(DistanceMatrix(values, list("abcd")), method="upgma")
    assert str(found).strip() == "(d:5.0,(c:3.0,(a:1.0,b:1.0):2.0):2.0);"


@pytest.mark.parametrize("method", ["nj", "upgma"])  # of the third, every replicate's rows differ
def test_support_is_the_share_of_replicates_with_the_branch(method):
    """Against scikit-bio's sets: splits, or clades where the trees are rooted."""
    points, number = cloud(14, 1), 40
    drawn = replicates(points, number)
    found = visual_tree(matrix(points), iter(drawn), method=method)
    others = [dict(halves(visual_tree(one, method=method))) for one in drawn]
    rooted = [visual_tree(one, method=method).subsets() for one in drawn]
    seen = set()
    for both, node in halves(found):
        if method == "upgma":
            side = frozenset(tip.name for tip in node.tips())
            share = np.mean([side in clades for clades in rooted])
        else:
            share = np.mean([both in other for other in others])
        assert node.name == str(int(100 * share + 0.5))
        seen.add(node.name)
    assert len(seen) > 3


def equal_distances(n):
    """All taxa but the last are equally far apart."""
    values = np.ones((n, n))
    values[-1] = values[:, -1] = 3.0
    np.fill_diagonal(values, 0.0)
    return DistanceMatrix(values, [f"t{place:02d}" for place in range(n)])


@pytest.mark.parametrize("method", METHODS)
def test_equal_distances_are_not_resolved_in_the_order_of_names(method):
    """Names sorted stand in the order of their genera: few clades may be runs of names."""
    sides = [both for both, _ in halves(visual_tree(equal_distances(30), method=method))]
    places = [sorted(int(name[1:]) for name in min(both, key=len)) for both in sides]
    runs = sum(side[-1] - side[0] == len(side) - 1 for side in places)
    assert runs <= 4 < len(places)


@pytest.mark.parametrize("method", METHODS)
def test_what_chance_resolved_has_no_support(method):
    """Replicates that all leave the same taxa tied support none of their resolutions."""
    found = visual_tree(equal_distances(16), [equal_distances(16)] * 60, method=method)
    assert np.median([int(node.name) for _, node in halves(found)]) < 50


@pytest.mark.parametrize("seed", range(6))
def test_support_survives_rerooting(seed):
    """A branch's support is the same in the rooted tree as in the tree before it was rooted.

    Node labels move to the wrong branch when a tree is rerooted with them; here every label is
    looked up again by its split in the unrooted tree.
    """
    points = cloud(12, seed)
    drawn = replicates(points, 30, seed=seed)
    plain = nj(matrix(points))
    counts = dict.fromkeys(dict(halves(plain)), 0)
    for one in drawn:
        for both in counts.keys() & dict(halves(nj(one))).keys():
            counts[both] += 1
    labels = [(both, node.name) for both, node in halves(visual_tree(matrix(points), drawn))]
    assert {both for both, _ in labels} == counts.keys()
    for both, name in labels:  # the branch that bears the root comes twice
        assert name == str(int(100 * counts[both] / 30 + 0.5))
    assert len(labels) <= len(counts) + 1


def test_every_inner_branch_and_no_other_has_support():
    found = visual_tree(matrix(cloud(10, 2)), replicates(cloud(10, 2), 5))
    labelled = {id(node) for node in found.traverse() if not node.is_tip() and node.name}
    assert labelled == {id(node) for _, node in halves(found)}
    bare = visual_tree(matrix(cloud(10, 2)))
    assert all(node.name is None for node in bare.traverse() if not node.is_tip())


def test_newick_keeps_support_and_lengths():
    found = visual_tree(matrix(cloud(10, 3)), replicates(cloud(10, 3), 20))
    again = TreeNode.read([str(found)])
    before = {both: (node.name, node.length) for both, node in halves(found)}
    assert {both: (node.name, node.length) for both, node in halves(again)} == before
    again.assign_supports()
    assert all(0 <= node.support <= 100 for _, node in halves(again))


def test_replicates_like_the_data_support_everything():
    found = visual_tree(matrix(cloud(9, 4)), [matrix(cloud(9, 4))] * 3)
    assert {node.name for _, node in halves(found)} == {"100"}


def noisy(seed):
    """Distances far from any tree's."""
    values = 0.05 + np.random.default_rng(seed).exponential(size=(20, 20)) ** 2
    values = values + values.T
    np.fill_diagonal(values, 0)
    return DistanceMatrix(values, [f"t{place}" for place in range(20)])


@pytest.mark.parametrize("build", [nj, bme])
def test_negative_branches_become_zero(build):
    raw = build(noisy(1), neg_as_zero=False)
    assert min(node.length for node in raw.traverse(include_self=False)) < 0
    found = visual_tree(noisy(1), method=build.__name__)
    assert min(node.length for node in found.traverse(include_self=False)) == 0


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_rows_does_not_matter(method):
    found = visual_tree(noisy(2), method=method)
    for seed in range(3):
        order = [f"t{place}" for place in np.random.default_rng(seed).permutation(20)]
        assert str(visual_tree(noisy(2).filter(order), method=method)) == str(found)


def test_bad_input():
    with pytest.raises(InputError, match="unknown tree method 'ml'"):
        visual_tree(matrix(cloud(5, 1)), method="ml")
    with pytest.raises(InputError, match="at least three taxa"):
        visual_tree(matrix(cloud(2, 1)))
    with pytest.raises(InputError, match="other taxa"):
        visual_tree(matrix(cloud(5, 1)), [matrix(cloud(6, 1))])
    equal = visual_tree(DistanceMatrix(np.zeros((5, 5)), list("abcde")))
    assert sorted(tip.name for tip in equal.tips()) == list("abcde")
