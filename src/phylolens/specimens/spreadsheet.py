"""Read the first sheet of an Excel workbook that holds a table."""

import datetime
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from phylolens.errors import InputError
from phylolens.reading.text import clear_errors

LARGEST = 1 << 30  # bytes a workbook may unpack to
MOST_CELLS = 50_000_000


def from_excel(path: Path) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Read a workbook as text: its frame, the names of its rows, and notes.

    Blank rows and columns before the header are passed over; whole numbers and dates are written
    as such.

    Raises
    ------
    InputError
        If it is damaged, unpacks to too much, or holds formulas whose values were never computed.
    """
    with clear_errors("an Excel workbook", path, "Save it again, or as 'CSV UTF-8'."):
        _require_size(path)
        from openpyxl import load_workbook

        # Read as a stream: the whole of a workbook in memory would need a hundred times its size.
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            return _first_table(path, book)
        finally:
            book.close()


def _require_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST:
        raise InputError(
            f"the workbook unpacks to {size / 1e9:.1f} GB; at most {LARGEST / 1e9:.1f} are read.",
            where=path,
            hint="Save the sheet as 'CSV UTF-8'.",
        )


def _first_table(path: Path, book: Any) -> tuple[pd.DataFrame, list[str], list[str]]:
    filled = []
    found: list[tuple[int, list[str | None]]] = []
    for sheet in book.worksheets:
        rows = list(_rows(sheet)) if not found else list(islice(_rows(sheet), 1))
        if rows:
            filled.append(sheet.title)
            found = found or rows
    if not found:
        raise InputError("the workbook has no values.", where=path)
    _require_values(path, filled[0])
    notes = []
    if len(filled) > 1:
        others = ", ".join(f"'{name}'" for name in filled[1:])
        notes.append(f"of the workbook, the sheet '{filled[0]}' is read, not {others}")
    width = max(len(cells) for _, cells in found)
    start = min(next(i for i, cell in enumerate(cells) if cell is not None) for _, cells in found)
    rows_of = [(number, (cells + [None] * (width - len(cells)))[start:]) for number, cells in found]
    header = ["" if cell is None else cell for cell in rows_of[0][1]]
    frame = pd.DataFrame([cells for _, cells in rows_of[1:]], dtype=object)
    if frame.empty:
        return pd.DataFrame(columns=header), [], notes
    return frame.set_axis(header, axis=1), [f"row {number}" for number, _ in rows_of[1:]], notes


def _rows(sheet: Any) -> Iterator[tuple[int, list[str | None]]]:
    """Rows with a value, by their number in the sheet; blank cells at the end left out."""
    sheet.reset_dimensions()  # some programs write a wrong one
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        text = [_text(value) for value in row]
        while text and text[-1] is None:
            text.pop()
        cells += len(text)
        if cells > MOST_CELLS:
            raise InputError(f"a sheet has more than {MOST_CELLS:,} cells.")
        if text:
            yield number, text


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time(0):
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip() or None


def _require_values(path: Path, title: str) -> None:
    """Refuse formulas without a stored value: they would read as blanks."""
    from openpyxl import load_workbook

    formulas = load_workbook(path, read_only=True, data_only=False)
    values = load_workbook(path, read_only=True, data_only=True)
    try:
        pairs = zip(
            formulas[title].iter_rows(values_only=True),
            values[title].iter_rows(values_only=True),
            strict=False,
        )
        lacking = [
            f"row {number}"
            for number, (written, stored) in enumerate(pairs, start=1)
            for one, value in zip(written, stored, strict=False)
            if value is None and isinstance(one, str) and one.startswith("=")
        ]
    finally:
        formulas.close()
        values.close()
    if lacking:
        raise InputError(
            "cells with formulas whose values are not stored in the file.",
            where=path,
            ids=list(dict.fromkeys(lacking)),
            hint="Open and save it in a spreadsheet, or save it as 'CSV UTF-8'.",
        )
