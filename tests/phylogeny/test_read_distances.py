"""Distance matrices in the layouts people have, and what is refused."""

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
    "decimal commas": "f;a;b;c\na;0;1,0;2,5\nb;1,0;0;3\nc;2,5;3;0\n",
    "no corner": '"a","b","c"\n"a",0,1,2.5\n"b",1,0,3\n"c",2.5,3,0\n',
    "no corner, bare": "a,b,c\na,0,1,2.5\nb,1,0,3\nc,2.5,3,0\n",
    "names above only": "a,b,c\n0,1,2.5\n1,0,3\n2.5,3,0\n",
    "lower": ",a,b,c\na,,,\nb,1,,\nc,2.5,3,\n",
    "lower, ragged": ",a,b,c\na,0\nb,1,0\nc,2.5,3,0\n",
    "upper": ",a,b,c\na,0,1,2.5\nb,NA,0,3\nc,NA,NA,0\n",
    "pairs": "one,two,distance\na,b,1\na,c,2.5\nb,c,3\n",
    "pairs both ways": "a\tb\t1\t0\t9/10\nb\ta\t1\t0\t9/10\na\tc\t2.5\t0\t9/10\n"
    "c\ta\t2.5\t0\t9/10\nb\tc\t3\t0\t9/10\nc\tb\t3\t0\t9/10\na\ta\t0\t0\t9/10\n",
    "PHYLIP wrapped": " 3\na  0 1\n   2.5\nb 1\n 0 3\nc 2.5 3 0\n",
    "PHYLIP lower with diagonal": "3\na 0\nb 1 0\nc 2.5 3 0\n",
    "PHYLIP lower, wrapped": "3\na\nb\n 1\nc 2.5\n  3\n",
    "PHYLIP upper": "3\na 1 2.5\nb 3\nc\n",
    "PHYLIP upper with diagonal": "3\na 0 1 2.5\nb 0 3\nc 0\n",
    "similarities": "f,a,b,c\na,3,2,.5\nb,2,3,0\nc,.5,0,3\n",
    "tiny negatives": "f,a,b,c\na,-1e-9,1,2.5\nb,1,0,3\nc,2.5,3,0\n",
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
    "covariances": ("f,a,b,c\na,1,.1,.2\nb,.1,2,.3\nc,.2,.3,3\n", "neither zero"),
    "mixed decimals": ("f;a;b;c\na;0;1,5;2.5\nb;1,5;0;3\nc;2.5;3;0\n", "decimal point"),
    "no names": ("0,1,2.5\n1,0,3\n2.5,3,0\n", "no names"),
    "no names, blanks": ("0.0 1.0 2.5\n1 0 3\n2.5 3 0\n", "no names"),
    "made-up names": ('"","V1","V2","V3"\n"1",0,1,2.5\n"2",1,0,3\n"3",2.5,3,0\n', "no names"),
    "made-up header": ("V1,V2,V3\n0,1,2.5\n1,0,3\n2.5,3,0\n", "no names"),
    "numbered header": ("0,1,2\n0,1,2.5\n1,0,3\n2.5,3,0\n", "no names"),
    "a pair missing": (",a,b,c\na,0,,2.5\nb,,0,3\nc,2.5,3,0\n", "a and b"),
    "pairs, one missing": ("x,y,d\na,b,1\na,c,2.5\na,d,1\nb,c,3\nb,d,2\n", "c and d"),
    "pairs, contradicting": ("a b 1\n".replace(" ", ",") + "a,c,2.5\nb,c,3\nb,a,2\n", "a and b"),
    "pairs of similarities": ("q,r,ANI\na,b,99\na,c,90\nb,c,91\na,d,9\n", "similarities"),
    "pairs, half a number": ("x;y;d\na;b;1,\na;c;2\nb;c;3\n", "no number"),
    "MEGA": ("#mega\n!Title x;\n", "MEGA"),
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


