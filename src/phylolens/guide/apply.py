"""Embed new pictures with a stored guided model, a few hundred at a time."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from phylolens.errors import InputError
from phylolens.guide.model_file import StoredGuide, load_guide
from phylolens.progress import Progress, silent
from phylolens.specimens.new_pictures import new_pictures
from phylolens.values import Features
from phylolens.writing import replacing, write_csv, write_json

CHUNK = 500
MARK = "guided_file"  # a header that says: fitted to a phylogeny (see phylolens.feature_file)
Chunk = tuple[Features | None, Mapping[str, str]]


def embed_new(
    folder: Path,
    *,
    images: Path | None = None,
    features: Features | None = None,
    asked: Mapping[str, Any] | None = None,
    out: Path,
    device: str = "auto",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Embed new pictures; write ``guide/new/embeddings.parquet`` and a summary.

    Pictures are embedded as those the model was made from, and kept in the store of ``out``.
    Learners that weigh images say in ``weights.csv`` how much each would count beside the others.

    Parameters
    ----------
    folder : Path
        The model.
    images : Path, optional
        A picture, or a folder of pictures.
    features : Features, optional
        Instead of pictures: made elsewhere, in the way the model's were.
    asked : mapping, optional
        What the user wants of the features (``backbone``, ``layers``, ``fit``, ``flips``): it has
        to be what the model was made with. ``weights`` is the checkpoint, if not the published one.
    out : Path
        Results directory.
    device : str
        For the network.

    Returns
    -------
    dict
        Counts, as written to ``guide/new/summary.json``.

    Raises
    ------
    InputError
        If the model cannot be used with what was given, or no picture could be read.
    """
    if features is not None and images is not None:
        raise InputError(
            "pictures and features exclude each other.", hint="Give --images or --features."
        )
    model, asked = load_guide(folder), dict(asked or {})
    weights = asked.pop("weights", None)
    if features is not None:
        _require_width(model, features)
        chunks, total = _of_features(features), len(features)
    else:
        from phylolens.embed.same_spec import require_asked

        files = new_pictures(images, out, "nothing to embed.")
        require_asked(model.spec, asked, where=folder)
        chunks, total = _of_pictures(model, files, out, weights, device), len(files)
    return _write(model, chunks, total, out / "guide" / "new", progress)


def _require_width(model: StoredGuide, features: Features) -> None:
    from phylolens.embed.same_spec import options

    wanted, got = int(model.card["n_features"]), features.matrix.shape[1]
    if got != wanted:
        raise InputError(
            f"the model wants {wanted} features a picture; got {got}.",
            where="--features",
            hint=f"Features like the model's: {options(model.spec)}.",
        )


def _of_features(features: Features) -> Iterator[Chunk]:
    for start in range(0, len(features), CHUNK):
        yield features.take(features.ids[start : start + CHUNK]), {}


def _of_pictures(
    model: StoredGuide,
    files: Mapping[str, Path],
    out: Path,
    weights: Path | None,
    device: str,
) -> Iterator[Chunk]:
    from phylolens.embed import embed_files

    names = list(files)
    for start in range(0, len(names), CHUNK):
        some = {name: files[name] for name in names[start : start + CHUNK]}
        found = embed_files(
            some, model.spec, store=out / "features", weights=weights, device=device
        )
        yield found.features if len(found.features) else None, found.failed


def _write(
    model: StoredGuide, chunks: Iterator[Chunk], total: int, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Append each chunk; the file appears under its name when all is done."""
    task, done, width = "embedding new pictures", 0, 0
    failed: dict[str, str] = {}
    scored: list[pd.DataFrame] = []
    progress(task, 0, total)
    with ExitStack() as stack:
        path = stack.enter_context(replacing(folder / "embeddings.parquet"))
        writer: pq.ParquetWriter | None = None
        for features, faults in chunks:
            failed |= faults
            done += len(faults)
            if features is not None:
                table, scores = _embedded(model, features)
                width = table.num_columns - 1
                if writer is None:
                    writer = stack.enter_context(pq.ParquetWriter(path, table.schema))
                writer.write_table(table)
                scored += [] if scores is None else [scores]
                done += len(features)
            progress(task, done, total)
        if writer is None:
            reason = next(iter(failed.values()), "none given")
            raise InputError(f"no picture could be read ({reason}).", ids=list(failed))
        writer.close()
    _tables(folder, failed, scored)
    summary = {
        "learner": model.name,
        "n_files": total,
        "n_embedded": total - len(failed),
        "not_readable": sorted(failed),
        "dimensions": width,
        "weights": bool(scored),
    }
    write_json(folder / "summary.json", summary)
    return summary


def _embedded(model: StoredGuide, features: Features) -> tuple[pa.Table, pd.DataFrame | None]:
    """Embeddings of some pictures and, where the learner weighs images, their scores."""
    matrix = features.matrix
    if model.card.get("root"):
        matrix = np.sqrt(np.maximum(matrix, 0.0))
    found = np.asarray(model.learner.transform(matrix), dtype=np.float32)
    columns = {MARK: list(features.ids)}
    table = pa.table(columns | {str(place): column for place, column in enumerate(found.T)})
    if not hasattr(model.learner, "attention"):
        return table, None
    scoring: Any = model.learner
    scores = matrix.astype(np.float64) @ scoring.weights_
    return table, pd.DataFrame({"image": list(features.ids), "score": scores})


def _tables(folder: Path, failed: Mapping[str, str], scored: list[pd.DataFrame]) -> None:
    """Pictures not readable, and how much each would count if all were of one taxon."""
    for name in ("not_readable.csv", "weights.csv"):
        (folder / name).unlink(missing_ok=True)
    if failed:
        table = pd.DataFrame({"file": list(failed), "reason": list(failed.values())})
        write_csv(folder / "not_readable.csv", table)
    if scored:
        table = pd.concat(scored, ignore_index=True)
        raised = np.exp(table["score"] - table["score"].max())
        write_csv(folder / "weights.csv", table.assign(weight=raised / raised.sum()))
