"""Files appear whole or not at all, and the same values always give the same bytes."""

import csv
import errno
import json
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.reading.cells import escaped, escaped_table, read_csv, unescaped
from phylolens.reading.text import system_fault

__all__ = [
    "append_csv",
    "escaped",
    "plain",
    "read_csv",
    "replacing",
    "sweep",
    "to_json",
    "unescaped",
    "write_csv",
    "write_json",
    "write_text",
]

JSON_DIGITS = 12  # significant digits: below this, sums may differ by the order of threads


# What a user can mend; other faults (of a network, say) are left to the caller.
MENDABLE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ENAMETOOLONG,
)
NAME_PART = 80  # characters of a file's name that its temporary one keeps
_TEMPORARY = re.compile(r"\..*\.(\d+)\.[0-9a-f]{8}\.part")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and rename it there when the block succeeds.

    The temporary file is new, so that two processes cannot write into one; it is removed if the
    block fails.

    Raises
    ------
    InputError
        If the disk is full or the folder cannot be written to.
    """
    token = secrets.token_hex(4)
    temporary = path.with_name(f".{path.name[:NAME_PART]}.{os.getpid()}.{token}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in MENDABLE:
            raise
        raise InputError(f"cannot be written: {system_fault(error)}.", where=path) from error


def sweep(folder: Path) -> None:
    """Remove temporary files that processes no longer alive left below a folder."""
    for path in folder.rglob(".*.part"):
        found = _TEMPORARY.fullmatch(path.name)
        if found and not _is_alive(int(found.group(1))):
            with suppress(OSError):
                path.unlink()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def plain(value: Any) -> Any:
    """Turn arrays, numpy scalars, paths, dataclasses and mappings into what JSON knows.

    NaN becomes null.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return float(f"{number:.{JSON_DIGITS}g}") if math.isfinite(number) else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return value if isinstance(value, str) else str(value)


def to_json(value: Any) -> str:
    """Return ``value`` as indented JSON."""
    return json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, numbers to 12 significant digits."""
    write_text(path, to_json(value))


def write_csv(path: Path, table: pd.DataFrame, *, index: bool = False) -> None:
    """Write ``table`` as comma-separated UTF-8, numbers to 9 significant digits.

    Text that a spreadsheet would run as a formula is escaped
    (:func:`~phylolens.reading.cells.escaped`); :func:`~phylolens.reading.cells.read_csv` undoes it.
    """
    with replacing(path) as temporary:
        append_csv(temporary, table, index=index)


def append_csv(path: Path, table: pd.DataFrame, *, index: bool = False) -> None:
    """Add rows to a CSV that is being written; headers come first if it is new."""
    safe = escaped_table(table)
    safe.to_csv(
        path,
        mode="a",
        index=index,
        header=not path.exists() or not path.stat().st_size,
        float_format="%.9g",
        lineterminator="\n",
        encoding="utf-8",
        quoting=csv.QUOTE_ALL if _has_returns(safe) else csv.QUOTE_MINIMAL,
    )


def _has_returns(table: pd.DataFrame) -> bool:
    """Whether any text holds a carriage return, which the CSV module leaves unquoted."""
    parts = [table.columns, table.index, *(values for _, values in table.items())]
    texts = [part for part in parts if not pd.api.types.is_numeric_dtype(part.dtype)]
    return any("\r" in str(value) for part in texts for value in part)
