"""Features from a file written by any tool: tables, arrays, JSON.

Embeddings that were fitted to a phylogeny carry a mark in the header of their ids, and may say row
by row, in a second column, whether the fit had seen the taxon (``held_out``) or the very image
(``fitted``): testing an embedding against the tree it was fitted to is circular.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.embedding.feature_arrays import read_json, read_npy, read_npz, require_ids
from phylolens.embedding.feature_columns import Chosen, Columns, choose
from phylolens.embedding.feature_tables import feather_columns, parquet_columns, text_columns
from phylolens.errors import InputError, Problem
from phylolens.reading.text import clear_errors, read_text, require_regular
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
TABLES = {
    ".parquet": parquet_columns,
    ".pq": parquet_columns,
    ".feather": feather_columns,
    ".arrow": feather_columns,
    ".csv": text_columns,
    ".tsv": text_columns,
    ".txt": text_columns,
}
ARRAYS = (".npz", ".npy", ".json", ".jsonl", ".ndjson")
CURES = {
    ".pt": "Write it with numpy: numpy.savez('features.npz', ids=ids, features=x.numpy()).",
    ".pth": "Write it with numpy: numpy.savez('features.npz', ids=ids, features=x.numpy()).",
    ".pkl": "Pickles may run code; write parquet or npz instead.",
    ".pickle": "Pickles may run code; write parquet or npz instead.",
    ".h5": "Write it with pandas: frame.to_parquet('features.parquet').",
    ".hdf5": "Write it with pandas: frame.to_parquet('features.parquet').",
    ".mat": "Write it with numpy: numpy.savez('features.npz', ids=ids, features=x).",
    ".rds": "Write it from R with write.csv(x, 'features.csv').",
    ".xlsx": "Save the sheet as 'CSV UTF-8'.",
    ".safetensors": "Write it with numpy: numpy.savez('features.npz', ids=ids, features=x).",
    ".gz": "Unpack it first.",
    ".zip": "Unpack it first.",
}


@dataclass(frozen=True)
class FeatureFile:
    """What a file of features holds.

    Parameters
    ----------
    features : Features
    labels : DataFrame
        Its columns of text, a row each; no columns where there are none.
    notes : tuple of Problem
        What was decided in reading.
    """

    features: Features
    labels: pd.DataFrame
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Read:
    """The header of the ids, the ids, the numbers, and flags of the rows."""

    mark: str
    ids: list[str]
    matrix: np.ndarray
    flags: Mapping[str, list[bool]] = field(default_factory=dict)
    guided_by: Mapping[str, Any] | None = None
    labels: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()

    def flagged(self, name: str) -> list[str] | None:
        """Ids with a flag, sorted; None where the file does not have it."""
        if name not in self.flags:
            return None
        return sorted(one for one, yes in zip(self.ids, self.flags[name], strict=True) if yes)


def as_features(value: Any) -> Features:
    """Take features, whatever holds them.

    Parameters
    ----------
    value : Features, DataFrame, str or Path
        A DataFrame holds numbers alone, ids in its index.

    Returns
    -------
    Features
        One row a row of the table.

    Raises
    ------
    InputError
        If there are no ids, or values are not finite numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from phylolens import as_features
    >>> features = as_features(pd.DataFrame([[0.1, 0.2], [0.3, 0.4]], index=["a", "b"]))
    >>> features.ids, features.matrix.shape
    (('a', 'b'), (2, 2))
    """
    if isinstance(value, Features):
        return value
    if isinstance(value, str | Path):
        return read_features(value)
    if isinstance(value, pd.DataFrame):
        text = [str(name) for name in value if not pd.api.types.is_numeric_dtype(value[name])]
        if text:
            raise InputError("features are numbers.", where="features", ids=text)
        return Features(tuple(str(name) for name in value.index), value.to_numpy(), {})
    raise InputError(
        f"expected Features, a DataFrame or a file; got {type(value).__name__}.",
        where="features",
        hint="Give an array as Features(ids, array).",
    )


def read_features(path: str | Path, *, ids: str | Path | None = None) -> Features:
    r"""Read features of images, specimens or taxa, from any tool.

    Parameters
    ----------
    path : str or Path
        Parquet or feather (a column of lists, or a column a feature; the index of pandas may hold
        the ids), CSV or TSV (first column ids), npz, npy, or the JSON of pybioclip.
    ids : str or Path, optional
        Names of the rows, one a line, for arrays without ids.

    Returns
    -------
    Features
        One row a row of the file.

    Raises
    ------
    InputError
        If the file is absent or of another kind, ids are missing or repeat, or values are not
        finite numbers.

    Examples
    --------
    >>> from pathlib import Path
    >>> from phylolens import read_features
    >>> _ = Path("features.csv").write_text("id,f1,f2\na,0.5,1\nb,0.25,2\n")
    >>> features = read_features("features.csv")
    >>> features.ids, features.matrix.tolist()
    (('a', 'b'), [[0.5, 1.0], [0.25, 2.0]])
    """
    return read_feature_file(path, ids=ids).features


def read_feature_file(path: str | Path, *, ids: str | Path | None = None) -> FeatureFile:
    """Read features of images, specimens or taxa, from any tool.

    Parameters
    ----------
    path : str or Path
        Parquet or feather (a column of lists, or a column a feature; the index of pandas may hold
        the ids), CSV or TSV (first column ids), npz, npy, or the JSON of pybioclip.
    ids : str or Path, optional
        Names of the rows, one a line, for arrays without ids.

    Returns
    -------
    FeatureFile
        The spec of its features says whether the rows are ``guided`` by a phylogeny (the ids'
        header begins with ``guided_``, or the file lies beside the ``guide.json`` of ``phylolens
        guide``), which ids were ``held_out`` of that fit, which were ``fitted`` (None: not known),
        and ``guided_by`` which taxa (None: not known).

    Raises
    ------
    InputError
        If the file is absent or of another kind, ids are missing or repeat, or values are not
        finite numbers.
    """
    path = Path(path)
    require_regular(path, "Give an existing file to --features.")
    ending = path.suffix.lower()
    if ending in TABLES:
        found = _from_table(path, ending)
    elif ending in ARRAYS:
        found = _from_arrays(path, ending, ids)
    else:
        raise InputError(
            f"features come as {', '.join([*TABLES, *ARRAYS])}; got '{path.suffix}'.",
            where=path,
            hint=CURES.get(ending, ""),
        )
    if not len(found.ids):
        raise InputError("the file holds no features.", where=path)
    for name, flagged in found.flags.items():
        if len(flagged) != len(found.ids):
            raise InputError(
                f"'{name}' holds {len(flagged)} values for {len(found.ids)} rows.", where=path
            )
    width = int(np.shape(found.matrix)[1])
    if not width:
        raise InputError("the rows hold no numbers.", where=path)
    spec = {
        "file": path.name,
        "guided": found.mark.startswith(GUIDED_START) or path.with_name("guide.json").is_file(),
        "held_out": found.flagged(HELD_OUT) or [],
        FITTED: found.flagged(FITTED),
        "guided_by": found.guided_by,
        "feature_size": width,
        "blocks": [width],
    }
    features = Features(tuple(found.ids), found.matrix, spec)
    notes = tuple(Problem("features", "note", f"{path.name}: {text}") for text in found.notes)
    return FeatureFile(features, found.labels, notes)


def _from_table(path: Path, ending: str) -> _Read:
    columns, metadata, said = TABLES[ending](path)
    flags, columns = _without_flags(columns, path)
    try:
        chosen: Chosen = choose(columns)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not a readable features file ({error}).", where=path) from error
    told = metadata.get(GUIDED_BY)
    with clear_errors("a features file", path):
        guided_by = json.loads(told) if told else None
    notes = (*said, *chosen.notes)
    return _Read(chosen.mark, chosen.ids, chosen.matrix, flags, guided_by, chosen.labels, notes)


def _without_flags(columns: Columns, path: Path) -> tuple[dict[str, list[bool]], Columns]:
    """Take the flags of guided embeddings out of the columns."""
    first = columns.order[0] if columns.order else ""
    if not first.startswith(GUIDED_START):
        return {}, columns
    flags = {}
    text, numbers = dict(columns.text), dict(columns.numbers)
    for name in FLAGS:
        if name in text:
            flags[name] = _truth(text.pop(name), name, path)
        elif name in numbers:
            flags[name] = _truth([f"{v:g}" for v in numbers.pop(name)], name, path)
    order = [name for name in columns.order if name not in flags]
    return flags, Columns(text, numbers, columns.vectors, order, columns.index)


def _truth(cells: list[Any], name: str, path: Path) -> list[bool]:
    words = ["" if cell is None else str(cell).strip().lower() for cell in cells]
    if not set(words) <= {*YES, *NO}:
        raise InputError(f"'{name}' must be true or false.", where=path)
    return [word in YES for word in words]


def _from_arrays(path: Path, ending: str, ids: str | Path | None) -> _Read:
    given = None
    if ids is not None:
        text = read_text(Path(ids), "Give an existing file to --ids.")
        given = [line.strip().strip('"') for line in text.split("\n") if line.strip()]
    if ending == ".npy":
        matrix = read_npy(path)
        return _Read("", require_ids(given, len(matrix), path), matrix)
    if ending == ".npz":
        mark, names, matrix, arrays = read_npz(path)
        names = require_ids(given, len(matrix), path) if names is None else names
        flags = {
            name: _truth(arrays[name].tolist(), name, path) for name in FLAGS if name in arrays
        }
        return _Read(mark, names, matrix, flags)
    names, matrix = read_json(path)
    return _Read("", names, matrix)


def without_rows(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec without what it says of every row, which may be as long as a study."""
    return {name: value for name, value in spec.items() if name != FITTED}
