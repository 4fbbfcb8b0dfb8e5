"""Delimited text (CSV, TSV): which cells stand in which row, with nothing lost to a stray quote.

Records are held against the physical lines of the file. A tab-separated export is mostly written
without quoting (GBIF), so that a quotation mark at the start of a locality is text; read as an
opening quote, it swallows every row up to the next one. Comma- and semicolon-separated files are
quoted (RFC 4180).
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from phylolens.errors import InputError
from phylolens.reading.cells import unescaped

SEPARATORS = "\t,;"
LARGEST_CELL = 1 << 24  # characters
WIDE = 4  # from so many columns on, a line of text has the width of a row by no accident
SHOWN_LINES = 5
_QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"')
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?")
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Records:
    """The rows of a delimited text, the first one included.

    Parameters
    ----------
    rows : list of list of str
        Cells as written, without their quotes and without the apostrophe that PhyloLens puts
        before text a spreadsheet would run; rows may differ in length.
    lines : list of int
        The line each row begins in, from 1.
    separator : str
        One of tab, comma and semicolon.
    notes : tuple of str
        What was decided in reading, one sentence each.
    """

    rows: list[list[str]]
    lines: list[int]
    separator: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delimited:
    """A delimited table: a header, and rows that all have its width.

    Parameters
    ----------
    header : list of str
        Column names, without surrounding space; the first is blank where the corner is missing.
    rows : list of list of str
    lines : list of int
        The line each row begins in, from 1.
    separator : str
    notes : tuple of str
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    separator: str
    notes: tuple[str, ...] = ()


def read_delimited(text: str, where: object) -> Delimited:
    r"""Read a table with a header.

    R's ``write.table`` names no column for its row names: a header one cell shorter than every
    row gets a blank first name. Blank cells beyond the header are left out.

    Parameters
    ----------
    text : str
        Lines end in ``\n``, as :func:`phylolens.reading.text.read_text` returns them.
    where : path or str
        For messages.

    Raises
    ------
    InputError
        If rows have another width than the header (their lines are named) or a quotation mark is
        never closed.
    """
    found = read_records(text, where)
    header, notes = [name.strip() for name in found.rows[0]], list(found.notes)
    rows, lines = found.rows[1:], found.lines[1:]
    header, rows = _fitted(header, rows)
    longer = bool(rows) and all(len(row) == len(header) + 1 for row in rows)
    if longer and _has_row_names(header, rows, text.split("\n"), lines):
        header = ["", *header]
        notes.append(
            "the header is one name short, as R's write.table leaves it: the first column holds "
            "row names"
        )
    wrong = [place for place, row in enumerate(rows) if len(row) != len(header)]
    if wrong:
        shown = [f"line {lines[place]} ({len(rows[place])} cells)" for place in wrong]
        raise InputError(
            f"the header has {len(header)} cells, but some rows have more or fewer.",
            where=where,
            ids=shown,
            hint="Look for a line break, a separator or a quotation mark within a value of these "
            "lines or of the lines before them.",
        )
    return Delimited(header, rows, lines, found.separator, tuple(notes))


def read_records(text: str, where: object) -> Records:
    """Read the rows of a delimited text, whatever their lengths; rows of blanks are left out.

    Raises
    ------
    InputError
        If there is no row, or quotation marks make it uncertain where rows end.
    """
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    separator = None
    if numbered and (told := _SEP_LINE.fullmatch(numbered[0][1])):
        separator, numbered = told.group(1), numbered[1:]
    if not numbered:
        raise InputError("the file is empty.", where=where)
    separator = separator or _separator(numbered[0][1])
    if '"' not in text:
        rows = [line.split(separator) for _, line in numbered]
        found = Records(rows, [number for number, _ in numbered], separator)
    elif separator == "\t":
        found = _tabbed(numbered, where)
    else:
        found = _quoted(numbered, text, separator, where)
    return _without_blank_rows(_as_named(found), where)


def _has_row_names(
    header: list[str], rows: list[list[str]], text: list[str], lines: list[int]
) -> bool:
    """Whether rows are one cell longer for their names, not for a separator within a value."""
    first = [row[0].strip() for row in rows]
    if len(set(first)) < len(first):
        return False
    quoted = all(text[line - 1].lstrip().startswith('"') for line in lines)
    numbered = first == [str(number) for number in range(1, len(rows) + 1)]
    beside = [cell.strip() for row in rows for cell in row[1:]]
    numeric = all(map(_is_number, beside)) and not any(map(_is_number, first))
    return quoted or numbered or numeric or set(first) == set(header)


def _is_number(cell: str) -> bool:
    return cell in ("", "NA", "NaN") or _NUMBER.fullmatch(cell) is not None


def _separator(header: str) -> str:
    bare = re.sub(r'"(?:[^"]|"")*"', "", header)
    return max(SEPARATORS, key=bare.count)


