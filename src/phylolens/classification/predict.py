"""Name what new images show with a stored model, a few hundred at a time.

Answers come as two tables: a long one for programs, a wide one for people.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.classification.calibrated import GUARANTEES, Answers, CalibratedModel
from phylolens.classification.conformal import along
from phylolens.classification.model_file import load_model
from phylolens.classification.novelty import combined, p_value
from phylolens.embedding.files import Chunk, chunks_of_features, chunks_of_images
from phylolens.embedding.same_spec import require_asked
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.results.classifier import AnswersSummary
from phylolens.specimens.locate import new_images
from phylolens.values import Features
from phylolens.writing import append_csv, replacing, write_csv

NONE = "none of these"
LARGEST_SET = 10  # taxa written out; beyond, a count
SUSPECT = 0.05  # p-value below which a specimen is counted as unlike the known ones


def predict_new(
    folder: Path,
    *,
    images: Path | None = None,
    features: Features | None = None,
    wanted: Mapping[str, Any] | None = None,
    out: Path,
    guarantee: str = GUARANTEES[0],
    device: str = "auto",
    progress: Progress = silent,
) -> AnswersSummary:
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
        Instead of images: made elsewhere, as the model's were.
    wanted : mapping, optional
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
    AnswersSummary
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
    if features is not None and images is not None:
        raise InputError(
            "images and features exclude each other.", hint="Give --images or --features."
        )
    model = load_model(folder)
    wanted = dict(wanted or {})
    weights = wanted.pop("weights", None)
    if features is not None:
        _require_width(model, features)
        chunks = chunks_of_features(features)
        total = len(features)
    else:
        files = new_images(images, out, "nothing to classify.")
        require_asked(model.spec, wanted, where=folder)
        chunks = chunks_of_images(model.spec, files, out / "features", weights, device)
        total = len(files)
    return _write(model, chunks, total, out, guarantee, progress)


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
    out: Path,
    guarantee: str,
    progress: Progress,
) -> AnswersSummary:
    """Append each chunk to both tables; they appear under their names when all is done."""
    task, done, folder = "classifying new images", 0, out / "classify" / "new"
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
    summary.write(out)
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
) -> AnswersSummary:
    answered = total - len(failed)
    order: Sequence[str] = (*model.tree.ranks, NONE)
    return AnswersSummary.of(
        {
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
    )


def long_table(model: CalibratedModel, answers: Answers) -> pd.DataFrame:
    """One row a file and rank; ranks where the path has no taxon are left out.

    Columns ``file``, ``rank``, ``taxon``, ``probability``, ``accepted``.
    """
    ranks = model.tree.ranks
    depth = _depth(model, answers.accepted)
    table = pd.DataFrame(
        {
            "file": np.repeat(answers.ids, len(ranks)),
            "rank": np.tile(ranks, len(answers)),
            "taxon": model.tree.labels(answers.path).ravel(),
            "probability": along(answers.marginals, answers.path).ravel(),
            "accepted": (np.arange(len(ranks)) <= depth[:, None]).ravel(),
        }
    )
    return table[table["taxon"].notna()].reset_index(drop=True)


def wide_table(model: CalibratedModel, answers: Answers) -> pd.DataFrame:
    """One row a file: the answer at every rank, how deep it is safe, and how novel it is.

    Columns ``file``; one a rank; ``accepted_rank`` and ``accepted_taxon``, ``none of these`` where
    no rank is safe; ``accepted_probability``, missing there; ``conformal_set``, the finest taxa
    within the accepted one that may be meant if the specimen's is a known one, separated by ``|``
    (all taxa where no rank is safe); ``conformal_set_size``; ``novelty_p_value``, small where known
    specimens hardly ever are as unfamiliar.
    """
    tree = model.tree
    ranks = np.array([*tree.ranks, NONE], dtype=object)
    taxa = tree.labels(answers.path)
    chance = along(answers.marginals, answers.path)
    depth = _depth(model, answers.accepted)
    rows = np.arange(len(answers))
    names, of_tips = tree.labels(tree.tips), answers.marginals[:, tree.tips]
    safe = depth >= 0
    return pd.DataFrame(
        {
            "file": answers.ids,
            **{rank: taxa[:, place] for place, rank in enumerate(tree.ranks)},
            "accepted_rank": ranks[depth],
            "accepted_taxon": np.where(safe, tree.labels(answers.accepted), NONE),
            "accepted_probability": np.where(safe, chance[rows, depth], np.nan),
            "conformal_set": [
                _set(names, row, p) for row, p in zip(answers.sets, of_tips, strict=True)
            ],
            "conformal_set_size": answers.sets.sum(axis=1),
            "novelty_p_value": novelty_p(model, answers),
        }
    )


def novelty_p(model: CalibratedModel, answers: Answers) -> np.ndarray:
    """P-value of "this taxon is known", from both scores together.

    The combined score of each row is held against those of the known calibration specimens, so
    of new specimens of known taxa a share p has such a value or a smaller one.
    """
    known = model.calibration.novelty
    of_known = combined({name: p_value(v, v, among=True) for name, v in known.items()})
    of_new = combined({name: p_value(answers.novelty[name], v) for name, v in known.items()})
    return p_value(of_new, of_known)


def _depth(model: CalibratedModel, accepted: np.ndarray) -> np.ndarray:
    """Place of each accepted node's rank; -1 for none."""
    place = {rank: number for number, rank in enumerate(model.tree.ranks)}
    of_node = np.array([*model.tree.nodes["rank"].map(place), -1])
    return of_node[accepted]


def _set(names: np.ndarray, chosen: np.ndarray, probabilities: np.ndarray) -> str:
    """Name the leaves of a set, the most probable first; beyond ten the rest are counted."""
    order = np.flatnonzero(chosen)[np.argsort(-probabilities[chosen], kind="stable")]
    shown = "|".join(map(str, names[order[:LARGEST_SET]]))
    hidden = len(order) - LARGEST_SET
    return f"{shown}|and {hidden} more" if hidden > 0 else shown
