"""Columns of a feature file: parquet, feather, CSV and TSV, whoever wrote it."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.embedding.feature_columns import INDEX, Columns
from phylolens.errors import InputError
from phylolens.reading.arrow import read_feather, read_parquet
from phylolens.reading.cells import has_decimal_commas, to_number
from phylolens.reading.delimited import Delimited, read_delimited
from phylolens.reading.text import clear_errors, read_text
from phylolens.specimens.table import as_text

MANY_BYTES = 100 << 20  # a larger CSV is read by pandas, its beginning shows the layout
BEGINNING = 1 << 20  # characters
MOSTLY = 0.5


def parquet_columns(path: Path) -> tuple[Columns, dict[bytes, bytes], list[str]]:
    """Read a parquet file: its columns, its metadata, and notes."""
    return _of_arrow(read_parquet(path), path)


def feather_columns(path: Path) -> tuple[Columns, dict[bytes, bytes], list[str]]:
    """Read a feather or Arrow file likewise."""
    return _of_arrow(read_feather(path), path)


def _of_arrow(table: Any, path: Path) -> tuple[Columns, dict[bytes, bytes], list[str]]:
    with clear_errors("a table of features", path):
        return _arrow_columns(table, path), dict(table.schema.metadata or {}), []


def _arrow_columns(table: Any, path: Path) -> Columns:
    import pyarrow as pa

    types = pa.types
    text: dict[str, list[str | None]] = {}
    numbers: dict[str, np.ndarray] = {}
    vectors: dict[str, np.ndarray] = {}
    if len(set(table.column_names)) < len(table.column_names):
        raise InputError("column names must be unique.", where=path)
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        kind = kind.value_type if types.is_dictionary(kind) else kind
        if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
            if _is_number(kind.value_type):
                vectors[name] = _stacked(column, name, path)
        elif _is_number(kind):
            numbers[name] = _floats(column)
        elif types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind):
            text[name] = [as_text(value) for value in column.to_pylist()]
    order = [name for name in table.column_names if name in (*text, *numbers)]
    return Columns(text, numbers, vectors, order, _index_of(table, order))


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _floats(column: Any) -> np.ndarray:
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _stacked(column: Any, name: str, path: Path) -> np.ndarray:
    """Return a column of lists as a matrix; all must be of one length."""
    import pyarrow as pa

    arrays = [
        chunk.flatten().cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        for chunk in column.chunks
    ]
    lengths = {len(value) for value in column.to_pylist() if value is not None}
    if column.null_count or len(lengths) != 1 or not lengths - {0}:
        raise InputError(
            f"the lists of column '{name}' are not all of one length.",
            where=path,
            hint="Each row needs as many numbers as the others.",
        )
    return np.concatenate(arrays).reshape(len(column), lengths.pop())


def _index_of(table: Any, order: Sequence[str]) -> str:
    """Name the column that pandas kept its index in."""
    if INDEX in order:
        return INDEX
    told = (table.schema.metadata or {}).get(b"pandas")
    if not told:
        return ""
    try:
        found = json.loads(told)["index_columns"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""  # another program's metadata
    named = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    return named[0] if len(named) == 1 and named[0] in order else ""


def text_columns(path: Path) -> tuple[Columns, dict[bytes, bytes], list[str]]:
    """Read a CSV or TSV file: the first column holds ids, as written."""
    with clear_errors("a table of features", path):
        if path.stat().st_size > MANY_BYTES:
            found = _large(path)
        else:
            found = read_delimited(read_text(path, "Give an existing file to --features."), path)
        text, numbers = {}, {}
        for place, name in enumerate(_unique(found.header, path)):
            cells = [row[place].strip() for row in found.rows]
            values = None if place == 0 else _numeric(cells, name, found, path)
            if values is None:
                text[name] = [cell or None for cell in cells]
            else:
                numbers[name] = values
        return Columns(text, numbers, {}, list(dict.fromkeys(found.header))), {}, list(found.notes)


def _unique(header: Sequence[str], path: Path) -> Sequence[str]:
    if len(set(header)) < len(header):
        repeated = sorted({name for name in header if header.count(name) > 1})
        raise InputError("column names must be unique.", where=path, ids=repeated)
    return header


def _numeric(cells: list[str], name: str, found: Delimited, path: Path) -> np.ndarray | None:
    """Turn cells into numbers; None for a column of text."""
    comma = has_decimal_commas(cells, found.separator, path)
    values, wrong = [], []
    for row, cell in enumerate(cells):
        try:
            values.append(np.nan if cell == "NA" else to_number(cell, decimal_comma=comma))
        except ValueError:
            wrong.append(row)
            values.append(np.nan)
    if not wrong:
        return np.array(values)
    if len(wrong) > MOSTLY * len(cells):
        return None
    raise InputError(
        f"'{cells[wrong[0]]}' in column '{name}' is no number.",
        where=path,
        ids=[f"line {found.lines[row]}" for row in wrong],
        hint="Decimals need a point (or a comma where semicolons separate).",
    )


def _large(path: Path) -> Delimited:
    """Read a large file with pandas; its first lines show the layout."""
    with path.open(encoding="utf-8-sig") as stream:
        beginning = stream.read(BEGINNING)
        head = read_delimited(beginning[: beginning.rindex("\n") + 1], path)
        stream.seek(0)
        n_lines = sum(1 for line in stream if line.strip())
    frame = pd.read_csv(
        path,
        sep=head.separator,
        header=None,
        skiprows=1,
        names=head.header,
        index_col=False,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        quoting=csv.QUOTE_MINIMAL,
        na_filter=False,
    )
    if len(frame) != n_lines - 1:
        raise InputError(
            f"{len(frame)} rows were read of {n_lines - 1} lines; a quotation mark may be stray.",
            where=path,
        )
    rows = frame.to_numpy(dtype=object).tolist()
    return Delimited(head.header, rows, list(range(2, len(rows) + 2)), head.separator, head.notes)
