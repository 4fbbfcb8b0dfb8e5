"""Files of many trees: all read, one at a time, and the bad one named by its number."""

import io
from itertools import islice

import dendropy
import numpy as np
import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance, read_tree, read_trees, tree_text
from phylolens.phylogeny.rank import patristic, tip_names

NEWICK = """[sample of three; by hand]
((a:1,b:1)0.9:1,(c:1,'d;[1]':1):1);((a:1,c:2):1,(b:1,'d;[1]':1)95:1)root:3;

(a[&rate={1,2}]:[&x="y'z"]1,(b:2,(c:1,'d;[1]':1e-1):.5):1[a [nested] note]);
"""
BEAST = """#NEXUS
[posterior; it's made by hand]
Begin taxa;
\tDimensions ntax=4;
\tTaxlabels A_one B 'C three' 'D''Or';
End;
Begin trees;
\tTranslate
\t\t1 A_one,
\t\t2 B,
\t\t3 'C three',
\t\t4 'D''Or'
\t\t;
tree STATE_0 [&lnP=-34.5,joint="(;"] = [&R] ((1[&rate=0.5]:0.1,2:[&rate=2]0.2)[&p=1]:0.05,(3:0.3,4:1e-2):0.3);
tree STATE_1000 [&lnP=-30] = [&R] ((1:1,3:1):1,(2:1,4:1):1);
utree * 'last one' = ((1:2,4:1):1,2:1,3:1);
"""  # noqa: E501
SAMPLES = {"newick": (NEWICK, "abcd"), "nexus, no END": (BEAST, "ABCD")}


@pytest.mark.parametrize("kind", SAMPLES)
def test_all_trees_are_read_in_order(write, kind):
    text, initials = SAMPLES[kind]
    path = write("trees.txt", text)
    trees = list(read_trees(path))
    assert len(trees) == 3
    for tree in trees:
        assert "".join(sorted(name[0] for name in tip_names(tree))) == initials


def test_lengths_are_those_written(write):
    first, second, third = (covariance(tree) for tree in read_trees(write("t.nwk", NEWICK)))
    assert first.loc["a", "b"] == 1
    assert (second.loc["a", "c"], second.loc["c", "c"]) == (1, 3)
    assert third.loc["c", "d;[1]"] == 1.5
    assert np.diag(third.loc[list("abc"), list("abc")]).tolist() == [1, 3, 2.5]


@pytest.mark.parametrize("text", [BEAST + "End;\n", BEAST.replace("STATE", "rep.1")])
def test_nexus_equals_dendropy(write, text):
    text = text.replace("utree *", "tree")  # it passes over unrooted ones
    known = dendropy.TreeList.get(data=text, schema="nexus", preserve_underscores=True)
    found = list(read_trees(write("t.trees", text)))
    assert len(found) == len(known) == 3
    for ours, theirs in zip(found, known, strict=True):
        matrix, paths = theirs.phylogenetic_distance_matrix(), patristic(ours)
        names = {name.replace("_", " "): name for name in paths.ids}
        for one in theirs.taxon_namespace:
            for other in theirs.taxon_namespace:
                mine = paths[
                    names[one.label.replace("_", " ")], names[other.label.replace("_", " ")]
                ]
                assert mine == pytest.approx(matrix.patristic_distance(one, other), abs=1e-12)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 50])
def test_where_the_file_is_cut_for_reading_makes_no_difference(kind, chunk, monkeypatch):
    text, _ = SAMPLES[kind]
    whole = list(tree_text.tree_texts(io.StringIO(text)))
    monkeypatch.setattr(tree_text, "CHUNK", chunk)
    assert list(tree_text.tree_texts(io.StringIO(text))) == whole


