"""Read a metadata table: CSV, TSV or parquet; UTF-8; blanks are unknown."""

from pathlib import Path

import pandas as pd

from phylolens.errors import InputError

BLANKS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")
FILE_COLUMNS = ("file", "file_name", "filename", "filepath", "file_path", "path", "image")


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of strings, blanks missing, white space around values removed.

    Raises
    ------
    InputError
        If the file is absent, empty, not UTF-8, or not a table.
    """
    if not path.is_file():
        raise InputError("no such file.", where=path, hint="Give an existing table to --meta.")
    if path.suffix.lower() in (".parquet", ".pq"):
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise InputError(f"not a readable parquet file ({error}).", where=path) from error
    else:
        table = _read_text(path)
    table.columns = [str(name).strip() for name in table.columns]
    repeated = table.columns[table.columns.duplicated()].tolist()
    if repeated:
        raise InputError("column names must be unique.", where=path, ids=repeated)
    if table.empty:
        raise InputError("the table has no rows.", where=path)
    table = table.astype("string").apply(lambda column: column.str.strip())
    return table.mask(table.isin(BLANKS)).astype(object).where(lambda t: t.notna(), None)


def _read_text(path: Path) -> pd.DataFrame:
    try:
        header = path.read_text(encoding="utf-8-sig").partition("\n")[0]
    except UnicodeDecodeError as error:
        raise InputError(
            f"the table is not UTF-8 (byte {error.object[error.start]:#04x} at {error.start}).",
            where=path,
            hint="Save it again as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
        ) from error
    separator = max("\t,;", key=header.count)
    try:
        return pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"not a readable table ({error}).", where=path) from error


def name_file_column(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Find the column of image files and call it ``file``.

    Raises
    ------
    InputError
        If there is none, a cell is blank, or a file is named twice.
    """
    lower = {str(name).lower(): name for name in table.columns}
    found = next((lower[name] for name in FILE_COLUMNS if name in lower), None)
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
    repeated = table["file"][table["file"].duplicated()].unique()
    if len(repeated):
        raise InputError("files named in more than one row.", where=path, ids=list(repeated))
    return table
