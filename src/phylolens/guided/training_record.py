"""What a stored model has seen: the taxa it was fitted to, and their images as short hashes."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phylolens.writing import replacing

FILE = "seen.safetensors"
CONTENT, ID = "content", "id"  # how images are known again


@dataclass(frozen=True)
class TrainingRecord:
    """Taxa and images of a fit.

    Parameters
    ----------
    rank : str
        Of the taxa.
    taxa : tuple of str
    by : str
        ``content``: images are known by SHA-256 of their files, whatever they are called;
        ``id``: rows of features made elsewhere are known by their ids alone.
    keys : array of uint64, shape (n,)
        The first 64 bits of each hash, sorted.
    """

    rank: str
    taxa: tuple[str, ...]
    by: str
    keys: np.ndarray

    def has(self, hashes: Sequence[str]) -> list[bool]:
        """Tell of each image (see :func:`hashes_of_ids`) whether it was in the fit."""
        found: list[bool] = np.isin(_keys(hashes), self.keys).tolist()
        return found


def record_of_fit(rank: str, taxa: Sequence[str], by: str, hashes: Iterable[str]) -> TrainingRecord:
    """Record a fit; ``hashes`` are SHA-256 in hexadecimal digits."""
    return TrainingRecord(rank, tuple(taxa), by, np.unique(_keys(list(hashes))))


def hashes_of_ids(ids: Iterable[str]) -> list[str]:
    """Hash ids as files are hashed."""
    return [hashlib.sha256(name.encode()).hexdigest() for name in ids]


def _keys(hashes: Sequence[str]) -> np.ndarray:
    return np.array([int(digits[:16], 16) for digits in hashes], dtype=np.uint64)


def write_record(seen: TrainingRecord, folder: Path) -> None:
    """Write ``seen.safetensors`` into the folder of a model."""
    from safetensors.numpy import save

    about = json.dumps({"rank": seen.rank, "taxa": list(seen.taxa), "by": seen.by})
    with replacing(folder / FILE) as temporary:
        temporary.write_bytes(save({"keys": seen.keys}, metadata={"seen": about}))


def read_record(folder: Path) -> TrainingRecord | None:
    """Read what the model in a folder has seen; None where that was not recorded."""
    from safetensors import SafetensorError, safe_open

    if not (folder / FILE).is_file():
        return None
    try:
        with safe_open(folder / FILE, framework="numpy") as stored:
            about = json.loads((stored.metadata() or {})["seen"])
            keys = stored.get_tensor("keys")
        return TrainingRecord(about["rank"], tuple(about["taxa"]), about["by"], keys)
    except (OSError, KeyError, TypeError, ValueError, SafetensorError):
        return None  # as if it had not been recorded: embeddings then count as fitted
