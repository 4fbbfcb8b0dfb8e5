"""Write what the evaluation of learners gave; remove what another recipe left."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.embedding.feature_file import GUIDED_MARK, HELD_OUT
from phylolens.guided.evaluate import Evaluation
from phylolens.guided.model_file import save_guide
from phylolens.guided.sample import Sample
from phylolens.guided.training_record import FILE as RECORD
from phylolens.guided.visual_similarity import visual_similarity_of
from phylolens.results.guided import GuidedResult
from phylolens.writing import write_csv, write_text

SIMILARITIES = ("genetic", "unguided", "guided")
EVERY_RECIPE = ("guide.json", "embeddings.csv", *(f"similarity_{n}.csv" for n in SIMILARITIES))
PUBLISHED_ONLY = ("model.safetensors",)
SOMETIMES = ("attention.csv", "loss.csv")
HELD_OUT_ONLY = (
    "held_out.csv",
    "held_out_distances.csv",
    "held_out_image_free.csv",
    "held_out_column_means.csv",
    "similarity_held_out.csv",
    "model/model.json",
    "model/arrays.safetensors",
    f"model/{RECORD}",
)


def write_evaluation(
    evaluation: Evaluation,
    sample: Sample,
    genetic: np.ndarray,
    folder: Path,
    card: Mapping[str, Any],
) -> GuidedResult:
    """Write ``guide/``; ``guide.json``, which is returned, comes last.

    Parameters
    ----------
    evaluation : Evaluation
        Of the taxa of ``sample``; its summary names ``divisor``, the distance that becomes the
        similarity -1.
    genetic : array, shape (n, n)
    folder : Path
    card : mapping
        Goes into the stored model, beside the spec of the features.
    """
    one, taxa = evaluation.primary, list(sample.taxa)
    divisor = float(evaluation.summary["divisor"])
    remove(folder, (*PUBLISHED_ONLY, *SOMETIMES))
    places = _numbered(one.places)
    write_csv(
        folder / "embeddings.csv", places.set_index(pd.Index(taxa, name=GUIDED_MARK)), index=True
    )
    unseen = _numbered(one.held_out_places)
    unseen.insert(0, HELD_OUT, "true")
    write_csv(
        folder / "held_out.csv", unseen.set_index(pd.Index(taxa, name=GUIDED_MARK)), index=True
    )
    _square(folder / "held_out_distances.csv", one.found.guided, taxa)
    _square(folder / "held_out_image_free.csv", one.found.image_free, taxa)
    _square(folder / "held_out_column_means.csv", one.found.column_means, taxa)
    for name, matrix in (
        ("genetic", 1 - 2 * genetic / divisor),
        ("unguided", _cosines(sample.means)),
        ("guided", 1 - 2 * one.in_sample / divisor),
        ("held_out", _with_diagonal(1 - 2 * one.found.guided / divisor)),
    ):
        _square(folder / f"similarity_{name}.csv", matrix, taxa)
    told = _write_sometimes(evaluation, sample, folder)
    name, model = evaluation.summary["learner"], folder / "model"
    save_guide(one.learner, name, sample.spec, card, model, visual_similarity_of(sample))
    result = GuidedResult.of({**evaluation.summary, **told})
    write_text(folder / "guide.json", result.to_json())
    return result


def remove(folder: Path, names: tuple[str, ...]) -> None:
    """Remove files of an earlier run that this one does not make."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def remove_held_out(folder: Path) -> None:
    """Remove what only recipes that hold clades out make."""
    remove(folder, tuple(name for name in HELD_OUT_ONLY if "/" not in name))
    shutil.rmtree(folder / "model", ignore_errors=True)


def _write_sometimes(evaluation: Evaluation, sample: Sample, folder: Path) -> dict[str, str]:
    """Attention weights and loss curve, of the first learner that has them; name these."""
    told = {}
    learners: dict[str, Any] = {name: one.learner for name, one in evaluation.judged.items()}
    for name, learner in learners.items():
        if hasattr(learner, "attention") and "weighed_by" not in told:
            told["weighed_by"] = name
            table = {
                "taxon": [sample.taxa[code] for code in sample.codes],
                "image": list(sample.ids),
                "weight": learner.attention(sample),
            }
            write_csv(folder / "attention.csv", pd.DataFrame(table))
        curve = getattr(learner, "loss_curve_", None)
        if curve is not None and "stepped_by" not in told:
            told["stepped_by"] = name
            table = pd.DataFrame({"loss": np.asarray(curve)}).rename_axis("epoch")
            write_csv(folder / "loss.csv", table, index=True)
    return told


def _numbered(matrix: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(matrix, columns=[str(place) for place in range(matrix.shape[1])])


def _square(path: Path, matrix: np.ndarray, taxa: list[str]) -> None:
    write_csv(path, pd.DataFrame(matrix, taxa, taxa).rename_axis("taxon"), index=True)


def _with_diagonal(matrix: np.ndarray) -> np.ndarray:
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _cosines(means: np.ndarray) -> np.ndarray:
    unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    found: np.ndarray = unit @ unit.T
    return found
