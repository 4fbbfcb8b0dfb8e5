"""Embed new images with a stored guided model, a few hundred at a time, and write the result."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from phylolens.embedding import TrainingImages, View
from phylolens.embedding.feature_file import FITTED, GUIDED_BY
from phylolens.embedding.files import Chunk, chunks_of_features, chunks_of_images
from phylolens.embedding.same_spec import options, require_asked
from phylolens.errors import InputError
from phylolens.guided.model_file import StoredGuide, load_guide
from phylolens.guided.training_record import CONTENT, ID, TrainingRecord, hashes_of_ids, read_record
from phylolens.guided.visual_similarity import correlations
from phylolens.progress import Progress, silent
from phylolens.provenance import file_hash
from phylolens.specimens.locate import new_images
from phylolens.values import Features
from phylolens.writing import replacing, write_csv, write_json


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
    """Embed new images; write ``guide/new/embeddings.parquet`` and a summary.

    Where the model knows which images it was fitted to, a column ``fitted`` says of each whether
    it was one of them, and the file names the taxa of the fit: what tests of the embedding are
    worth depends on both.

    Images are embedded as those the model was made from, and kept in the store of ``out``.
    Learners that weigh images say in ``weights.csv`` how much each would count beside the others.

    Parameters
    ----------
    folder : Path
        The model.
    images : Path, optional
        An image, or a folder of images.
    features : Features, optional
        Instead of images: made elsewhere, in the way the model's were.
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
        If the model cannot be used with what was given, or no image could be read.
    """
    if features is not None and images is not None:
        raise InputError(
            "images and features exclude each other.", hint="Give --images or --features."
        )
    model, asked = load_guide(folder), dict(asked or {})
    weights, record = asked.pop("weights", None), read_record(folder)
    was_fitted: WasFitted | None = None
    files: Mapping[str, Path] = {}
    if features is not None:
        _require_alike(model, features)
        chunks, total = chunks_of_features(features), len(features)
        if record is not None and record.by == ID:
            was_fitted = partial(_ids_fitted, record)
    else:
        files = new_images(images, out, "nothing to embed.")
        require_asked(model.spec, asked, where=folder)
        store, total = out / "features", len(files)
        chunks = chunks_of_images(model.spec, files, store, weights, device)
        if record is not None and record.by == CONTENT:
            was_fitted = partial(_images_fitted, record, files)
        learner: Any = model.learner
        if hasattr(learner, "embed_images"):  # it runs a network of its own
            learner.set_params(weights=None if weights is None else str(weights), device=device)
    fit = Fit(model, record, was_fitted, files)
    return write_new(fit, chunks, total, out / "guide" / "new", progress)


def _ids_fitted(record: TrainingRecord, ids: tuple[str, ...]) -> list[bool]:
    return record.has(hashes_of_ids(ids))


def _images_fitted(
    record: TrainingRecord, files: Mapping[str, Path], ids: tuple[str, ...]
) -> list[bool]:
    return record.has([file_hash(files[name]) for name in ids])


def _require_alike(model: StoredGuide, features: Features) -> None:
    """Refuse features that the model's network cannot have made."""
    wanted, got = int(model.card["n_features"]), features.matrix.shape[1]
    why = ""
    if got != wanted:
        why = f"the model wants {wanted} features an image; got {got}"
    elif model.card.get("root") and (features.matrix < 0).any():
        why = "the model was fitted to features without negative values; these have some"
    elif model.similarity is not None:
        why = model.similarity.reason(rooted(model, features.matrix))
    if why:
        raise InputError(
            f"{why}.",
            where="--features",
            hint=f"Features like the model's: {options(model.spec)}.",
        )


MARK = "guided_file"  # a header that says: fitted to a phylogeny (phylolens.embedding.feature_file)
WasFitted = Callable[[tuple[str, ...]], list[bool]]  # by id: whether an image was in the fit


@dataclass(frozen=True)
class Fit:
    """A model, what it has record, and how to ask whether an image was among that."""

    model: StoredGuide
    record: TrainingRecord | None
    was_fitted: WasFitted | None
    files: Mapping[str, Path] = field(default_factory=dict)  # of images, by id

    @property
    def guided_by(self) -> dict[bytes, bytes]:
        """What the file of embeddings says of the fit."""
        if self.record is None:
            return {}
        told = {"rank": self.record.rank, "taxa": list(self.record.taxa)}
        return {GUIDED_BY: json.dumps(told, ensure_ascii=False).encode()}


def rooted(model: StoredGuide, matrix: np.ndarray) -> np.ndarray:
    """Take the square root of features where the model was fitted to roots."""
    found: np.ndarray = np.sqrt(np.maximum(matrix, 0.0)) if model.card.get("root") else matrix
    return found


