"""CSV cells that no spreadsheet runs, and numbers with a decimal point or comma.

A name such as ``=HYPERLINK(...)`` or ``-2+3`` in a table is a formula to Excel, LibreOffice and
Google Sheets, and a formula may open files and web pages. An apostrophe before it makes it text.
:func:`unescaped` takes exactly that apostrophe away, so what was written is what is read.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from phylolens.errors import InputError
from phylolens.reading.text import clear_errors, require_regular

MARK = "'"
FORMULA = frozenset(
    "=+-@＝＋－＠﹦﹢﹣﹫"
)  # also full-width and small forms: some programs fold them
BREAKS = frozenset("\t\r\n")  # a cell that begins so may be split, and its rest stand first
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
INVISIBLE = frozenset({"Cc", "Cf"})  # control and format characters
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(?:,\d{3})+\s*")
_DECIMAL_POINT = re.compile(r"\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*")


def escaped(cell: str) -> str:
    """Put an apostrophe before text that a spreadsheet may run as a formula.

    That is text which begins with ``=``, ``+``, ``-`` or ``@``, also after blanks or invisible
    characters, or with a tab or line break; plain numbers such as ``-1.2e-5`` stay as they are.
    Apostrophes in front do not count, so escaped text is escaped once more and nothing is lost.
    """
    return MARK + cell if _looks_run(cell) else cell


def unescaped(cell: str) -> str:
    """Take away the apostrophe that :func:`escaped` put there; other text stays as it is."""
    return cell[1:] if cell.startswith(MARK) and _looks_run(cell) else cell


def _looks_run(cell: str) -> bool:
    text = cell.lstrip(MARK)
    if not text or NUMBER.fullmatch(text.strip()):
        return False
    return text[0] in BREAKS or _first_visible(text) in FORMULA


def _first_visible(text: str) -> str:
    for character in text:
        if not (character.isspace() or unicodedata.category(character) in INVISIBLE):
            return character
    return ""


def escaped_table(table: pd.DataFrame) -> pd.DataFrame:
    """Escape all text of a table, its headers and its index."""
    return _each_text(table, lambda value: escaped(value if isinstance(value, str) else str(value)))


def unescaped_table(table: pd.DataFrame) -> pd.DataFrame:
    """Undo :func:`escaped_table`."""
    return _each_text(table, lambda value: unescaped(value) if isinstance(value, str) else value)


def _each_text(table: pd.DataFrame, change: Callable[[Any], Any]) -> pd.DataFrame:
    """Change what is neither number, truth value, time nor missing."""

    def changed(value: Any) -> Any:
        return value if pd.api.types.is_number(value) or _is_blank(value) else change(value)

    found = table.copy(deep=False)
    for place, kind in enumerate(table.dtypes):
        if not _holds_no_text(kind):
            values = [changed(value) for value in table.iloc[:, place]]
            found.isetitem(place, pd.Series(values, index=table.index, dtype=_kept(kind)))
    found.columns = _changed_axis(table.columns, changed)
    found.index = _changed_axis(table.index, changed)
    return found


def _kept(kind: Any) -> Any:
    return kind if isinstance(kind, pd.StringDtype) else object  # no category may be new


def _is_blank(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _holds_no_text(kind: Any) -> bool:
    types = pd.api.types
    return types.is_numeric_dtype(kind) or types.is_datetime64_any_dtype(kind)


def _changed_axis(axis: pd.Index, changed: Callable[[Any], Any]) -> pd.Index:
    names = [changed(name) for name in axis.names]
    if isinstance(axis, pd.MultiIndex):
        tuples = [tuple(map(changed, entry)) for entry in axis]
        return pd.MultiIndex.from_tuples(tuples, names=names)
    if _holds_no_text(axis.dtype):
        return axis.rename(names[0])
    return pd.Index([changed(entry) for entry in axis], dtype=_kept(axis.dtype), name=names[0])


def read_csv(
    path: Path, *, hint: str = "Run the command again that wrote it.", **options: Any
) -> pd.DataFrame:
    """Read a CSV that PhyloLens wrote, as it was before it was escaped.

    Parameters
    ----------
    path : Path
        The file.
    hint : str
        What to do if it cannot be read.
    **options
        For :func:`pandas.read_csv`.

    Raises
    ------
    InputError
        If the file is absent, no regular file, or no table.
    """
    require_regular(path, hint)
    with clear_errors("a CSV table", path, hint):
        return unescaped_table(pd.read_csv(path, **options))


def has_decimal_commas(cells: Iterable[str], separator: str, where: object) -> bool:
    """Say whether the numbers among ``cells`` are written with a decimal comma.

    Raises
    ------
    InputError
        If points and commas are mixed, or commas may just as well divide thousands.
    """
    if separator == ",":
        return False
    commas: list[str] = []
    point = ""
    for cell in cells:
        if "," in cell and _DECIMAL_COMMA.fullmatch(cell):
            commas.append(cell)
        elif not point and "." in cell and _DECIMAL_POINT.fullmatch(cell):
            point = cell
    if not commas:
        return False
    if point:
        raise InputError(
            f"numbers with a decimal comma ('{commas[0]}') and with a decimal point ('{point}').",
            where=where,
            hint="Write all numbers alike, with a decimal point and nothing between thousands.",
        )
    if separator == "\t" and all(map(_THOUSANDS.fullmatch, commas)):
        raise InputError(
            f"'{commas[0]}' may have a decimal comma or a comma between thousands.",
            where=where,
            hint="Write numbers with a decimal point and nothing between thousands.",
        )
    return True


def to_number(cell: str, *, decimal_comma: bool = False) -> float:
    """Turn a cell into a number; a blank one is NaN.

    Raises
    ------
    ValueError
        If it is no number.
    """
    bare = cell.strip()
    if not bare:
        return float("nan")
    if "_" in bare:  # Python would read 1_000
        raise ValueError(f"'{cell}' is no number")
    return float(bare.replace(",", ".") if decimal_comma else bare)
