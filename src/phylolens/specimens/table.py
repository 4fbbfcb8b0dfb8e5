"""Read a table of any usual kind as text: CSV, TSV, Excel, parquet, feather, JSON lines."""

import datetime
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from phylolens.errors import InputError, Problem, some
from phylolens.rank_names import standard_name
from phylolens.reading.arrow import read_feather, read_parquet
from phylolens.reading.delimited import read_delimited
from phylolens.reading.text import clear_errors, read_text, require_regular
from phylolens.specimens.spreadsheet import from_excel

Found = tuple[pd.DataFrame, list[str], list[str]]


def from_parquet(path: Path) -> Found:
    """Read a parquet file; see :func:`from_arrow`."""
    return from_arrow(read_parquet(path))


def from_arrow_file(path: Path) -> Found:
    """Read a feather or Arrow file; see :func:`from_arrow`."""
    return from_arrow(read_feather(path))


def from_arrow(table: Any) -> Found:
    """Turn an Arrow table into text; columns of bytes, lists and structures are left out."""
    import pyarrow as pa

    kept, left_out = {}, []
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_nested(kind) or _is_bytes(kind):
            left_out.append(name)
        else:
            kept[name] = [as_text(value) for value in column.to_pylist()]
    notes = []
    if left_out:
        notes.append(f"columns of bytes, lists or structures are no labels: {some(left_out)}")
    frame = pd.DataFrame(kept, index=range(table.num_rows), dtype=object)
    return frame, [f"row {number + 1}" for number in range(table.num_rows)], notes


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def from_json_lines(path: Path) -> Found:
    """Read one JSON object a line, as Hugging Face writes ``metadata.jsonl``."""
    text = read_text(path, "Give an existing table to --meta.")
    rows, records = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        records.append(_record(line, path, f"line {number}"))
        rows.append(f"row {number}")
    frame, notes = _framed(records)
    return frame, rows, notes


def from_json(path: Path) -> Found:
    """Read a list of JSON objects."""
    with clear_errors("JSON", path):
        found = json.loads(read_text(path, "Give an existing table to --meta."))
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InputError(
            "not a list of records, one a row.",
            where=path,
            hint="Write one JSON object a line (.jsonl), or a table as CSV.",
        )
    frame, notes = _framed(found)
    return frame, [f"record {number + 1}" for number in range(len(found))], notes


def _record(line: str, path: Path, where: str) -> dict[str, Any]:
    with clear_errors("JSON", f"{path}, {where}"):
        found = json.loads(line)
    if not isinstance(found, dict):
        raise InputError("not a JSON object.", where=f"{path}, {where}")
    return found


def _framed(records: list[dict[str, Any]]) -> tuple[pd.DataFrame, list[str]]:
    names = list(dict.fromkeys(name for record in records for name in record))
    nested = [
        name for name in names if any(isinstance(one.get(name), dict | list) for one in records)
    ]
    kept = {
        name: [as_text(one.get(name)) for one in records] for name in names if name not in nested
    }
    notes = [f"lists and structures are no labels: {some(nested)}"] if nested else []
    return pd.DataFrame(kept, index=range(len(records)), dtype=object), notes


