"""Features of image files and of specimens, in one call or a few hundred at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.embedding.augment import Embedding, View
from phylolens.embedding.backbones import DEFAULT_BACKBONE
from phylolens.embedding.cache import cache_folder
from phylolens.embedding.engine import embed as embed_views
from phylolens.embedding.engine import embed_with
from phylolens.embedding.extractor import Extractor, prepare
from phylolens.embedding.same_spec import require_same, spec_parts
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.specimens import Specimens
from phylolens.values import Features

TOLD_BY_NETWORK = ("flips", "blocks", "feature_size")  # or by the caller; not by the weights
CHUNK = 500
Chunk = tuple[Features | None, Mapping[str, str]]  # what could be read, and why the rest could not


def embed_files(
    paths: Mapping[str, Path],
    spec: Mapping[str, Any],
    *,
    store: Path,
    weights: Path | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Embedding:
    """Turn images into features of a given spec.

    May be called for a few thousand images at a time; the store holds what is done.

    Parameters
    ----------
    paths : mapping of str to Path
        Id of each image to its file.
    spec : mapping
        ``Features.spec`` of the features wanted, as :func:`phylolens.embedding.embed` returned it.
    store : Path
        Folder of the feature stores.
    weights : Path, optional
        The checkpoint, where it was not the published one; for a single backbone only.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    progress : callable
        Told how many images are done.

    Returns
    -------
    Embedding
        Features of the images that could be read, as wide as the spec says even if there are
        none, and reasons for the rest.

    Raises
    ------
    InputError
        If the features did not come from images, or backbone or weights are not to be had or
        are others than those of the spec.
    """
    extractors = extractors_of(spec, weights, progress)
    found = embed_with(
        [View(name, Path(path)) for name, path in paths.items()],
        extractors,
        store=store,
        flips=bool(spec_parts(spec)[0].get("flips")),
        device=device,
        normalise=bool(spec.get("normalised", True)),
        progress=progress,
    )
    if len(found.features):
        require_same(spec, found.features.spec, store)
        return found
    nothing = np.empty((0, int(spec.get("feature_size") or 0)), np.float32)
    return replace(found, features=Features((), nothing, spec))


def extractors_of(
    spec: Mapping[str, Any], weights: Path | None = None, progress: Progress = silent
) -> list[Extractor]:
    """Find the backbones of a spec, and refuse weights or settings other than its own.

    Raises
    ------
    InputError
        See :func:`embed_files`.
    """
    parts = spec_parts(spec)
    if not all(part.get("backbone") for part in parts):
        raise InputError(
            "the features were not made from images here.",
            where="features",
            hint="Make features of the new images in the same way as before and give them with "
            "--features.",
        )
    if weights is not None and len(parts) > 1:
        raise InputError(f"one checkpoint cannot serve {len(parts)} backbones.", where="weights")
    found = []
    for part in parts:
        extractor = prepare(
            part["backbone"],
            weights=weights,
            layers=part.get("layers") or (),
            fit=part.get("fit"),
            progress=progress,
        )
        told = {name: part[name] for name in TOLD_BY_NETWORK if name in part}
        require_same(part, extractor.record | told, where=extractor.weights)
        found.append(extractor)
    return found


def embed(
    specimens: Specimens,
    *,
    backbone: str = DEFAULT_BACKBONE,
    store: str | Path | None = None,
    weights: str | Path | None = None,
    layers: Sequence[str] = (),
    fit: str | None = None,
    flips: bool = False,
    device: str = "auto",
    progress: Progress = silent,
) -> Features:
    """Turn the images of specimens into features; what was computed before is read again.

    Parameters
    ----------
    specimens : Specimens
        Images that can be opened (:func:`phylolens.read_specimens`).
    backbone : str
        A name that ``phylolens backbones`` lists, or ``timm:<architecture>``; several are
        separated by commas, and their features joined.
    store : str or Path, optional
        Folder of the feature store; one in the user's cache by default.
    weights : str or Path, optional
        A checkpoint to use instead of the published one; for a single backbone only.
    layers : sequence of str
        Layers to average over space and join; empty for the network's own features.
    fit : str, optional
        ``pad``, ``squash`` or ``crop``; the backbone's own by default.
    flips : bool
        Average the features of every image with those of its mirror image. Not for material whose
        handedness is a character.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    progress : callable
        Told how many images are done.

    Returns
    -------
    Features
        One row an image; ids are the column ``file``.

    Raises
    ------
    InputError
        If an image cannot be embedded, or the weights are not to be had.

    Examples
    --------
    Two small images, and the network that comes with ``phylolens[vision]``.

    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from phylolens import embed, read_specimens
    >>> for family, colour in (("Arcidae", "tan"), ("Veneridae", "teal")):
    ...     Path("images", family).mkdir(parents=True)
    ...     Image.radial_gradient("L").resize((64, 64)).save(f"images/{family}/1.png")
    >>> specimens = read_specimens(images=Path("images"))
    >>> embed(specimens, store="store").matrix.shape
    (2, 1280)
    """
    table = specimens.table
    views = [
        View(str(file), Path(path), "", 0)
        for file, path in zip(table["file"], table["path"], strict=True)
    ]
    found = embed_views(
        views,
        backbone,
        store=Path(store) if store is not None else cache_folder() / "features",
        weights=None if weights is None else Path(weights),
        layers=layers,
        fit=fit,
        flips=flips,
        device=device,
        progress=progress,
    )
    if found.failed:
        why = next(iter(found.failed.values()))
        raise InputError(
            f"images could not be embedded ({why}).",
            ids=list(found.failed),
            hint="Replace these images, or leave them out of the table.",
        )
    return found.features


def chunks_of_images(
    spec: Mapping[str, Any],
    files: Mapping[str, Path],
    store: Path,
    weights: Path | None = None,
    device: str = "auto",
) -> Iterator[Chunk]:
    """Embed some images at a time, in the way that ``spec`` says.

    Yields
    ------
    features : Features or None
        Of the images that could be read, if any.
    failed : mapping of str to str
        Why each of the others could not.
    """
    names = list(files)
    for start in range(0, len(names), CHUNK):
        some = {name: files[name] for name in names[start : start + CHUNK]}
        found = embed_files(some, spec, store=store, weights=weights, device=device)
        yield found.features if len(found.features) else None, found.failed


def chunks_of_features(features: Features) -> Iterator[Chunk]:
    """Divide features made elsewhere likewise; none fails."""
    for start in range(0, len(features), CHUNK):
        yield features.take(features.ids[start : start + CHUNK]), {}
