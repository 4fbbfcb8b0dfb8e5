"""The tree as arrays, against scikit-bio's own tree."""

import numpy as np
import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.placement.branches import Branches
from phylolens.placement.points import Points

TEXT = "(((A:1,B:1)ab:2,(C:2,D:2)cd:1)abcd:1,(E:1,F:1,G:1)efg:3)root;"


@pytest.fixture
def tree() -> TreeNode:
    return TreeNode.read([TEXT])


def random_tree(n: int, seed: int, largest: int = 3) -> TreeNode:
    """Neither dichotomous (but with ``largest`` 2) nor ultrametric."""
    rng = np.random.default_rng(seed)
    nodes = [TreeNode(name=f"t{k}", length=float(rng.uniform(0.1, 2))) for k in range(n)]
    while len(nodes) > 1:
        size = min(len(nodes), int(rng.integers(2, largest + 1)))
        taken = [nodes.pop(int(rng.integers(len(nodes)))) for _ in range(size)]
        nodes.append(TreeNode(length=float(rng.uniform(0.1, 2)), children=taken))
    nodes[0].length = None
    return nodes[0]


def test_arrays_are_the_tree(tree):
    found = Branches.of(tree)
    assert found.taxa == tuple("ABCDEFG")
    assert len(found) == 11
    assert found.height == 4
    assert found.ultrametric
    inner = {found.names[node]: tuple(found.spans[node]) for node in np.flatnonzero(found.children)}
    assert inner == {"ab": (0, 2), "cd": (2, 4), "abcd": (0, 4), "efg": (4, 7), "root": (0, 7)}
    assert found.names[found.ancestor([0, 3])] == "abcd"
    assert found.names[found.ancestor([4])] == "E"
    assert str(found.to_tree()).strip() == str(tree).strip().replace(":0.0", "")


@pytest.mark.parametrize("seed", range(5))
def test_cut_trees_have_the_same_paths(seed):
    tree = random_tree(30, seed)
    whole = Branches.of(tree)
    away = np.random.default_rng(seed).random(30) < 0.5
    small, places = whole.without(away)
    wanted = [name for name, gone in zip(whole.taxa, away, strict=True) if not gone]
    assert list(small.taxa) == wanted
    paths = tree.cophenet().filter(wanted).data
    assert small.to_tree().cophenet().filter(wanted).data == pytest.approx(paths)
    assert (small.children != 1).all()
    offset = whole.tip_heights[~away] - small.tip_heights
    assert offset == pytest.approx(offset[0])
    inside = places >= 0
    low = whole.heights[inside] - offset[0]
    at = places[inside]
    assert (low <= small.heights[at] + 1e-9).all()
    assert (low > small.heights[small.parents[at]] - 1e-9).all()


@pytest.mark.parametrize("seed", range(5))
def test_where_a_taxon_was_attached(seed):
    """Put back there, it has the paths that it had."""
    tree = random_tree(25, seed)
    whole = Branches.of(tree)
    rng = np.random.default_rng(seed)
    away = rng.random(25) < 0.4
    small, places = whole.without(away)
    offset = whole.tip_heights[~away][0] - small.tip_heights[0]
    paths = tree.cophenet()
    for taxon in np.flatnonzero(away):
        branch, height = whole.attachment(places, int(taxon))
        if branch < 0:
            assert height <= offset + 1e-9
            continue
        own = whole.tip_heights[taxon] - height
        below = np.zeros(len(small.taxa), dtype=bool)
        below[slice(*small.spans[branch])] = True
        shared = np.array([height - offset if under else _last(small, branch, place)
                           for place, under in enumerate(below)])  # fmt: skip
        found = own + (height - offset) + small.tip_heights - 2 * shared
        wanted = [paths[whole.taxa[taxon], name] for name in small.taxa]
        assert found == pytest.approx(wanted)


def _last(tree: Branches, branch: int, place: int) -> float:
    """Height of the last common ancestor of a branch and a taxon outside."""
    node = branch
    while not tree.spans[node][0] <= place < tree.spans[node][1]:
        node = int(tree.parents[node])
    return float(tree.heights[node])


def test_the_sister_of_a_node_with_several_branches(tree):
    whole = Branches.of(tree)
    away = np.array([name == "E" for name in whole.taxa])
    small, places = whole.without(away)
    branch, height = whole.attachment(places, 4)
    assert (small.names[branch], height) == ("efg", 3)
    away = np.array([name in "AB" for name in whole.taxa])
    small, places = whole.without(away)
    branch, height = whole.attachment(places, 0)
    assert (small.names[branch], height) == ("cd", 1)
    away = np.array([name in "EFG" for name in whole.taxa])
    small, places = whole.without(away)
    assert whole.attachment(places, 4)[0] == -1, "above the new root"
    assert small.height == 3


def test_mass_below_a_node(tree):
    found = Branches.of(tree)
    shares = np.zeros((1, len(found)))
    shares[0, found.names.index("C")] = 0.25
    shares[0, found.names.index("cd")] = 0.75
    below = found.mass_below(shares)[0]
    told = dict(zip(found.names, below, strict=True))
    assert told["cd"] == 0.25
    assert told["abcd"] == told["root"] == 1
    assert told["C"] == told["efg"] == 0


@pytest.mark.parametrize("ends", [None, 6.0])
def test_expected_paths_against_a_loop(ends):
    tree = Branches.of(random_tree(20, 7))
    points = Points(tree, ends)
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(len(points.branch)), size=3)
    found = points.expected_distances(shares)
    for place in range(len(tree.taxa)):
        paths = []
        for branch, height, own in zip(points.branch, points.heights, points.pendants, strict=True):
            low, high = tree.spans[branch]
            shared = height if low <= place < high else _last(tree, int(branch), place)
            paths.append(height + own + tree.tip_heights[place] - 2 * shared)
        assert found[:, place] == pytest.approx(shares @ np.array(paths))


def test_the_prior_is_uniform_over_the_tree(tree):
    branches = Branches.of(tree)
    for ends in (None, 4.0):
        points = Points(branches, ends)
        prior = points.by_branch(np.exp(points.log_prior)[None])[0]
        assert prior == pytest.approx(branches.lengths[:-1] / branches.lengths.sum(), rel=1e-3)
    fossil = Points(branches, 2.5)
    assert (fossil.log_prior == -np.inf).sum() == (fossil.heights > 2.5).sum() > 0


def test_trees_that_cannot_be_used():
    with pytest.raises(InputError, match="negative length"):
        Branches.of(TreeNode.read(["((A:1,B:-1):1,C:1);"]))
    with pytest.raises(InputError, match="three tips"):
        Branches.of(TreeNode.read(["(A:1,B:1);"]))