def test_a_file_without_end_is_read_as_it_comes():
    """Only the tree at hand is held: the second half of this file is never asked for."""

    class Endless(io.StringIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> str:
            self.asked += 1
            return "(a:1,(b:1,c:1):1);\n" * 1000

    handle = Endless()
    texts = list(islice(tree_text.tree_texts(handle), 5000))
    assert {text.newick for text in texts} == {"(a:1,(b:1,c:1):1);"}
    assert handle.asked <= 6


def test_numbers_may_stand_for_the_list_of_taxa(write):
    taxa = "#NEXUS\nBEGIN TAXA; TAXLABELS x 'y y' 4 z; END;\n"
    text = taxa + "BEGIN TREES; TREE t = (1:1,(2:1,4:2):1,z:1); END;"
    tree = next(read_trees(write("t.nex", text)))
    assert sorted(tip_names(tree)) == ["4", "x", "y y", "z"]  # 4 is a name, not the fourth


def test_each_block_has_its_own_translation(write):
    block = "BEGIN TREES; TRANSLATE 1 {0}, 2 b, 3 c; TREE t = (1:1,2:1,3:1); END;\n"
    other = "BEGIN NOTES; TEXT tree q = (x:1); END;\n"
    text = "#NEXUS\n" + block.format("first") + other + block.format("second")
    trees = list(read_trees(write("t.nex", text)))
    assert [tip_names(tree)[0] for tree in trees] == ["first", "second"]


GOOD = "((a:1,b:1):1,c:1,d:1);\n"
REFUSED = {
    "unbalanced": ("((a:1,b:1):1,(c:1,d:1);\n", "3 opening but 2 closing parentheses"),
    "closed too often": ("(a:1,b:1)):1,(c:1,d:1);\n", "2 opening but 3 closing parentheses"),
    "closed before opened": ("(a:1,b:1):1),(c:1,d:1;\n", "not a Newick or NEXUS tree"),
    "two tips": ("(a:1,b:1);", "at least three tips; got 2"),
    "one tip": ("(a:1);", "at least three tips; got 1"),
    "one name": ("a;", "'a;', not with a parenthesis"),
    "no lengths": ("((a,b),c,d);", "no branch lengths"),
    "a length missing": ("((a:1,b):1,c:1,d:1);", "'b'"),
    "negative": ("((a:1,b:-1):1,c:1,d:1);", "negative length. Concerned (1): 'b'"),
    "no number": ("((a:1,b:x):1,c:1,d:1);", "numeric type: x"),
    "repeated": ("((a:1,b:1):1,c:1,a:1);", "'a'"),
    "nameless": ("((a:1,:1):1,c:1,d:1);", "no name"),
    "cut short": ("((a:1,b:1):1,c:1,d", "2 opening but 1 closing"),
    "cut before its semicolon": ("((a:1,b:1):1,c:1,d:1)", "semicolon at its end is missing"),
    "an open comment": ("((a:1,b[&x:1):1,c:1,d:1);\n" + GOOD, "comment is never closed"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("before", [0, 2])
def test_the_bad_tree_is_named_by_its_number(write, case, before):
    text, message = REFUSED[case]
    path = write("many.nwk", GOOD * before + text)
    trees = read_trees(path)
    assert len(list(islice(trees, before))) == before
    with pytest.raises(InputError) as caught:
        next(trees)
    assert f"{path}, tree {before + 1}: " in str(caught.value)
    assert message in str(caught.value)
    assert ("--distances" in str(caught.value)) <= (before == 0)


def test_one_tree_is_wanted_and_several_are_counted(write):
    notes = []
    with pytest.raises(InputError, match=r"holds 3 different trees.*--trees"):
        read_tree(write("t.nwk", NEWICK))
    with pytest.raises(InputError, match="holds 3 different trees"):
        read_tree(write("t.trees", BEAST))
    same = write("same.nwk", "((a:1,b:1)0.9:1,c:1,d:1);\n((a:1,b:1)95:1,c:1,d:1);\n")
    assert tip_names(read_tree(same, notes)) == list("abcd")
    assert "2 trees" in notes[0].message


NEXUS_REFUSED = {
    "no block": ("#NEXUS\nBEGIN TAXA; TAXLABELS a b c; END;", "no TREES block"),
    "nothing at all": ("#NEXUS", "no TREES block"),
    "no tree": ("#NEXUS BEGIN TREES; TRANSLATE 1 a; END;", "holds no tree"),
    "translation": ("#NEXUS BEGIN TREES; TRANSLATE 1, 2 b;", "no pair of names at '1, 2 b'"),
    "cut": ("#NEXUS BEGIN TREES; TREE t = (a:1,b:1,c", "1 opening but 0 closing"),
    "not Newick": ("#NEXUS BEGIN TREES; TREE t = a:1,b:1;", "not with a parenthesis"),
    "two names alike": (
        "#NEXUS BEGIN TREES; TRANSLATE 1 a, 2 A; TREE t = (1:1,2:1,b:1);",
        "different names",
    ),
}


@pytest.mark.parametrize("case", NEXUS_REFUSED)
@pytest.mark.parametrize("read", [read_tree, lambda path: list(read_trees(path))])
def test_unusable_nexus_is_refused(write, case, read):
    text, message = NEXUS_REFUSED[case]
    path = write("t.nex", text)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_blank_missing_and_strange_files_are_refused(write, tmp_path):
    with pytest.raises(InputError, match="empty"):
        next(read_trees(write("blank.nwk", "\n [only a note] \n")))
    with pytest.raises(InputError, match="no such file"):
        read_trees(tmp_path / "gone.nwk")  # at once, not when the first tree is asked for
    with pytest.raises(InputError, match="folder"):
        read_trees(tmp_path)
    trees = read_trees(write("t.nwk", GOOD + "(ä:1,b:1,c:1);", "latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        list(trees)


def test_labels_of_inner_nodes_are_no_names(write):
    """Support values, and even the name of a tip, may stand at inner nodes."""
    text = "((a:1,b:2)95:1,(c:3,d:4)95:2,(e:1,f:1)a:1);"
    tree = read_tree(write("t.nwk", text))
    assert tip_names(tree) == list("abcdef")
    assert patristic(tree)["a", "e"] == 4
    plain = TreeNode.read(["((a:1,b:2):1,(c:3,d:4):2,(e:1,f:1):1);"])
    np.testing.assert_array_equal(patristic(tree).data, patristic(plain).data)
