"""No row is eaten by a stray quotation mark, and no row is shifted by a column."""

import csv
import io
import random

import pytest

from phylolens.errors import InputError
from phylolens.reading.cells import has_decimal_commas, to_number
from phylolens.reading.delimited import read_delimited, read_records

TABS = "id\tplace\tyear\n1\t%s\t1990\n2\tlow wood\t1991\n3\t%s\t1992\n"


def rows(text):
    return read_delimited(text, "table").rows


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ('"Big Rock" creek', '"Old" mill'),
        ('"Lower pond, east bank', "mill"),
        ('"Lower pond', 'west bank"'),  # a reader of quotes finds one value in three lines
        ('5" pipe', 'a "good" spot'),
        ('"whole"', '"not whole'),
    ],
)
def test_quotation_marks_in_a_tab_file_are_text(first, last):
    found = rows(TABS % (first, last))
    assert [row[1] for row in found] == [first, "low wood", last]


def test_a_properly_quoted_tab_file_loses_its_quotes():
    assert rows('"id"\t"place"\n"1"\t"the ""Rock"""\n') == [["1", 'the "Rock"']]
    assert rows('"id"\t"place"\n"1"\t"two\nlines"\n"2"\t"a\tb"\n') == [
        ["1", "two\nlines"],
        ["2", "a\tb"],
    ]


@pytest.mark.parametrize("separator", [",", ";"])
def test_stray_quotes_in_a_csv_eat_no_row(separator):
    lines = ["id,place,year", '1,"Lower pond,1990', "2,low wood,1991", '3,west bank",1992']
    text = "\n".join(lines).replace(",", separator)
    found = read_delimited(text, "table")
    assert [row[1] for row in found.rows] == ['"Lower pond', "low wood", 'west bank"']
    assert "lines 2" in found.notes[0] or "line 2" in found.notes[0]


def test_where_quotes_are_needed_a_stray_one_is_named_by_its_line():
    text = 'id,place,year\n1,"Big Rock, east",1990\n2,"low wood,1991\n3,mill,1992\n'
    with pytest.raises(InputError, match="line 3"):
        rows(text)
    swallowed = 'id,place,year,a\n1,"x, y",1,a\n2,"low,1991,a\n3,mill,1992,a\n4,end",1993,a\n'
    with pytest.raises(InputError, match="line 3"):
        rows(swallowed)


def test_line_breaks_within_quotes_are_kept():
    text = 'id,place\n1,"one, two\n\nthree"\n2,plain\n'
    found = read_delimited(text, "table")
    assert found.rows == [["1", "one, two\n\nthree"], ["2", "plain"]]
    assert found.lines == [2, 5]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\tb\tc\n1\t2\t3\n4\t5\n6\n7\t8\t9\n", ("line 3 (2 cells)", "line 4 (1 cells)")),
        ("a,b\n1,2\n1,2,3\n", ("line 3 (3 cells)",)),
        ("a,b\n1,2,3\n1,2,3\n", ("line 2", "line 3")),  # the first column repeats: no row names
        ("file,place\na.jpg,Bonn, west\nb.jpg,Bonn, east\n", ("line 2", "line 3")),
    ],
)
def test_short_and_long_rows_are_refused_by_line(text, named):
    with pytest.raises(InputError) as caught:
        rows(text)
    assert all(name in str(caught.value) for name in named)


def test_a_missing_corner_cell_is_seen():
    found = read_delimited('"f0","f1"\n"a.jpg",1,2\n"b.jpg",3,4\n', "table")
    assert found.header == ["", "f0", "f1"]
    assert "row names" in found.notes[0]
    for text in (
        "f0,f1\na.jpg,1,-2e3\nb.jpg,3,NA\n",
        "file,x\n1,a.jpg,k\n2,b.jpg,l\n",
        "a,b\na,0,x\nb,x,0\n",
    ):
        assert read_delimited(text, "table").header[0] == ""


def test_needless_separators_and_blank_rows_do_no_harm():
    assert rows("a,b,\n1,2,\n3,4\n") == [["1", "2"], ["3", "4"]]
    found = read_delimited("sep=;\na;b\n1;2\n;\n\n3;4;;\n", "table")
    assert (found.rows, found.lines) == ([["1", "2"], ["3", "4"]], [3, 6])


def test_one_column_and_quoted_separators_in_the_header():
    assert rows("file\nx.jpg\n") == [["x.jpg"]]
    assert read_delimited('"length, mm";b\n1;2\n', "table").header == ["length, mm", "b"]


def test_what_a_csv_writer_writes_is_read_back():
    chance = random.Random(7)
    alphabet = 'ab ,;"\t\n'
    for _ in range(400):
        width = chance.randint(2, 5)
        table = [[f"c{place}" for place in range(width)]]
        for number in range(chance.randint(1, 6)):
            cells = ["".join(chance.choices(alphabet, k=chance.randint(1, 6))) for _ in table[0]]
            table.append([f"r{number}", *cells[1:]])
        written = io.StringIO()
        csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
        try:
            found = read_records(written.getvalue(), "table").rows
        except InputError:
            continue  # lines that are rows by themselves are refused, never guessed
        assert found == table


def test_decimal_commas():
    assert has_decimal_commas(["x", "1,5", "2"], ";", "m")
    assert has_decimal_commas(["1,250", "2"], ";", "m")
    assert not has_decimal_commas(["1.5", "2"], ";", "m")
    assert not has_decimal_commas(["1,5"], ",", "m")
    with pytest.raises(InputError, match="thousands"):
        has_decimal_commas(["1,250", "2"], "\t", "m")
    with pytest.raises(InputError, match="decimal point"):
        has_decimal_commas(["1,25", "2.5"], ";", "m")
    assert to_number(" 1,5 ", decimal_comma=True) == 1.5
    assert to_number("-1e-3") == -0.001
    assert to_number("") != to_number("")
    for wrong in ("1_000", "1,5", "x"):
        with pytest.raises(ValueError, match=r"."):
            to_number(wrong)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_that_was_escaped_for_spreadsheets_is_as_named(separator):
    rows = [["'-dash.jpg", "'=A1", "-1.5"], ["'s.jpg", "''+x", "'2"]]
    text = "\n".join(separator.join(row) for row in [["file", "'@taxon", "x"], *rows])
    table = read_delimited(text, "t")
    assert table.header == ["file", "@taxon", "x"]
    assert table.rows == [["-dash.jpg", "=A1", "-1.5"], ["'s.jpg", "'+x", "'2"]]


@pytest.mark.parametrize("text", [",\n", ",,\n\t\n", ";\n;\n"])
def test_separators_alone_are_no_table(text):
    with pytest.raises(InputError, match="no value"):
        read_records(text, "table")