def as_text(value: object) -> str | None:
    """Write a value as text; whole floats without a point, nothing for missing ones.

    Examples
    --------
    >>> as_text(12.0), as_text(float("nan")), as_text(True)
    ('12', None, 'true')
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip() or None


READERS: Mapping[str, Callable[[Path], "tuple[pd.DataFrame, list[str], list[str]]"]] = {
    ".parquet": from_parquet,
    ".pq": from_parquet,
    ".feather": from_arrow_file,
    ".arrow": from_arrow_file,
    ".xlsx": from_excel,
    ".xlsm": from_excel,
    ".jsonl": from_json_lines,
    ".ndjson": from_json_lines,
    ".json": from_json,
}


# What is not read, and what to do instead.
REFUSED = {
    ".xls": "Save it as .xlsx or 'CSV UTF-8' in a spreadsheet.",
    ".ods": "Save it as .xlsx or 'CSV UTF-8' in a spreadsheet.",
    ".numbers": "Export it as CSV.",
    ".zip": "Unpack it and give the table within (of a Darwin Core archive: occurrence.txt).",
    ".gz": "Unpack it first.",
    ".bz2": "Unpack it first.",
    ".xz": "Unpack it first.",
    ".7z": "Unpack it and give the table within.",
    ".rds": "Write it from R with write.csv(x, 'meta.csv', row.names = FALSE).",
    ".rda": "Write it from R with write.csv(x, 'meta.csv', row.names = FALSE).",
    ".rdata": "Write it from R with write.csv(x, 'meta.csv', row.names = FALSE).",
    ".pkl": "Write it with pandas: table.to_csv('meta.csv', index=False). Pickles may run code.",
    ".pickle": "Write it with pandas: table.to_csv('meta.csv', index=False). Pickles may run code.",
    ".sqlite": "Export the table as CSV.",
    ".db": "Export the table as CSV.",
    ".mdb": "Export the table as CSV.",
    ".dbf": "Export the table as CSV.",
    ".h5": "Export the table as CSV.",
    ".pdf": "Export the table as CSV.",
    ".docx": "Copy the table into a spreadsheet and save it as CSV.",
}
KINDS = "CSV, TSV, TXT, XLSX, parquet, feather, JSON lines"


@dataclass(frozen=True)
class Table:
    """A table as written.

    Parameters
    ----------
    frame : DataFrame
        Text, without space around it; None where a cell is empty. Column names are those of the
        file.
    rows : list of str
        What each row is called in messages: ``row 7``, by its line or spreadsheet row.
    notes : tuple of Problem
    """

    frame: pd.DataFrame
    rows: list[str]
    notes: tuple[Problem, ...] = ()


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of text, empty cells missing, standard ranks in lower case.

    See :func:`load_table`.
    """
    return load_table(path).frame.rename(columns=standard_name)


def load_table(path: Path) -> Table:
    """Read a table, with the names of its rows and notes on what was decided.

    Raises
    ------
    InputError
        If the file is absent, empty, damaged, of a kind that is not read, or not a table.
    """
    require_regular(path, "Give an existing table to --meta.")
    ending = path.suffix.lower()
    if ending in REFUSED:
        raise InputError(
            f"tables are read as {KINDS}; got '{ending}'.", where=path, hint=REFUSED[ending]
        )
    frame, rows, said = READERS.get(ending, _from_text)(path)
    frame = frame.astype(object).where(frame.notna(), None)  # pandas may write NaN for None
    frame.columns = [str(name).strip() for name in frame.columns]
    notes = [Problem("table", "note", text) for text in said]
    frame, found = _without_nameless(frame, path)
    notes += found
    _require_unique_columns(list(frame.columns), path)
    if frame.empty or not len(frame.columns):
        raise InputError("the table has no rows.", where=path)
    return Table(frame, rows, tuple(notes))


def _from_text(path: Path) -> tuple[pd.DataFrame, list[str], list[str]]:
    found = read_delimited(read_text(path, "Give an existing table to --meta."), path)
    cells = {
        place: [_stripped(row[place]) for row in found.rows] for place in range(len(found.header))
    }
    frame = pd.DataFrame(cells, dtype=object).set_axis(found.header, axis=1)
    return frame, [f"row {line}" for line in found.lines], list(found.notes)


def _stripped(cell: str) -> str | None:
    return cell.strip() or None


def _without_nameless(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Leave out columns without a name: row names, or blanks beyond the table."""
    blank = [place for place, name in enumerate(frame.columns) if _is_nameless(name)]
    if not blank:
        return frame, []
    odd = [
        f"column {place + 1}"
        for place in blank
        if place and frame.iloc[:, place].notna().any() and not _is_index(frame.columns[place])
    ]
    if odd:
        raise InputError(
            "columns with values but without a name.",
            where=path,
            ids=odd,
            hint="Name every column in the first row.",
        )
    named = [place for place in range(frame.shape[1]) if place not in blank]
    problems = []
    if 0 in blank and frame.iloc[:, 0].notna().any():
        problems.append(Problem("table", "note", "the first column, without a name, is not used"))
    return frame.iloc[:, named], problems


def _is_nameless(name: str) -> bool:
    return not name or name.startswith("Unnamed: ") or _is_index(name)


def _is_index(name: str) -> bool:
    return name.startswith("__index_level_")


def _require_unique_columns(columns: Sequence[str], path: Path) -> None:
    names = [name.strip() for name in columns if name.strip()]
    counts = Counter(name.casefold() for name in names)
    repeated = [name for name in names if counts[name.casefold()] > 1]
    if repeated:
        raise InputError(
            "column names must be unique.",
            where=path,
            ids=repeated,
            hint="Upper and lower case make no difference.",
        )
