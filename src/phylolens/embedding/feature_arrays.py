"""Features as arrays or JSON: npz, npy, and the JSON of pybioclip."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.errors import InputError
from phylolens.reading.arrow import LARGEST
from phylolens.reading.text import clear_errors, read_text

MATRICES = ("features", "embeddings", "embedding", "emb", "x", "vectors", "matrix")
IDS = ("ids", "id", "files", "file", "names", "filenames", "paths", "image_ids", "labels", "taxa")
WITHOUT_PICKLE = (
    "Save the ids as text, not as Python objects: "
    "numpy.savez('features.npz', ids=numpy.array(ids, dtype=str), features=matrix)."
)
VECTORS = ("embedding", "embeddings", "emb", "features", "vector")
Arrays = dict[str, np.ndarray]


def read_npz(path: Path) -> tuple[str, list[str] | None, np.ndarray, Arrays]:
    """Read an archive of arrays: name and content of the ids, the features, and all arrays.

    Raises
    ------
    InputError
        If it is damaged, too large, holds Python objects, or it is uncertain which array is which.
    """
    with clear_errors("an npz file", path):
        arrays = _arrays(path)
    two = {name: array for name, array in arrays.items() if array.ndim == 2 and _numeric(array)}
    named = [name for name in MATRICES for key in two if key.lower() == name]
    if len(two) != 1 and len(named) != 1:
        raise InputError(
            f"one text array of ids and one 2-D array of numbers are needed; got "
            f"{_described(arrays)}.",
            where=path,
            hint="Name the features 'features' and the ids 'ids'.",
        )
    lower = {name.lower(): array for name, array in two.items()}
    matrix = lower[named[0]] if named else next(iter(two.values()))
    words = {n: a for n, a in arrays.items() if a.ndim == 1 and a.dtype.kind in "US"}
    mark = next((n for n in words if n.lower() in IDS), None)
    if mark is None and len(words) == 1:
        mark = next(iter(words))
    if mark is None:
        mark = next(
            (n for n, a in arrays.items() if n.lower() in IDS and a.dtype.kind in "iu"), None
        )
    if mark is None:
        if words:
            raise InputError(
                f"which array holds the ids? got {_described(arrays)}.",
                where=path,
                hint="Name it 'ids'.",
            )
        return "", None, matrix, arrays
    return mark, _texts(arrays[mark]), matrix, arrays


def _arrays(path: Path) -> Arrays:
    found: Arrays = {}
    total = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            total += member.file_size
            if total > LARGEST:
                raise InputError(
                    f"the archive unpacks to more than {LARGEST / 1e9:.0f} GB.", where=path
                )
            with archive.open(member) as stream:
                found[member.filename.removesuffix(".npy")] = _array(stream, member.file_size, path)
    return found


def _array(stream: Any, size: int, path: Path) -> np.ndarray:
    """Read one array; what its header promises is held against what is there."""
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ValueError(f"format {version} of arrays is not known")
    shape, fortran, kind = read[version](stream)
    if kind.hasobject:
        raise InputError("an array holds Python objects.", where=path, hint=WITHOUT_PICKLE)
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count < 0 or count * kind.itemsize > size:
        raise ValueError("an array is shorter than its header says")
    data = stream.read(count * kind.itemsize)
    return np.frombuffer(data, kind, count).reshape(shape, order="F" if fortran else "C")


def read_npy(path: Path) -> np.ndarray:
    """Read a single two-dimensional array of numbers."""
    with clear_errors("an npy file", path), path.open("rb") as stream:
        found = _array(stream, path.stat().st_size, path)
    if found.ndim != 2 or not _numeric(found):
        raise InputError(
            f"features are a 2-D array of numbers; got shape {found.shape} of {found.dtype}.",
            where=path,
        )
    return found


def read_json(path: Path) -> tuple[list[str], np.ndarray]:
    """Read ids and vectors: of pybioclip's ``embed``, a mapping, or a list of records.

    Raises
    ------
    InputError
        If there are no vectors, or they differ in length.
    """
    text = read_text(path, "Give an existing file to --features.")
    with clear_errors("JSON", path):
        if path.suffix.lower() in (".jsonl", ".ndjson"):
            found: Any = [json.loads(line) for line in text.split("\n") if line.strip()]
        else:
            found = json.loads(text)
        pairs = _pairs(found)
        if not pairs or not all(pairs.values()):
            raise InputError(
                "no vectors by id; an object {id: [numbers]} or a list of records is wanted.",
                where=path,
                hint="pybioclip writes such a file with: bioclip embed --output features.json",
            )
        lengths = {len(vector) for vector in pairs.values()}
        if len(lengths) > 1:
            raise InputError(
                f"vectors of different lengths, from {min(lengths)} to {max(lengths)}.", where=path
            )
        return list(pairs), np.array(list(pairs.values()), dtype=np.float64)


def _pairs(found: Any) -> dict[str, list[float]]:
    if isinstance(found, Mapping):
        inner = found.get("embeddings", found)
        inner = found if not isinstance(inner, Mapping) else inner
        return {str(name): _vector(value) for name, value in inner.items()}
    pairs: dict[str, list[float]] = {}
    for record in found if isinstance(found, list) else []:
        if not isinstance(record, Mapping):
            return {}
        vector = next((record[name] for name in VECTORS if name in record), None)
        name = next((record[key] for key in ("id", "file", "file_name", "filename", "path", "image",
                                             "uuid") if key in record), None)  # fmt: skip
        if vector is None or name is None:
            return {}
        if str(name) in pairs:
            raise ValueError(f"the id '{name}' stands twice")
        pairs[str(name)] = _vector(vector)
    return pairs


def _vector(value: Any) -> list[float]:
    """Return a list of numbers; one list within another is taken out."""
    while isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    is_vector = isinstance(value, list) and all(type(one) in (int, float) for one in value)
    return value if is_vector else []


def _numeric(array: np.ndarray) -> bool:
    return array.dtype.kind in "fiu"


def _texts(array: np.ndarray) -> list[str]:
    if array.dtype.kind == "S":
        return [value.decode("utf-8") for value in array.tolist()]
    return [str(value) for value in array.tolist()]


def _described(arrays: Arrays) -> str:
    named = [f"'{name}' {array.shape} {array.dtype}" for name, array in arrays.items()]
    return ", ".join(named[:6]) or "no array"


def require_ids(given: Sequence[str] | None, n: int, path: Path) -> list[str]:
    """Return the names from ``--ids``, one for each of ``n`` rows.

    Raises
    ------
    InputError
        If there are none, or another number.
    """
    if given is None:
        raise InputError(
            f"{n} rows of features without ids.",
            where=path,
            hint="Give their names in a file, one a line in the order of the rows, with --ids.",
        )
    if len(given) != n:
        raise InputError(
            f"--ids holds {len(given)} names, but there are {n} rows of features.", where=path
        )
    return list(given)
