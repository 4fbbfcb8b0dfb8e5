"""Read a metadata table: CSV, TSV or parquet; UTF-8; blanks are unknown."""

import csv
import io
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError, require_file
from phylolens.taxonomy import standard_name

BLANKS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")
FILE_COLUMNS = ("file", "file_name", "filename", "filepath", "file_path", "path", "image")


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of strings, blanks missing, white space around values removed.

    Raises
    ------
    InputError
        If the file is absent, empty, not UTF-8, or not a table.
    """
    require_file(path, "Give an existing table to --meta.")
    if path.suffix.lower() in (".parquet", ".pq"):
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise InputError(f"not a readable parquet file ({error}).", where=path) from error
    else:
        table = _read_text(path)
    table.columns = [standard_name(str(name).strip()) for name in table.columns]
    _require_unique_columns(list(table.columns), path)
    if table.empty:
        raise InputError("the table has no rows.", where=path)
    table = table.astype("string").apply(lambda column: column.str.strip())
    return table.mask(table.isin(BLANKS)).astype(object).where(lambda t: t.notna(), None)


def _read_text(path: Path) -> pd.DataFrame:
    try:
        text = path.read_text(encoding="utf-8-sig").lstrip("\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the table is not UTF-8 (byte {error.object[error.start]:#04x} at {error.start}).",
            where=path,
            hint="Save it again as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
        ) from error
    if not text.strip():
        raise InputError("the table is empty.", where=path)
    if "\0" in text:
        raise InputError("not a text table: it holds NUL bytes.", where=path)
    bare_header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    separator = max("\t,;", key=bare_header.count)
    # pandas would rename a repeated column in silence.
    _require_unique_columns(next(csv.reader(io.StringIO(text), delimiter=separator)), path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Without index_col=False, rows longer than the header would shift every column.
            return pd.read_csv(
                io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False
            )
    except pd.errors.ParserWarning as error:
        raise InputError(
            "rows hold more cells than the header has names.",
            where=path,
            hint="Quote values that contain the separator, and end no row with one.",
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(
            f"not a readable table ({str(error).strip()}).",
            where=path,
            hint="Every row needs as many cells as the header; quote values that hold a separator.",
        ) from error


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


def name_file_column(table: pd.DataFrame, path: Path, *, needed: bool = True) -> pd.DataFrame:
    """Find the column of image files and call it ``file``; number the rows if none is needed.

    Raises
    ------
    InputError
        If there is none, a cell is blank, or a file is named twice.
    """
    lower = {str(name).lower(): name for name in table.columns}
    found = next((lower[name] for name in FILE_COLUMNS if name in lower), None)
    if found is None and not needed:
        return table.assign(file=[f"row {row + 2}" for row in range(len(table))])
    if found is None:
        raise InputError(
            f"no column of image files; columns: {', '.join(table.columns)}.",
            where=path,
            hint=f"Name that column 'file' (also understood: {', '.join(FILE_COLUMNS[1:])}).",
        )
    table = table.rename(columns={found: "file"})
    blank = table.index[table["file"].isna()]
    if len(blank):
        rows = [f"row {row + 2}" for row in blank]
        raise InputError("rows without a file name.", where=path, ids=rows)
    table["file"] = table["file"].str.replace("\\", "/")  # Windows paths name the same files
    repeated = table["file"][table["file"].duplicated()].unique()
    if len(repeated):
        raise InputError("files named in more than one row.", where=path, ids=list(repeated))
    return table
