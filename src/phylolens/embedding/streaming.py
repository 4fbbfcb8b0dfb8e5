"""Features of many new images, a few hundred at a time, so that memory does not grow."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from phylolens.embedding import embed_files
from phylolens.values import Features

CHUNK = 500
Chunk = tuple[Features | None, Mapping[str, str]]  # what could be read, and why the rest could not


def chunks_of_pictures(
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
