"""No spreadsheet runs what stands in a CSV, and what was written is what is read."""

import csv
import random

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.reading.cells import escaped, read_csv, unescaped
from phylolens.writing import append_csv, write_csv

FORMULAS = [
    '=HYPERLINK("http://x","y")',
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "-dash.jpg",
    "=x.jpg",
    "-",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b@A1",
    "\t=1+1",
    "\tcmd",
    "\rcmd",
    "\ncmd",
    "＝1+1",
    "－2+3",
    "＠SUM(1)",
    "-1,5",
    "+49 30 1234",
]
HARMLESS = [
    "",
    "0",
    "-1",
    "-1.2e-5",
    "+5",
    "-.5",
    " -3 ",
    "Homo sapiens",
    "a=b",
    "x-y",
    "'",
    "'s",
    "O'Brien",
]
ODD = "=+-@＝＋'\t\r\n \u00a0\ufeff0159.eE,;\"|xé"


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_escaped(text):
    assert escaped(text) == "'" + text
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_names_stay(text):
    assert escaped(text) == text == unescaped(text)


def test_escaped_text_is_escaped_once_more():
    assert escaped("'=1") == "''=1"
    assert unescaped("''=1") == "'=1"
    assert unescaped("'-1.5") == "'-1.5"  # nobody escaped it


def random_texts(seed, n):
    draw = random.Random(seed)
    return ["".join(draw.choices(ODD, k=draw.randint(0, 6))) for _ in range(n)]


def test_any_text_comes_back():
    for text in random_texts(1, 20_000):
        assert unescaped(escaped(text)) == text
        assert escaped(text) in (text, "'" + text)


def test_any_table_comes_back(tmp_path):
    texts = [text for text in random_texts(2, 3_000) if text]
    table = pd.DataFrame({"name": texts, "x": np.arange(len(texts)) - 5.0})
    write_csv(tmp_path / "a.csv", table)
    back = read_csv(tmp_path / "a.csv", dtype={"name": str}, keep_default_na=False)
    assert list(back["name"]) == texts
    np.testing.assert_array_equal(back["x"], table["x"])


def test_headers_and_index_too(tmp_path):
    names = ["-a", "=b", "'=c", "d"]
    matrix = pd.DataFrame(-np.eye(4), names, names).rename_axis("@taxon")
    write_csv(tmp_path / "a.csv", matrix, index=True)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["'@taxon", "'-a", "'=b", "''=c", "d"]
    assert [row[0] for row in rows[1:]] == ["'-a", "'=b", "''=c", "d"]
    assert rows[1][1] == "-1"
    pd.testing.assert_frame_equal(
        read_csv(tmp_path / "a.csv", index_col=0).astype(float),
        matrix,
        check_index_type=False,
        check_column_type=False,
    )


def test_every_kind_of_text_column_is_escaped(tmp_path):
    for kind in (object, "str", "string", "category"):
        table = pd.DataFrame({"name": pd.Series(["=a", "b", None], dtype=kind)})
        write_csv(tmp_path / "a.csv", table)
        assert (tmp_path / "a.csv").read_text() == 'name\n\'=a\nb\n""\n', kind


def test_mixed_columns_keep_numbers_and_truth_values(tmp_path):
    table = pd.DataFrame({"x": [-1, -0.25, True, "-2+3", None], "y": [True, False] * 2 + [True]})
    write_csv(tmp_path / "a.csv", table)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "x,y", "-1,True", "-0.25,False", "True,True", "'-2+3,False", ",True",
    ]  # fmt: skip


def test_rows_added_later_are_escaped(tmp_path):
    for text in ("a", "=b"):
        append_csv(tmp_path / "a.csv", pd.DataFrame({"name": [text]}))
    assert (tmp_path / "a.csv").read_text() == "name\na\n'=b\n"


def test_two_columns_of_one_name_stay_two(tmp_path):
    write_csv(tmp_path / "a.csv", pd.DataFrame([["=1", "b"]], columns=["x", "x"]))
    assert (tmp_path / "a.csv").read_text() == "x,x\n'=1,b\n"


def test_no_table_is_one_message(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a CSV table"):
        read_csv(tmp_path / "a.csv")
    with pytest.raises(InputError, match="no such file"):
        read_csv(tmp_path / "none.csv")
