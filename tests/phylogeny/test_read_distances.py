"""Distance matrices in five layouts, and what is refused."""

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.phylogeny import read_distances, read_phylogeny

WANTED = np.array([[0, 1, 2.5], [1, 0, 3], [2.5, 3, 0]])

LAYOUTS = {
    "csv": "f,a,b,c\na,0,1,2.5\nb,1,0,3\nc,2.5,3,0\n",
    "columns in another order": "f,c,a,b\na,2.5,0,1\nb,3,1,0\nc,0,2.5,3\n",
    "quoted": '"f","a","b","c"\n"a",0,1,2.5\n"b",1,0,3\n"c",2.5,3,0\n',
    "semicolons": "f;a;b;c\na;0;1;2.5\nb;1;0;3\nc;2.5;3;0\n",
    "lsmat": "\ta\tb\tc\na\t0\t1\t2.5\nb\t1\t0\t3\nc\t2.5\t3\t0\n",
    "BOM, CRLF, blanks": "\ufeff\r\n\r\nf, a,b,c\r\na,0,1, 2.5\r\n\r\nb,1,0,3\r\nc,2.5,3,0\r\n",
    "PHYLIP square": "  3\na 0 1 2.5\nb  1 0 3\nc\t2.5 3 0\n",
    "PHYLIP lower": "3\na\nb 1\nc 2.5 3\n",
    "rounded": "f,a,b,c\na,1e-9,1,2.4999999\nb,1.0000001,0,3\nc,2.5,3,0\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_give_the_same_matrix(write, layout):
    found = read_distances(write("m.txt", LAYOUTS[layout]))
    assert found.ids == ("a", "b", "c")
    np.testing.assert_allclose(found.data, WANTED, atol=1e-6)
    assert (np.diag(found.data) == 0).all()


def test_taxa_named_by_numbers_are_no_phylip(write):
    found = read_distances(write("m.tsv", "\t1\t2\t3\n1\t0\t1\t2\n2\t1\t0\t3\n3\t2\t3\t0\n"))
    assert found.ids == ("1", "2", "3")
    assert found["2", "3"] == 3


def test_columns_are_matched_by_name_not_place(write):
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 2, (6, 6))
    values = values + values.T
    np.fill_diagonal(values, 0)
    names, order = list("uvwxyz"), rng.permutation(6)
    lines = [",".join(["n", *(names[place] for place in order)])]
    lines += [",".join([names[i], *(repr(float(values[i, j])) for j in order)]) for i in range(6)]
    found = read_phylogeny(distances=write("m.csv", "\n".join(lines)))
    np.testing.assert_allclose(found.data, values, rtol=1e-15)


REFUSED = {
    "empty": ("", "empty"),
    "two taxa": ("f,a,b\na,0,1\nb,1,0\n", "at least three taxa"),
    "asymmetric": ("f,a,b,c\na,0,1,2\nb,1.5,0,3\nc,2,3,0\n", "'a', 'b'"),
    "negative": ("f,a,b,c\na,0,1,2\nb,1,0,-3\nc,2,-3,0\n", "'b', 'c'"),
    "NaN": ("f,a,b,c\na,0,1,NaN\nb,1,0,3\nc,NaN,3,0\n", "'a', 'c'"),
    "infinite": ("f,a,b,c\na,0,1,inf\nb,1,0,3\nc,inf,3,0\n", "'a', 'c'"),
    "blank cell": ("f,a,b,c\na,0,1,\nb,1,0,3\nc,2,3,0\n", "'a'"),
    "decimal commas": ("f;a;b;c\na;0;1,5;2\nb;1,5;0;3\nc;2;3;0\n", "'a', 'b'"),
    "similarities": ("f,a,b,c\na,1,.1,.2\nb,.1,1,.3\nc,.2,.3,1\n", "not similarities"),
    "other column names": ("f,a,b,x\na,0,1,2\nb,1,0,3\nc,2,3,0\n", "'c', 'x'"),
    "a row missing": ("f,a,b,c\na,0,1,2\nb,1,0,3\n", "'c'"),
    "repeated rows": ("f,a,b,A\na,0,1,2\nb,1,0,3\nA,2,3,0\n", "'A'"),
    "short row": ("f,a,b,c\na,0,1,2\nb,1,0\nc,2,3,0\n", "'b'"),
    "all zero": ("f,a,b,c\na,0,0,0\nb,0,0,0\nc,0,0,0\n", "zero"),
    "a tree": ("(a:1,b:1,c:1);", "--tree"),
    "a nexus tree": ("#NEXUS\nBEGIN TREES;\nEND;", "--tree"),
    "PHYLIP, wrong count": ("4\na 0 1 2\nb 1 0 3\nc 2 3 0\n", "4 taxa"),
    "PHYLIP, repeated": ("3\na 0 1 2\na 1 0 3\nc 2 3 0\n", "'a'"),
    "PHYLIP, words": ("3\na 0 1 x\nb 1 0 3\nc 2 3 0\n", "'a'"),
    "a strange number": ("²\na 0 1 2\n", "square"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_matrices_are_refused_by_name(write, case):
    text, message = REFUSED[case]
    path = write("matrix.csv", text)
    with pytest.raises(InputError) as caught:
        read_distances(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_other_encodings_and_missing_files_are_refused(write, tmp_path):
    with pytest.raises(InputError, match="UTF-8"):
        read_distances(write("m.csv", "f,ä,b,c\n", "latin-1"))
    with pytest.raises(InputError, match=r"gone\.csv.*--distances"):
        read_distances(tmp_path / "gone.csv")
