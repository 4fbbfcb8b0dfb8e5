"""Embed new images exactly as a stored model's were."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.embedding.engine import embed_with
from phylolens.embedding.extractor import Extractor, prepare
from phylolens.embedding.same_spec import require_same, spec_parts
from phylolens.embedding.views import Embedding, View
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.values import Features

TOLD_BY_NETWORK = ("flips", "blocks", "feature_size")  # or by the caller; not by the weights


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
