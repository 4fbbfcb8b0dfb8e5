"""Features on disk, found by the content of the image: what is there is never computed twice.

``<store>/<spec id>/`` holds ``spec.json`` and shards in the Arrow IPC file format, uncompressed,
columns ``key`` (string) and ``vector`` (fixed-size list of float32). A shard is named by the hash
of its bytes and appears by a rename, so two processes can write to one store.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from phylolens.errors import Problem
from phylolens.writing import replacing, to_json, write_text

NAME_DIGITS = 32  # of the SHA-256 in a shard's name
ID_DIGITS = 8
SPEC_FILE = "spec.json"
# Of a spec, what tells no store from another: it follows from the rest, or is done on reading.
NOT_IDENTITY = ("feature_size", "blocks", "weights", "preprocessing", "flips")
PREPROCESSING = 2  # raise when decoding, fitting or augmenting changes what a network sees


def spec_id(spec: Mapping[str, Any]) -> str:
    """Return the short folder name of a spec, such as ``efficientnet-lite0-1a2b3c4d``."""
    identity = {name: value for name, value in spec.items() if name not in NOT_IDENTITY}
    text = json.dumps([PREPROCESSING, json.loads(to_json(identity))], sort_keys=True)
    name = "".join(c if c.isalnum() or c in "-._" else "-" for c in str(spec["backbone"]))
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]}"


def row_key(content: str, augmentation: str = "", copy: int = 0, seed: int = 0) -> str:
    """Return the key of a row: the file's SHA-256, and for an augmented copy how it was made."""
    return content if not augmentation else f"{content}+{augmentation}+{copy}+{seed}"


def mirror_key(key: str) -> str:
    """Return the key of the mirror image of what ``key`` names."""
    return f"{key}+mirror"


class FeatureStore:
    """The features of one spec.

    Parameters
    ----------
    root : Path
        Folder of all stores.
    spec : mapping
        The spec; ``feature_size`` may be 0 when not known yet.

    Attributes
    ----------
    problems : list of Problem
        Shards found damaged; they are renamed to ``.broken`` and their rows count as missing.
    blocks : tuple of int
        Features of each layer, in column order; empty while not known.
    """

    def __init__(self, root: Path, spec: Mapping[str, Any]) -> None:
        self.folder = root / spec_id(spec)
        self.problems: list[Problem] = []
        self._place: dict[str, tuple[Path, int]] = {}
        self._vectors: dict[Path, np.ndarray] = {}
        self._checked: set[Path] = set()
        self.feature_size = int(spec.get("feature_size") or 0)
        for path in sorted(self.folder.glob("*.arrow")):
            self._index(path)
        self.blocks = _recorded_blocks(self.folder / SPEC_FILE, self.feature_size)

    def __contains__(self, key: str) -> bool:
        """Whether a key has a row; its shard's bytes are verified at the first hit."""
        place = self._place.get(key)
        return place is not None and self._verified(place[0])

    def __len__(self) -> int:
        return len(self._place)

    def write_spec(self, spec: Mapping[str, Any]) -> None:
        """Write ``spec.json`` unless it is there already, with its ``blocks``."""
        self.feature_size, blocks = int(spec["feature_size"]), tuple(spec.get("blocks") or ())
        path = self.folder / SPEC_FILE
        if not path.is_file() or blocks != self.blocks:
            write_text(path, to_json(spec))
            self.blocks = blocks

    def add(self, keys: Sequence[str], vectors: np.ndarray) -> None:
        """Write rows as one new shard.

        Parameters
        ----------
        keys : sequence of str
            From ``row_key``.
        vectors : array of float32, shape (n, d)
            Their features.
        """
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        column = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
        table = pa.table({"key": pa.array(keys, pa.string()), "vector": column})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        content = sink.getvalue()
        path = self.folder / f"{_digest(content)}.arrow"
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        self._checked.add(path)
        self._index(path)

    def gather(self, keys: Sequence[str]) -> np.ndarray:
        """Return the rows of keys that are in the store, shape (n, d), reading no other rows."""
        rows = np.empty((len(keys), self.feature_size), dtype=np.float32)
        by_shard: dict[Path, tuple[list[int], list[int]]] = {}
        for target, key in enumerate(keys):
            path, row = self._place[key]
            targets, sources = by_shard.setdefault(path, ([], []))
            targets.append(target)
            sources.append(row)
        for path, (targets, sources) in by_shard.items():
            rows[targets] = self._vectors[path][sources]
        return rows

    def _index(self, path: Path) -> None:
        """Read a shard's keys; its vectors stay on disk behind a memory map."""
        try:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
            table.validate(full=True)
            keys = table.column("key").to_pylist()
            vectors = table.column("vector").combine_chunks()
            size = vectors.type.list_size
            matrix = vectors.flatten().to_numpy(zero_copy_only=True).reshape(len(keys), size)
        except (pa.ArrowException, OSError, KeyError, ValueError, AttributeError) as error:
            self._set_aside(path, str(error).splitlines()[0] if str(error) else "empty")
            return
        if self.feature_size not in (0, size):
            self._set_aside(path, f"its vectors have {size} values, not {self.feature_size}")
            return
        self.feature_size = size
        self._vectors[path] = matrix
        self._place |= {key: (path, row) for row, key in enumerate(keys)}

    def _verified(self, path: Path) -> bool:
        """Whether the shard's bytes are those its name says; if not, forget its rows."""
        if path in self._checked:
            return True
        try:
            intact = _digest(path.read_bytes()) == path.stem
        except OSError:
            intact = False
        if intact:
            self._checked.add(path)
            return True
        self._vectors.pop(path, None)
        self._place = {key: place for key, place in self._place.items() if place[0] != path}
        self._set_aside(path, "its content does not match its name")
        return False

    def _set_aside(self, path: Path, reason: str) -> None:
        try:
            path.replace(path.with_suffix(".broken"))
        except OSError:
            reason += "; it could not be renamed"
        self.problems.append(
            Problem(
                "broken-shard",
                "warning",
                f"a shard of the feature store is damaged ({reason}); it is set aside and its "
                "images are computed again.",
                (path.name,),
            )
        )


def _recorded_blocks(path: Path, feature_size: int) -> tuple[int, ...]:
    """Read the widths of the layers; nothing where an older version did not record them."""
    try:
        blocks = tuple(map(int, json.loads(path.read_text(encoding="utf-8"))["blocks"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return blocks if sum(blocks) == feature_size else ()


def _digest(content: Any) -> str:
    return hashlib.sha256(content).hexdigest()[:NAME_DIGITS]
