"""Features from a file written by any tool: parquet, CSV or npz; the first column holds ids.

Embeddings that were fitted to a phylogeny carry a mark in the header of their ids, and may say row
by row, in a second column, whether the fit had seen the taxon (``held_out``) or the very picture
(``fitted``): testing an embedding against the tree it was fitted to is circular.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.cells import unescaped_table
from phylolens.errors import InputError, require_file
from phylolens.values import Features

# Header of the ids of embeddings that were fitted to a phylogeny; any header that begins alike
# (``guided_file``, ``guided_specimen``) says the same.
GUIDED_MARK = "guided_taxon"
GUIDED_START = "guided_"
HELD_OUT = "held_out"
FITTED = "fitted"
FLAGS = (HELD_OUT, FITTED)
GUIDED_BY = b"phylolens_guided_by"  # in a parquet file: rank and taxa of the fit, as JSON
YES, NO = ("true", "1", "yes"), ("false", "0", "no", "")


@dataclass(frozen=True)
class _Read:
    """What a file holds: the header of the ids, the ids, the numbers, and flags of the rows."""

    mark: str
    ids: list[str]
    matrix: np.ndarray
    flags: Mapping[str, list[bool]] = field(default_factory=dict)
    guided_by: Mapping[str, Any] | None = None

    def flagged(self, name: str) -> list[str] | None:
        """Ids with a flag, sorted; None where the file does not have it."""
        if name not in self.flags:
            return None
        return sorted(one for one, yes in zip(self.ids, self.flags[name], strict=True) if yes)


def read_features(path: Path) -> Features:
    """Read features of images, specimens or taxa.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.csv``/``.tsv`` (first column ids, whatever its header; the others numbers)
        or ``.npz`` (one text array of ids, one two-dimensional array of numbers).

    Returns
    -------
    Features
        Its spec says whether the rows are ``guided`` by a phylogeny (the ids' header begins with
        ``guided_``, or the file lies beside the ``guide.json`` of ``phylolens guide``), which ids
        were ``held_out`` of that fit, which were ``fitted`` (None: not known), and ``guided_by``
        which taxa (None: not known).

    Raises
    ------
    InputError
        If the file is absent or of another kind, ids repeat, or values are not finite numbers.
    """
    require_file(path, "Give an existing file to --features.")
    readers = {".parquet": _parquet, ".pq": _parquet, ".npz": _npz, ".csv": _text, ".tsv": _text}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"features come as {', '.join(readers)}; got '{path.suffix}'.", where=path)
    try:
        found = reader(path)
    except (OSError, ValueError) as error:
        raise InputError(f"not a readable features file ({error}).", where=path) from error
    if not len(found.ids):
        raise InputError("the file holds no features.", where=path)
    width = int(np.shape(found.matrix)[1])
    spec = {
        "file": path.name,
        "guided": found.mark.startswith(GUIDED_START) or path.with_name("guide.json").is_file(),
        "held_out": found.flagged(HELD_OUT) or [],
        FITTED: found.flagged(FITTED),
        "guided_by": found.guided_by,
        "feature_size": width,
        "blocks": [width],
    }
    return Features(tuple(found.ids), found.matrix, spec)


def _columns(table: pd.DataFrame) -> _Read:
    mark = str(table.columns[0])
    flags: dict[str, list[bool]] = {}
    while mark.startswith(GUIDED_START) and table.shape[1] > 1 and table.columns[1] in FLAGS:
        name = str(table.columns[1])
        flags[name] = _truth(table.iloc[:, 1], name)
        table = table.drop(columns=name)
    if table.shape[1] < 2:
        raise ValueError("a column of ids and at least one of numbers are needed")
    ids = table.iloc[:, 0].astype(str).tolist()
    if table.shape[1] == 2 and len(table) and isinstance(table.iloc[0, 1], np.ndarray | list):
        return _Read(mark, ids, np.stack(table.iloc[:, 1].to_list()), flags)
    return _Read(mark, ids, _numbers(table.iloc[:, 1:]), flags)


def _truth(column: pd.Series, name: str) -> list[bool]:
    words = column.fillna("").astype(str).str.strip().str.lower()
    if not words.isin(YES + NO).all():
        raise ValueError(f"'{name}' must be true or false")
    return words.isin(YES).tolist()


def _numbers(cells: pd.DataFrame) -> np.ndarray:
    numbers = cells.apply(pd.to_numeric, errors="coerce")
    words = numbers.isna() & cells.notna() & (cells.astype(str) != "")
    if words.any(axis=None):
        column = words.columns[words.any()][0]
        sample = cells[column][words[column]].iloc[0]
        raise ValueError(
            f"'{sample}' in column '{column}' is no number; decimals need a point, not a comma"
        )
    return numbers.to_numpy(np.float32)


def _parquet(path: Path) -> _Read:
    from pyarrow.parquet import read_schema

    told = (read_schema(path).metadata or {}).get(GUIDED_BY)
    found = _columns(pd.read_parquet(path))
    return replace(found, guided_by=json.loads(told)) if told else found


def _text(path: Path) -> _Read:
    with path.open(encoding="utf-8-sig") as stream:
        separator = max("\t,;", key=stream.readline().count)
    # Ids stay as written, even '001' and 'NA'; blank numbers become missing in _columns.
    table = unescaped_table(
        pd.read_csv(
            path, sep=separator, dtype={0: str}, keep_default_na=False, encoding="utf-8-sig"
        )
    )
    table.isetitem(0, table.iloc[:, 0].str.strip())
    return _columns(table)


def _npz(path: Path) -> _Read:
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    ids = [name for name, array in arrays.items() if array.ndim == 1 and array.dtype.kind in "US"]
    numbers = [array for array in arrays.values() if array.ndim == 2 and array.dtype.kind in "fiu"]
    if len(ids) != 1 or len(numbers) != 1:
        raise ValueError("one text array of ids and one 2-D array of numbers are needed")
    return _Read(
        ids[0],
        arrays[ids[0]].astype(str).tolist(),
        numbers[0],
        {name: _truth(pd.Series(arrays[name]), name) for name in FLAGS if name in arrays},
    )


def without_rows(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec without what it says of every row, which may be as long as a study."""
    return {name: value for name, value in spec.items() if name != FITTED}
