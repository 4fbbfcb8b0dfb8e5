"""Features from a file written by any tool: parquet, CSV or npz; the first column holds ids."""

from pathlib import Path

import numpy as np
import pandas as pd

from phylolens.errors import InputError, require_file
from phylolens.values import Features

# Header of the ids of embeddings that were fitted to a phylogeny: testing those against it is
# circular, so the mark travels with the file.
GUIDED_MARK = "guided_taxon"


def read_features(path: Path) -> Features:
    """Read features of images, specimens or taxa.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.csv``/``.tsv`` (first column ids, whatever its header; the others numbers)
        or ``.npz`` (one text array of ids, one two-dimensional array of numbers).

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
        mark, ids, matrix = reader(path)
    except (OSError, ValueError) as error:
        raise InputError(f"not a readable features file ({error}).", where=path) from error
    if not len(ids):
        raise InputError("the file holds no features.", where=path)
    width = int(np.shape(matrix)[1])
    spec = {"file": path.name, "guided": mark == GUIDED_MARK}
    return Features(tuple(ids), matrix, spec | {"feature_size": width, "blocks": [width]})


def _columns(table: pd.DataFrame) -> tuple[str, list[str], np.ndarray]:
    if table.shape[1] < 2:
        raise ValueError("a column of ids and at least one of numbers are needed")
    numbers = table.iloc[:, 1:].apply(pd.to_numeric, errors="coerce")
    cells = table.iloc[:, 1:]
    words = numbers.isna() & cells.notna() & (cells.astype(str) != "")
    if words.any(axis=None):
        column = words.columns[words.any()][0]
        sample = cells[column][words[column]].iloc[0]
        raise ValueError(
            f"'{sample}' in column '{column}' is no number; decimals need a point, not a comma"
        )
    ids = table.iloc[:, 0].astype(str).tolist()
    return str(table.columns[0]), ids, numbers.to_numpy(np.float32)


def _parquet(path: Path) -> tuple[str, list[str], np.ndarray]:
    table = pd.read_parquet(path)
    if table.shape[1] == 2 and isinstance(table.iloc[0, 1], np.ndarray | list):
        ids = table.iloc[:, 0].astype(str).tolist()
        return str(table.columns[0]), ids, np.stack(table.iloc[:, 1].to_list())
    return _columns(table)


def _text(path: Path) -> tuple[str, list[str], np.ndarray]:
    with path.open(encoding="utf-8-sig") as stream:
        separator = max("\t,;", key=stream.readline().count)
    # Ids stay as written, even '001' and 'NA'; blank numbers become missing in _columns.
    table = pd.read_csv(
        path, sep=separator, dtype={0: str}, keep_default_na=False, encoding="utf-8-sig"
    )
    table.isetitem(0, table.iloc[:, 0].str.strip())
    return _columns(table)


def _npz(path: Path) -> tuple[str, list[str], np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        arrays = [stored[name] for name in stored.files]
    ids = [array for array in arrays if array.ndim == 1 and array.dtype.kind in "US"]
    numbers = [array for array in arrays if array.ndim == 2 and array.dtype.kind in "fiu"]
    if len(ids) != 1 or len(numbers) != 1:
        raise ValueError("one text array of ids and one 2-D array of numbers are needed")
    return "", ids[0].astype(str).tolist(), numbers[0]