def write_new(
    fit: Fit, chunks: "Iterator[Chunk]", total: int, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Append each chunk; the file of embeddings appears under its name when all is done.

    Raises
    ------
    InputError
        If no image could be read.
    """
    task, done = "embedding new images", 0
    failed: dict[str, str] = {}
    told: list[pd.DataFrame] = []
    progress(task, 0, total)
    with ExitStack() as stack:
        path = stack.enter_context(replacing(folder / "embeddings.parquet"))
        writer: pq.ParquetWriter | None = None
        for features, faults in chunks:
            failed |= faults
            done += len(faults)
            if features is not None:
                table, facts = _embedded(fit, features)
                if writer is None:
                    writer = stack.enter_context(pq.ParquetWriter(path, table.schema))
                writer.write_table(table)
                told.append(facts.assign(dimensions=table.num_columns - 1))
                done += len(features)
            progress(task, done, total)
        if writer is None:
            reason = next(iter(failed.values()), "none given")
            raise InputError(f"no image could be read ({reason}).", ids=list(failed))
        writer.close()
    facts = pd.concat(told, ignore_index=True)
    summary = _summary(fit, facts, failed, total)
    _tables(folder, failed, facts.drop(columns="dimensions"))
    write_json(folder / "summary.json", summary)
    return summary


def _embedded(fit: Fit, features: Features) -> tuple[pa.Table, pd.DataFrame]:
    """Embeddings of some images, and what else there is to say of each."""
    model, matrix = fit.model, rooted(fit.model, features.matrix)
    found = np.asarray(_places(fit, features.ids, matrix), dtype=np.float32)
    columns: dict[str, Any] = {MARK: list(features.ids)}
    facts = pd.DataFrame({"file": features.ids})
    if fit.was_fitted is not None:
        columns[FITTED] = facts[FITTED] = fit.was_fitted(features.ids)
    if model.similarity is not None:
        facts["likeness"] = correlations(matrix, model.similarity.mean)
        facts["unlike"] = model.similarity.unlike(matrix)
    if hasattr(model.learner, "attention"):
        scoring: Any = model.learner
        facts["score"] = matrix.astype(np.float64) @ scoring.weights_
    table = pa.table(columns | {str(place): column for place, column in enumerate(found.T)})
    return table.replace_schema_metadata(fit.guided_by), facts


def _places(fit: Fit, ids: tuple[str, ...], matrix: np.ndarray) -> np.ndarray:
    """Embed by features or, with a network that was trained further, by the images."""
    learner: Any = fit.model.learner
    if not fit.files or not hasattr(learner, "embed_images"):
        return np.asarray(learner.transform(matrix))

    views = [View(name, fit.files[name]) for name in ids]
    images = TrainingImages(views, fit=fit.model.spec.get("fit"))
    return np.asarray(learner.embed_images(images))


def _summary(
    fit: Fit, facts: pd.DataFrame, failed: Mapping[str, str], total: int
) -> dict[str, Any]:
    counts = {name: int(facts[name].sum()) for name in (FITTED, "unlike") if name in facts}
    width = int(facts["dimensions"].iloc[0]) - (fit.was_fitted is not None)
    return {
        "learner": fit.model.name,
        "n_files": total,
        "n_embedded": total - len(failed),
        "n_fitted": counts.get(FITTED),
        "n_unlike": counts.get("unlike"),
        "not_readable": sorted(failed),
        "dimensions": width,
        "weights": "score" in facts,
        "model": _worth(fit.model.card),
    }


def _worth(card: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what the model was worth on clades it had not record."""
    held, null = card.get("held_out") or {}, card.get("null") or {}
    return {
        "rank": card.get("rank"),
        "n_taxa": card.get("n_taxa"),
        "held_out": held.get("rank"),
        "skill": held.get("skill"),
        "p_value": null.get("p_value"),
    }


def _tables(folder: Path, failed: Mapping[str, str], facts: pd.DataFrame) -> None:
    """Images not readable; what there is to say of the others; how much each would count."""
    for name in ("not_readable.csv", "pictures.csv", "weights.csv"):
        (folder / name).unlink(missing_ok=True)
    if failed:
        table = pd.DataFrame({"file": list(failed), "reason": list(failed.values())})
        write_csv(folder / "not_readable.csv", table)
    if "score" in facts:  # as if all were of one taxon
        table = facts[["file", "score"]].rename(columns={"file": "image"})
        raised = np.exp(table["score"] - table["score"].max())
        write_csv(folder / "weights.csv", table.assign(weight=raised / raised.sum()))
    told = facts.drop(columns="score", errors="ignore")
    if told.shape[1] > 1:
        write_csv(folder / "pictures.csv", told)
