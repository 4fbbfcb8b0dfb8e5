"""Unknown specimens of a study: where they come from, and their features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from phylolens.embedding.feature_file import read_features
from phylolens.embedding.files import chunks_of_images
from phylolens.errors import InputError, require_file
from phylolens.guided.sample import Sample, to_sample
from phylolens.images import open_file, sha256_of
from phylolens.pipeline.context import RunContext
from phylolens.progress import Progress, silent
from phylolens.specimens.locate import new_images
from phylolens.values import Features

TASK = "embedding unknowns"


@dataclass(frozen=True)
class Unknowns:
    """Unknowns with usable images.

    Parameters
    ----------
    sample : Sample
        One taxon of it an unknown.
    files : dict of str to tuple of str
        Images of each.
    not_usable : dict of str to str
        Files without features, and why.
    hashes : dict of str to str
        SHA-256 of the content of files, where they are images.
    paths : dict of str to str
        Of these images.
    """

    sample: Sample
    files: dict[str, tuple[str, ...]]
    not_usable: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Where unknowns come from, and what their features have to be like.

    Parameters
    ----------
    path : Path or None
        A folder of images, or a table of features; None: there are no others.
    spec : mapping
        Of the reference's features.
    width : int
        Their number.
    root : bool
        Whether they are square-rooted.
    of_images : bool
        Whether they were made from images here.
    """

    path: Path | None
    spec: Mapping[str, Any]
    width: int
    root: bool
    of_images: bool


def gather_unknowns(
    source: Source,
    out: Path,
    own: Features | None = None,
    *,
    weights: Path | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> Unknowns | None:
    """Gather the unknowns; None where there are none.

    Parameters
    ----------
    source : Source
    out : Path
        Results directory, whose store keeps the features of images.
    own : Features, optional
        Of the study's own images without a taxon.
    weights, device
        Of the network.
    progress : callable

    Raises
    ------
    InputError
        If none of the unknowns given can be used, or their features are others than the
        reference's.
    """
    given, failed, images = _given(source, out, weights, device, progress)
    parts = [features for features in (own, given) if features is not None and len(features)]
    if not parts:
        if source.path is not None:
            why = next(iter(failed.values()), "none given")
            raise InputError(
                f"no unknown has a usable image ({why}).",
                where=source.path,
                ids=list(failed),
                hint="Give images that can be opened.",
            )
        return None
    ids = tuple(name for part in parts for name in part.ids)
    if len(set(ids)) < len(ids):
        twice = sorted(name for name in set(ids) if ids.count(name) > 1)
        raise InputError("unknowns that have the name of a reference file.", ids=twice)
    matrix = np.concatenate([part.matrix for part in parts])
    owner = pd.Series(specimen_names(ids), index=list(ids))
    sample = to_sample(
        Features(ids, np.sqrt(matrix.clip(0)) if source.root else matrix, {}),
        owner,
        pd.Series(list(ids), index=list(ids)),
        sorted(set(owner)),
    )
    files = {name: tuple(rows.index) for name, rows in owner.groupby(owner, sort=True)}
    hashes = {name: _hash(path) for name, path in images.items()}
    paths = {name: str(path.resolve()) for name, path in images.items()}
    return Unknowns(sample, files, failed, hashes, paths)


def specimen_names(files: tuple[str, ...]) -> list[str]:
    """Name the specimen of each file: the sub-folder that it shares with others, or itself."""
    folders = pd.Series([str(PurePosixPath(name).parent) for name in files])
    shared = folders.map(folders.value_counts()) > 1
    inside = shared & (folders != ".")
    return [
        folder if together else name
        for name, folder, together in zip(files, folders, inside, strict=True)
    ]


def without_taxon(context: RunContext) -> Features:
    """Features of the study's own images that have no taxon at the rank of comparison."""
    dataset = context.dataset
    files = dataset.table["file"][dataset.table[dataset.rank].isna()]
    return context.images.originals.take(list(files))


def _given(
    source: Source, out: Path, weights: Path | None, device: str, progress: Progress
) -> tuple[Features, dict[str, str], dict[str, Path]]:
    """Features of the unknowns given, files that have none and why, images of the others."""
    nothing = Features((), np.zeros((0, source.width), np.float32), {})
    if source.path is None:
        return nothing, {}, {}
    if not source.of_images:
        return _from_table(source.path, source.width), {}, {}
    if not source.path.exists():
        require_file(source.path, "Give a folder of images.")
    files = new_images(source.path, out, "no unknowns.")
    parts: list[Features] = []
    failed: dict[str, str] = {}
    done = 0
    progress(TASK, 0, len(files))
    for features, faults in chunks_of_images(source.spec, files, out / "features", weights, device):
        failed |= dict(faults)
        done += len(faults) + (0 if features is None else len(features))
        progress(TASK, done, len(files))
        if features is not None:
            parts.append(features)
    if not parts:
        return nothing, failed, {}
    ids = tuple(name for part in parts for name in part.ids)
    found = Features(ids, np.concatenate([part.matrix for part in parts]), {})
    return found, failed, {name: files[name] for name in ids}


def _from_table(source: Path, width: int) -> Features:
    if source.is_dir():
        raise InputError(
            "the reference is features made elsewhere, so unknowns have to be, too.",
            where=source,
            hint="Give a table of features, or --images instead of --features.",
        )
    found = read_features(source)
    if found.matrix.shape[1] != width:
        raise InputError(
            f"the reference has {width} features an image; got {found.matrix.shape[1]}.",
            where=source,
            hint="Features of unknowns have to be made as those of the reference.",
        )
    return found


def _hash(path: Path) -> str:
    with open_file(path) as file:
        return sha256_of(file)
