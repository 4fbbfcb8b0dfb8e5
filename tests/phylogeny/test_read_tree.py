"""Newick and NEXUS: what is read, and what is refused with the file and the names."""

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.phylogeny import read_phylogeny, read_tree
from phylolens.phylogeny.rank import patristic, tip_names


def distance(tree, one: str, other: str) -> float:
    return float(patristic(tree)[one, other])


def test_newick_with_all_its_liberties(write):
    text = "[c;omment] ( 'a;1':1,b_c[&rate=2]:2.5e-1 ,('It''s':1,\n[x]'d e':0)0.97:1)root:9 ;"
    tree = read_tree(write("t.nwk", text))
    assert len(tip_names(tree)) == 4
    assert {"a;1", "b_c", "d e"} < set(tip_names(tree))
    assert distance(tree, "a;1", "b_c") == 1.25
    assert distance(tree, "a;1", "d e") == 2.0


def test_byte_order_mark_and_windows_line_ends(write):
    tree = read_tree(write("t.nwk", "\ufeff(a:1,\r\nb:2,\r\nc:3);\r\n"))
    assert distance(tree, "b", "c") == 5


NEXUS = """#NEXUS
[made by hand; with a semicolon]
BEGIN TAXA; DIMENSIONS NTAX=4; TAXLABELS A_one B 'C three' D; END;
BEGIN TREES;
  TRANSLATE 1 A_one, 2 B, 3 'C three', 4 D;
  TREE first = [&R] ((1:0.1,2[&rate=0.5]:0.2):0.05,(3:0.123456789012345,4:1e-9):0.3);
END;
"""


def test_nexus_with_translation(write):
    tree = read_tree(write("t.nex", NEXUS))
    names = {name.replace("_", " ") for name in tip_names(tree)}
    assert names == {"A one", "B", "C three", "D"}
    three = next(name for name in tip_names(tree) if name.startswith("C"))
    assert distance(tree, "A_one", "B") == pytest.approx(0.3)
    assert distance(tree, three, "D") == pytest.approx(0.123456790012345, abs=1e-15)
    assert distance(tree, "B", "D") == pytest.approx(0.55, abs=1e-8)


def test_unrooted_nexus_keeps_its_distances(write):
    text = "#nexus\nbegin trees;\ntree t = [&U] ((a:1,b:1):1,(c:2,'d;1':3):1);\nend;\n"
    tree = read_tree(write("t.tre", text))
    assert distance(tree, "a", "c") == 5
    assert distance(tree, "c", "d;1") == 5


def test_rows_of_single_children_count_their_lengths(write):
    tree = read_tree(write("t.nwk", "(((a:1):2):3,b:1,c:1);"))
    assert distance(tree, "a", "b") == 7


def test_a_tree_of_many_levels_is_read(write):
    depth = 3000
    text = "(" * depth + "a:1,b:1)" + "".join(f":1,x{i}:1)" for i in range(depth - 1)) + ";"
    assert len(tip_names(read_tree(write("t.nwk", text)))) == depth + 1


REFUSED = {
    "empty": (" \n", "empty"),
    "two tips": ("(a:1,b:1);", "at least three tips; got 2"),
    "no lengths": ("(a,b,(c,d));", "no branch lengths"),
    "a length missing": ("(a:1,b:1,(c:1,d));", "'d'"),
    "an inner length missing": ("(a:1,b:1,(c:1,d:1));", "'an inner node'"),
    "negative": ("(a:-0.1,b:1,c:1);", "'a'"),
    "not a number": ("(a:nan,b:1,c:1);", "'a'"),
    "infinite": ("(a:1,b:inf,c:1);", "'b'"),
    "all zero": ("(a:0,b:0,c:0);", "zero"),
    "nameless tip": ("(a:1,:1,c:1);", "1 tips have no name"),
    "repeated tips": ("(a:1,b:1,a:1);", "'a'"),
    "repeated but for spelling": ("(A_b:1,b:1,'a b':1);", "different names"),
    "unbalanced": ("((a:1,b:1,c:1);", "not a Newick or NEXUS tree"),
    "cut short": ("((a:1,b:1):1,(c:1,d:", "not a Newick or NEXUS tree"),
    "a matrix": ("x,a,b,c\na,0,1,1\nb,1,0,1\nc,1,1,0\n", "--distances"),
    "nexus without trees": (
        "#NEXUS\nBEGIN TAXA;\nDIMENSIONS NTAX=1; TAXLABELS a;\nEND;\n",
        "TREES",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_trees_are_refused_by_name(write, case):
    text, message = REFUSED[case]
    path = write("tree.nwk", text)
    with pytest.raises(InputError) as caught:
        read_tree(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
    assert "object at 0x" not in str(caught.value)


def test_other_encodings_are_refused(write):
    with pytest.raises(InputError, match="UTF-8"):
        read_tree(write("t.nwk", "(ä:1,b:1,c:1);", "latin-1"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.nwk.*no such file.*--tree"):
        read_tree(tmp_path / "gone.nwk")


def test_exactly_one_phylogeny_is_wanted(write):
    tree = write("t.nwk", "(a:1,b:1,c:1);")
    with pytest.raises(InputError, match="exclude"):
        read_phylogeny(tree=tree, distances=tree)
    with pytest.raises(InputError, match="no phylogeny"):
        read_phylogeny()
    assert np.allclose(patristic(read_phylogeny(tree=tree)).data, 2 - 2 * np.eye(3))
