"""Features: parquet, npz, npy, CSV, JSON."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from phylolens.embedding.feature_file import read_features

IDS = [f"im{k}.jpg" for k in range(8)]


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Sound files of features."""
    x = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    frame = pd.DataFrame(x, IDS, [f"f{k}" for k in range(5)])
    vectors = pd.DataFrame({"uuid": IDS, "emb": list(x), "family": "Felidae"})
    json_text = json.dumps({"model": "m", "embeddings": dict(zip(IDS, x.tolist(), strict=True))})
    return {
        ".parquet": [written(frame.to_parquet), written(vectors.to_parquet)],
        ".feather": [written(vectors.to_feather)],
        ".npz": [
            written(lambda s: np.savez(s, ids=np.array(IDS), X=x)),
            written(lambda s: np.savez_compressed(s, ids=np.array(IDS), features=x)),
        ],
        ".csv": [frame.to_csv().encode(), frame.to_csv(sep=";", decimal=",").encode()],
        ".tsv": [frame.to_csv(sep="\t").encode()],
        ".json": [json_text.encode()],
        ".npy": [written(lambda s: np.save(s, x))],
    }


def written(write) -> bytes:
    """Return what a function writes to a stream."""
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def attempt(path: Path) -> None:
    """Read features; an array without ids has them beside it."""
    ids = path.with_name("ids.txt")
    ids.write_text("\n".join(IDS))
    read_features(path, ids=ids)
