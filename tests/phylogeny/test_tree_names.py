"""Apostrophes, quotes and blanks in labels: no two tips run into one."""

import pytest

from phylolens.errors import InputError
from phylolens.phylogeny import read_tree
from phylolens.phylogeny.rank import tip_names

# ruff: noqa: E501
READ = {
    "apostrophes": ("((Bob's_a:1,Tim's_b:1):1,(Roy's_c:1,d:1):1);", ["Bob's_a", "Tim's_b", "Roy's_c", "d"]),
    "odd number": ("((Bob's_a:1,b:1):1,(c:1,d:1):1);", ["Bob's_a", "b", "c", "d"]),
    "quoted": ("(('Bob''s a':1,'b (x)':1):1,(c:1,d:1):1);", ["Bob's a", "b (x)", "c", "d"]),
    "quoted, not doubled": ("(('Bob's a':1,b:1):1,(c:1,d:1):1);", ["Bob's a", "b", "c", "d"]),
    "backslash": (r"(('Bob\'s_a':1,'Tim\'s_b':1):1,(c:1,d:1):1);", ["Bob's_a", "Tim's_b", "c", "d"]),
    "backslash at a word's end": (r"(('Boas\' a':1,b:1):1,(c:1,d:1):1);", ["Boas' a", "b", "c", "d"]),
    "at the start": ("(('Amakihi:1,'Apapane:1):1,(c:1,d:1):1);", ["'Amakihi", "'Apapane", "c", "d"]),
    "at the end": ("((Boas':1,Jones':1):1,(c:1,d:1):1);", ["Boas'", "Jones'", "c", "d"]),
    "blanks": ("((Acer palmatum:1, Acer  rubrum :1):1,(c:1,d:1):1);", ["Acer palmatum", "Acer rubrum", "c", "d"]),
    "double quotes": ('(("Acer x":1,b:1):1,(c:1,d:1):1);', ["Acer x", "b", "c", "d"]),
    "typographic": ("((Bob’s a:1,b:1):1,(c:1,d:1):1);", ["Bob’s a", "b", "c", "d"]),
    "brackets in quotes": ("(('a [x]; y':1,b:1):1,(c:1,d:1):1);", ["a [x]; y", "b", "c", "d"]),
    "inner labels": ("((a:1,b:1)'x y':1,(c:1,d:1)Bob's:1)root;", ["a", "b", "c", "d"]),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_labels_are_read_whole(write, case):
    text, names = READ[case]
    assert tip_names(read_tree(write("t.nwk", text))) == names


REFUSED = {
    "glued by quotes": ("(('a:1,b':1,c:1):1,(d:1,e:1):1);", "several tips"),
    "two names": ("(('a' b:1,c:1):1,(d:1,e:1):1);", "two names in a row"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_may_be_two_tips_is_refused(write, case):
    text, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        read_tree(write("t.nwk", text))


def nexus(labels, tree, ntax=4, more=""):
    return (
        f"#NEXUS\nbegin taxa;\n title x;\n dimensions ntax={ntax};\n taxlabels {labels};\nend;\n"
        f"begin trees;\n link taxa = x;\n{more} tree t = {tree};\nend;\n"
    )


NUMBERED = "((1:1,2:1):1,(3:1,4:1):1)"


def test_taxlabels_with_apostrophes_are_whole(write):
    text = nexus("Bob's_a b Tim's_c 'd''s x'", NUMBERED)
    assert tip_names(read_tree(write("t.nex", text))) == ["Bob's_a", "b", "Tim's_c", "d's x"]
    text = nexus("Bob's_a b c d", NUMBERED, more=" translate 1 Bob's_a, 2 b, 3 c, 4 'd';\n")
    assert tip_names(read_tree(write("t.nex", text))) == ["Bob's_a", "b", "c", "d"]


def test_taxlabels_that_disagree_are_refused(write):
    with pytest.raises(InputError, match="TAXLABELS hold 5 names, but NTAX is 4"):
        read_tree(write("t.nex", nexus("Acer a b c d", NUMBERED)))
    with pytest.raises(InputError, match="not among the TAXLABELS"):
        read_tree(write("t.nex", nexus("a b c d", "((a:1,b:1):1,(c:1,dd:1):1)")))


def test_rounding_is_no_negative_length(write):
    notes = []
    tree = read_tree(write("t.nwk", "((a:1,b:1):-1.7e-13,(c:1,d:1):100);"), notes)
    assert min(node.length for node in tree.traverse() if node.length is not None) == 0
    assert "rounding" in notes[0].message
    with pytest.raises(InputError, match="negative length"):
        read_tree(write("t.nwk", "((a:1,b:1):-0.1,(c:1,d:1):100);"))


def test_deep_trees_are_read_or_refused(write):
    n = 3000
    text = "(" * n + "x:1" + "".join(f",t{k}:1):1" for k in range(n)) + ";"
    assert len(tip_names(read_tree(write("deep.nwk", text)))) == n + 1
    with pytest.raises(InputError, match="deep"):
        read_tree(write("t.nwk", "(" * 100_000 + ")" * 100_000 + ";"))
