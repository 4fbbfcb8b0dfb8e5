"""Trees and their distances against ape and phangorn of R (tests/reference/make_trees.R)."""

import json

import numpy as np
import pytest
from skbio import DistanceMatrix, TreeNode

from phylolens.stats.trees import visual_tree
from phylolens.stats.trees.quartet import quartet_distance
from phylolens.stats.trees.rf import robinson_foulds
from phylolens.stats.trees.visual_tree import row_order

EXACT = 1e-6


@pytest.fixture(scope="module")
def known(reference):
    return json.loads((reference / "trees.json").read_text())


def branches(tree):
    """Length of every branch by its split; a branch that bears the root is one."""
    for tip in tree.tips():
        tip.name = tip.name.replace("_", " ")  # as Newick has it
    tips = frozenset(tip.name for tip in tree.tips())
    found = {}
    for node in tree.traverse(include_self=False):
        side = frozenset(tip.name for tip in node.tips()) or frozenset([node.name])
        key = frozenset({side, tips - side})
        found[key] = found.get(key, 0.0) + node.length
    return found


@pytest.mark.parametrize("name", ["cloud_first", "trait_distances", "tree_cloud"])
@pytest.mark.parametrize("method", ["nj", "bme", "upgma"])
def test_topology_and_lengths_are_those_of_r(known, reference_matrix, name, method):
    """NJ, balanced minimum evolution (fastme.bal without swaps) and UPGMA, branch by branch."""
    expected = branches(TreeNode.read([known["matrices"][name][method]["newick"]]))
    matrix = reference_matrix(name)
    rows = row_order(matrix.ids)  # of renamed taxa, sorted names stand in this order, as in R
    renamed = DistanceMatrix(matrix.filter(sorted(matrix.ids)).data, rows)
    tree = visual_tree(renamed, method=method)
    known_as = dict(zip(rows, sorted(matrix.ids), strict=True))
    for tip in tree.tips():
        tip.name = known_as[tip.name]
    found = branches(tree)
    assert found.keys() == expected.keys()
    for key, length in expected.items():
        assert found[key] == pytest.approx(max(length, 0), abs=EXACT)


@pytest.mark.parametrize("method", ["nj", "upgma"])
def test_paths_are_those_of_r(known, reference_matrix, method):
    """Also on a tree's own distances, with polytomies whose zero branches R resolves otherwise."""
    for name in ("patristic", "tree_cloud", "cloud_first"):
        one = known["matrices"][name][method]
        found = visual_tree(reference_matrix(name), method=method).cophenet()
        paths = found.filter(one["taxa"]).data
        assert np.allclose(paths, one["paths"], atol=EXACT), name


def test_robinson_foulds_is_that_of_phangorn(known):
    for pair in known["pairs"]:
        first, second = (TreeNode.read([pair[side]]) for side in ("first", "second"))
        assert robinson_foulds(first, second, normalised=False) == pair["rf"]
        assert robinson_foulds(first, second) == pytest.approx(pair["rf_normalised"], abs=EXACT)


def test_quartets_are_those_of_pruned_trees_in_r(known):
    cases = [pair for pair in known["pairs"] if "quartet" in pair]
    assert len(cases) >= 5
    for pair in cases:
        first, second = (TreeNode.read([pair[side]]) for side in ("first", "second"))
        assert quartet_distance(first, second).value == pytest.approx(pair["quartet"], abs=EXACT)
