"""Name what new images show with a stored model, a few hundred at a time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from phylolens.classification.answers import NONE, long_table, wide_table
from phylolens.classification.calibrated import GUARANTEES, CalibratedModel
from phylolens.classification.model_file import load_model
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.specimens.locate import new_pictures
from phylolens.values import Features
from phylolens.writing import append_csv, replacing, write_csv, write_json

if TYPE_CHECKING:
    from phylolens.embedding.files import Chunk

SUSPECT = 0.05  # p-value below which a specimen is counted as unlike the known ones


def predict(
    folder: Path,
    *,
    images: Path | None = None,
    features: Features | None = None,
    asked: Mapping[str, Any] | None = None,
    out: Path,
    guarantee: str = GUARANTEES[0],
    device: str = "auto",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Answer for new images; write ``answers.csv``, ``answers_by_rank.csv`` and a summary.

    Images are embedded as those the model was made from, and kept in the store of ``out``, so
    that an interrupted run goes on where it stopped. Memory does not grow with their number.

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
        Results directory; answers go to ``classify/new``.
    guarantee : str
        ``each``, ``mixed`` or ``known_only``, see
        :class:`phylolens.classification.calibration.Calibration`.
    device : str
        For the network.

    Returns
    -------
    dict
        Counts, as written to ``classify/new/summary.json``.

    Raises
    ------
    InputError
        If the model cannot be used with what was given, or no image could be read.
    """
    if guarantee not in GUARANTEES:
        raise InputError(
            f"unknown guarantee '{guarantee}'.", hint=f"Choose from {', '.join(GUARANTEES)}."
        )
    from phylolens.embedding.files import chunks_of_features, chunks_of_pictures

    if features is not None and images is not None:
        raise InputError(
            "images and features exclude each other.", hint="Give --images or --features."
        )
    model = load_model(folder)
    asked = dict(asked or {})
    weights = asked.pop("weights", None)
    if features is not None:
        _require_width(model, features)
        chunks = chunks_of_features(features)
        total = len(features)
    else:
        from phylolens.embedding.same_spec import require_asked

        files = new_pictures(images, out, "nothing to classify.")
        require_asked(model.spec, asked, where=folder)
        chunks = chunks_of_pictures(model.spec, files, out / "features", weights, device)
        total = len(files)
    return _write(model, chunks, total, out / "classify" / "new", guarantee, progress)


def _require_width(model: CalibratedModel, features: Features) -> None:
    wanted = model.reference.shape[1]
    if features.matrix.shape[1] != wanted:
        raise InputError(
            f"the model wants {wanted} features an image; got {features.matrix.shape[1]}.",
            where="--features",
            hint="Features have to be made as those the model was fitted on.",
        )


def _write(
    model: CalibratedModel,
    chunks: "Iterator[Chunk]",
    total: int,
    folder: Path,
    guarantee: str,
    progress: Progress,
) -> dict[str, Any]:
    """Append each chunk to both tables; they appear under their names when all is done."""
    task, done = "classifying new images", 0
    failed: dict[str, str] = {}
    resolved: Counter[str] = Counter()
    n_suspect = 0
    progress(task, 0, total)
    with ExitStack() as stack:
        names = ("answers.csv", "answers_by_rank.csv")
        wide_path, long_path = (stack.enter_context(replacing(folder / name)) for name in names)
        for features, faults in chunks:
            failed |= faults
            done += len(faults)
            if features is not None:
                answers = model.answer(features, guarantee)
                wide = wide_table(model, answers)
                append_csv(wide_path, wide)
                append_csv(long_path, long_table(model, answers))
                resolved.update(wide["accepted_rank"])
                n_suspect += int((wide["novelty_p_value"] < SUSPECT).sum())
                done += len(features)
            progress(task, done, total)
        if len(failed) == total:
            reason = next(iter(failed.values()), "none given")
            raise InputError(f"no image could be read ({reason}).", ids=list(failed))
    _list_failed(folder, failed)
    summary = _summary(model, total, failed, resolved, n_suspect, guarantee)
    write_json(folder / "summary.json", summary)
    return summary


def _list_failed(folder: Path, failed: Mapping[str, str]) -> None:
    path = folder / "not_readable.csv"
    path.unlink(missing_ok=True)
    if failed:
        write_csv(path, pd.DataFrame({"file": list(failed), "reason": list(failed.values())}))


def _summary(
    model: CalibratedModel,
    total: int,
    failed: Mapping[str, str],
    resolved: Counter[str],
    n_suspect: int,
    guarantee: str,
) -> dict[str, Any]:
    answered = total - len(failed)
    order: Sequence[str] = (*model.tree.ranks, NONE)
    return {
        "n_files": total,
        "n_answered": answered,
        "not_readable": sorted(failed),
        "guarantee": guarantee,
        "alpha": model.calibration.alpha,
        "alpha_unknown": model.calibration.alpha_unknown,
        "promised": list(model.calibration.promised),
        "accepted_at": {rank: resolved[rank] for rank in order},
        "n_unlike_known": n_suspect,
        "unlike_known_below_p": SUSPECT,
    }