def test_strict_names_have_ten_characters_blanks_included(write):
    rows = [
        "Acer palma  0.0   1.0 200.50",
        "Acer rubru  1.0   0.0   3.00",
        "Ilex aquif200.50  3.00   0.00",
    ]
    found = read_distances(write("m.phy", "\n".join(["  3", *rows])))
    assert found.ids == ("Acer palma", "Acer rubru", "Ilex aquif")
    assert found["Acer palma", "Ilex aquif"] == 200.5
    blanks = read_distances(write("b.phy", "3\nAcer a 0 1 2\nAcer b 1 0 3\nIlex cc d 2 3 0\n"))
    assert blanks.ids == ("Acer a", "Acer b", "Ilex cc d")


def test_names_from_a_file(write):
    ids = write("ids.txt", "a\nb\nc\n")
    for text in (
        "0,1,2.5\n1,0,3\n2.5,3,0\n",
        "0 1 2.5\n1 0 3\n2.5 3 0\n",
        "V1\tV2\tV3\n0\t1\t2.5\n1\t0\t3\n2.5\t3\t0\n",
    ):
        notes = []
        found = read_distances(write("m.txt", text), notes, ids=ids)
        assert found.ids == ("a", "b", "c")
        np.testing.assert_allclose(found.data, WANTED)
        assert any("--ids" in note.message for note in notes)
    with pytest.raises(InputError, match="4 names, but the matrix has 3"):
        read_distances(write("m.txt", "0 1 2\n1 0 3\n2 3 0\n"), ids=write("i.txt", "a\nb\nc\nd\n"))


@pytest.mark.parametrize(
    ("top", "said"),
    [(1.0, "diagonal is 1,"), (100.0, "diagonal is 100,"), (0.9995, "similarities")],
)
def test_similarities_are_turned_round_and_said(write, top, said):
    values = top * (1 - WANTED / 4)
    rows = [
        ",".join([name, *map(repr, row.tolist())]) for name, row in zip("abc", values, strict=True)
    ]
    notes = []
    found = read_distances(write("m.csv", "\n".join([",a,b,c", *rows])), notes)
    np.testing.assert_allclose(found.data, top * WANTED / 4, atol=1e-12)
    assert any(said in note.message for note in notes)


def test_random_matrices_are_the_same_in_every_layout(write):
    rng = np.random.default_rng(5)
    for n in (4, 7, 13):
        names = [f"Genus_{chr(97 + k)}" for k in range(n)]
        half = np.tril(np.round(rng.uniform(1, 9, (n, n)), 4), -1)
        values = half + half.T
        lines = [[repr(float(v)) for v in row] for row in values]
        texts = {
            "square": "\n".join(
                [
                    ",".join(["", *names]),
                    *(",".join([a, *r]) for a, r in zip(names, lines, strict=True)),
                ]
            ),
            "wrapped": "\n".join(
                [
                    str(n),
                    *(
                        f"{a} {' '.join(r[:3])}\n  {' '.join(r[3:])}"
                        for a, r in zip(names, lines, strict=True)
                    ),
                ]
            ),
            "lower": "\n".join(
                [
                    str(n),
                    *(
                        f"{a} {' '.join(r[:k])}"
                        for k, (a, r) in enumerate(zip(names, lines, strict=True))
                    ),
                ]
            ),
            "upper": "\n".join(
                [
                    str(n),
                    *(
                        f"{a} {' '.join(r[k + 1 :])}"
                        for k, (a, r) in enumerate(zip(names, lines, strict=True))
                    ),
                ]
            ),
            "pairs": "\n".join(
                f"{names[j]}\t{names[i]}\t{lines[i][j]}" for i in range(n) for j in range(i)
            ),
        }
        for layout, text in texts.items():
            found = read_distances(write("m.txt", text)).filter(names)
            np.testing.assert_array_equal(found.data, values, err_msg=layout)
