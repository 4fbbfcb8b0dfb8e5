"""Read a table of any usual kind as text: CSV, TSV, Excel, parquet, feather, JSON lines."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.rank_names import standard_name
from phylolens.reading.delimited import read_delimited
from phylolens.reading.text import read_text, require_regular
from phylolens.specimens.records import from_arrow_file, from_json, from_json_lines, from_parquet
from phylolens.specimens.spreadsheet import from_excel

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