def _fitted(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Leave out columns without a name or value at the end: rows that end in a separator."""
    n = len(header)
    while n > 1 and not header[n - 1]:
        n -= 1
    beyond = [row for row in rows if len(row) > n]
    if not any(cell.strip() for row in beyond for cell in row[n:]):
        return header[:n], [row[:n] for row in rows]
    return header, rows


def _as_named(found: Records) -> Records:
    return replace(found, rows=[[unescaped(cell) for cell in row] for row in found.rows])


def _without_blank_rows(found: Records, where: object) -> Records:
    kept = [place for place, row in enumerate(found.rows) if any(cell.strip() for cell in row)]
    blank = len(found.rows) - len(kept)
    if not kept:
        raise InputError("the file holds separators, but no value.", where=where)
    if not blank:
        return found
    return replace(
        found,
        rows=[found.rows[place] for place in kept],
        lines=[found.lines[place] for place in kept],
        notes=(*found.notes, f"rows without any value are left out: {blank}"),
    )


def _tabbed(numbered: list[tuple[int, str]], where: object) -> Records:
    """Read a tab-separated text line by line; quotes count only if they are proper throughout."""
    lines = [number for number, _ in numbered]
    plain = [line.split("\t") for _, line in numbered]
    if _even(plain):
        stray = [line for line, row in zip(lines, plain, strict=True) if not all(map(_proper, row))]
        if not stray:
            return Records([[_bare(cell) for cell in row] for row in plain], lines, "\t")
        note = (
            f"quotation marks are read as text ({_named(stray)}): the file is separated by tabs "
            "and not quoted throughout"
        )
        return Records(plain, lines, "\t", (note,))
    found = _parsed(numbered, "\t")
    if found is not None and _even(found.rows) and not _swallowing(found, numbered):
        return found
    # The caller names the lines whose width is wrong.
    return Records(plain, lines, "\t")


def _quoted(numbered: list[tuple[int, str]], text: str, separator: str, where: object) -> Records:
    """Read a quoted text; where the quotes are not sound, its lines alone if these are even."""
    # Blank lines within quotes belong to their value.
    every = list(enumerate(text.split("\n"), 1))
    found = _parsed([one for one in every if one[0] >= numbered[0][0]], separator)
    swallowing = found is not None and _swallowing(found, numbered)
    if found is not None and not swallowing:
        return found
    plain = [line.split(separator) for _, line in numbered]
    stray = [
        number
        for (number, _), row in zip(numbered, plain, strict=True)
        if not all(map(_proper, row))
    ]
    if _even(plain):
        note = (
            f"quotation marks are read as text ({_named(stray)}): read as quotes they would join "
            "several lines into one"
        )
        return Records(plain, [number for number, _ in numbered], separator, (note,))
    raise InputError(
        "a quotation mark is opened and not properly closed.",
        where=where,
        ids=[f"line {number}" for number in swallowing or _unsound(numbered, separator)],
        hint="Remove the stray quotation mark, or write it twice within a quoted value.",
    )


def _parsed(numbered: Sequence[tuple[int, str]], separator: str) -> Records | None:
    """Parse with quotes; None where they are not sound."""
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader((f"{line}\n" for _, line in numbered), delimiter=separator, strict=True)
    rows, lines, start = [], [], 0
    spans = 0
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(numbered[start][0])
                spans += reader.line_num - start > 1
            start = reader.line_num
    except csv.Error:
        return None
    notes = (f"rows with line breaks within quoted values: {spans}",) if spans else ()
    return Records(rows, lines, separator, notes)


def _swallowing(found: Records, numbered: Sequence[tuple[int, str]]) -> list[int]:
    """First lines of rows that run over lines which are rows by themselves.

    A header all in quotes shows that the file is quoted throughout: its line breaks are meant.
    """
    width = len(found.rows[0])
    text = dict(numbered)
    head = numbered[0][1].split(found.separator)
    if _even(found.rows) and all(cell.strip().startswith('"') and _proper(cell) for cell in head):
        return []
    suspects = []
    ends = [*found.lines[1:], max(text) + 1]
    for start, end in zip(found.lines, ends, strict=True):
        inside = [text[number] for number in range(start, end) if number in text]
        if len(inside) < 2:
            continue
        whole = [_width(line, found.separator) == width for line in inside]
        if all(whole) or (width >= WIDE and any(whole[1:-1])):
            suspects.append(start)
    return suspects


def _width(line: str, separator: str) -> int:
    """Cells of one line, by its own quotes if they are sound."""
    alone = _parsed([(1, line)], separator)
    return len(alone.rows[0]) if alone and alone.rows else len(line.split(separator))


def _unsound(numbered: Sequence[tuple[int, str]], separator: str) -> list[int]:
    return [number for number, line in numbered if _parsed([(number, line)], separator) is None]


def _even(rows: list[list[str]]) -> bool:
    """Whether all rows have the width of the first, or all but the first one cell more."""
    widths = {len(row) for row in rows[1:]}
    n = len(rows[0])
    return n > 1 and widths in ({n}, {n + 1})


def _proper(cell: str) -> bool:
    bare = cell.strip()
    return not bare.startswith('"') or _QUOTED_CELL.fullmatch(bare) is not None


def _bare(cell: str) -> str:
    bare = cell.strip()
    if bare.startswith('"') and len(bare) > 1:
        return bare[1:-1].replace('""', '"')
    return cell


def _named(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:SHOWN_LINES]))
    more = f" and {len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else ""
    return f"line{'s' if len(lines) > 1 else ''} {shown}{more}"
