"""Unknowns grafted on the tree leave the paths between the others as they were."""

import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.placement.branches import Branches
from phylolens.placement.grafted import Attachment, grafted_tree, write_newick, write_nexus

from .test_branches import random_tree

TEXT = "((A:2,B:2)ab:2,(C:1,D:1,E:1)cde:3);"


@pytest.fixture
def branches() -> Branches:
    return Branches.of(TreeNode.read([TEXT]))


def graft(branches: Branches, *given: tuple[str, str, float, float, float]) -> TreeNode:
    return grafted_tree(
        branches,
        [Attachment(name, branches.names.index(at), *rest) for name, at, *rest in given],
    )


def test_one_unknown(branches):
    found = graft(branches, ("u", "A", 0.5, 1.5, 0.71))
    paths = found.cophenet()
    assert paths["u", "A"] == 2.0
    assert paths["u", "B"] == 1.5 + 1.5 + 2
    assert found.find("u").parent.name == "0.71"


@pytest.mark.parametrize("seed", range(4))
def test_reference_paths_stay(seed):
    branches = Branches.of(random_tree(20, seed))
    given = []
    for k in range(40):
        branch = k % len(branches)
        distal = 0.4 * float(branches.lengths[branch]) * (k % 3)
        given.append(Attachment(f"u{k}", branch, distal, 0.3, 0.5))
    found = grafted_tree(branches, given)
    names = list(branches.taxa)
    assert found.cophenet().filter(names).data == pytest.approx(
        branches.to_tree().cophenet().filter(names).data
    )
    assert {tip.name for tip in found.tips()} == {*names, *(one.name for one in given)}


def test_several_on_one_branch_in_order_of_height(branches):
    found = graft(
        branches,
        ("high", "ab", 1.5, 1.0, 0.9),
        ("low", "ab", 0.5, 1.0, 0.8),
        ("twin", "ab", 0.5, 2.0, 0.4),
    )
    low = found.find("low").parent
    assert low is found.find("twin").parent, "one node for both"
    assert low.name == "0.40"
    assert len(low.children) == 3
    high = found.find("high").parent
    assert low.parent is high
    assert low.length == pytest.approx(1.0)
    assert high.length == pytest.approx(0.5)


def test_names_that_are_taken(branches):
    with pytest.raises(InputError, match="name of a taxon"):
        graft(branches, ("A", "B", 0.1, 0.1, 0.5))
    with pytest.raises(InputError, match="each other"):
        graft(branches, ("u", "B", 0.1, 0.1, 0.5), ("u", "A", 0.1, 0.1, 0.5))


def test_files_are_read_back(branches, tmp_path):
    found = graft(branches, ("it's (new)", "C", 0.25, 0.5, 0.3))
    write_newick(tmp_path / "g.nwk", found)
    again = TreeNode.read(str(tmp_path / "g.nwk"), convert_underscores=False)
    names = [tip.name for tip in found.tips()]
    assert [tip.name for tip in again.tips()] == names
    wanted = found.cophenet().filter(names).data
    assert again.cophenet().filter(names).data == pytest.approx(wanted)
    write_nexus(tmp_path / "g.nex", found)
    text = (tmp_path / "g.nex").read_text()
    assert text.startswith("#NEXUS\n")
    assert "DIMENSIONS NTAX=6;" in text
    assert "'it''s (new)'" in text
    from phylolens.phylogeny.read_trees import read_trees

    (only,) = read_trees(tmp_path / "g.nex")
    assert sorted(tip.name for tip in only.tips()) == sorted(names)
