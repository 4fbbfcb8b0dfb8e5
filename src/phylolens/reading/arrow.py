"""Read parquet and feather files from anybody: bounded, and validated before a value is touched.

Arrow trusts the offsets within a file; a damaged one would read, or write, beyond its buffers.
"""

from pathlib import Path
from typing import Any

from phylolens.errors import InputError
from phylolens.reading.text import clear_errors

LARGEST = 16 << 30  # bytes of values; more does not fit the machines this is for


def read_parquet(path: Path) -> Any:
    """Read a parquet file as an Arrow table.

    Raises
    ------
    InputError
        If it is damaged, or holds more than ``LARGEST`` bytes.
    """
    from pyarrow import parquet

    with clear_errors("a parquet file", path):
        file = parquet.ParquetFile(path)
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        _require_size(sum(group.total_byte_size for group in groups), path)
        return _validated(file.read())


def read_feather(path: Path) -> Any:
    """Read a feather (version 2) or Arrow file as an Arrow table; see :func:`read_parquet`."""
    import pyarrow as pa

    with clear_errors("a feather file", path):
        _require_size(path.stat().st_size, path)
        with pa.ipc.open_file(pa.BufferReader(path.read_bytes())) as stream:
            return _validated(stream.read_all())


def _validated(table: Any) -> Any:
    table.validate(full=True)
    return table


def _require_size(size: int, path: Path) -> None:
    if size > LARGEST:
        raise InputError(
            f"the file holds {size / 1e9:.0f} GB; at most {LARGEST / 1e9:.0f} GB are read.",
            where=path,
            hint="Leave out rows or columns that are not needed.",
        )
