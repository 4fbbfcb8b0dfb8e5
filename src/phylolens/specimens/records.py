"""Read tables of typed records as text: parquet, feather, JSON lines."""

import datetime
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from phylolens.errors import InputError, some
from phylolens.reading.arrow import read_feather, read_parquet
from phylolens.reading.text import clear_errors, read_text

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
