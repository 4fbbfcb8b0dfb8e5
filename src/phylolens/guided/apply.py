"""Embed new images with a stored guided model, a few hundred at a time."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from phylolens.errors import InputError
from phylolens.guided.model_file import StoredGuide, load_guide
from phylolens.guided.new_files import Fit, WasSeen, rooted, write_new
from phylolens.guided.training_record import CONTENT, ID, TrainingRecord, hashes_of_ids, read_record
from phylolens.progress import Progress, silent
from phylolens.provenance import file_hash
from phylolens.specimens.locate import new_pictures
from phylolens.values import Features


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
    from phylolens.embedding.files import chunks_of_features, chunks_of_pictures

    if features is not None and images is not None:
        raise InputError(
            "images and features exclude each other.", hint="Give --images or --features."
        )
    model, asked = load_guide(folder), dict(asked or {})
    weights, seen = asked.pop("weights", None), read_record(folder)
    was_seen: WasSeen | None = None
    files: Mapping[str, Path] = {}
    if features is not None:
        _require_alike(model, features)
        chunks, total = chunks_of_features(features), len(features)
        if seen is not None and seen.by == ID:
            was_seen = partial(_ids_seen, seen)
    else:
        from phylolens.embedding.same_spec import require_asked

        files = new_pictures(images, out, "nothing to embed.")
        require_asked(model.spec, asked, where=folder)
        store, total = out / "features", len(files)
        chunks = chunks_of_pictures(model.spec, files, store, weights, device)
        if seen is not None and seen.by == CONTENT:
            was_seen = partial(_images_seen, seen, files)
        learner: Any = model.learner
        if hasattr(learner, "embed_pictures"):  # it runs a network of its own
            learner.set_params(weights=None if weights is None else str(weights), device=device)
    fit = Fit(model, seen, was_seen, files)
    return write_new(fit, chunks, total, out / "guide" / "new", progress)


def _ids_seen(seen: TrainingRecord, ids: tuple[str, ...]) -> list[bool]:
    return seen.has(hashes_of_ids(ids))


def _images_seen(
    seen: TrainingRecord, files: Mapping[str, Path], ids: tuple[str, ...]
) -> list[bool]:
    return seen.has([file_hash(files[name]) for name in ids])


def _require_alike(model: StoredGuide, features: Features) -> None:
    """Refuse features that the model's network cannot have made."""
    from phylolens.embedding.same_spec import options

    wanted, got = int(model.card["n_features"]), features.matrix.shape[1]
    why = ""
    if got != wanted:
        why = f"the model wants {wanted} features an image; got {got}"
    elif model.card.get("root") and (features.matrix < 0).any():
        why = "the model was fitted to features without negative values; these have some"
    elif model.likeness is not None:
        why = model.likeness.reason(rooted(model, features.matrix))
    if why:
        raise InputError(
            f"{why}.",
            where="--features",
            hint=f"Features like the model's: {options(model.spec)}.",
        )
