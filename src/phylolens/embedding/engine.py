"""Images to features: of one backbone or of several joined, alone or with their mirror images."""

import time
from collections.abc import Sequence
from pathlib import Path

from phylolens.embedding.augment import Embedding, View, check_views
from phylolens.embedding.backbones import DEFAULT_BACKBONE
from phylolens.embedding.extractor import Extractor, backbone_names, prepare
from phylolens.embedding.fuse import joined
from phylolens.embedding.inference import DEVICES, require_vision
from phylolens.embedding.one_backbone import embed_one
from phylolens.errors import InputError
from phylolens.progress import Progress, silent


def embed(
    views: Sequence[View],
    backbone: str = DEFAULT_BACKBONE,
    *,
    store: Path,
    weights: Path | None = None,
    layers: Sequence[str] = (),
    fit: str | None = None,
    flips: bool = False,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 32,
    workers: int | None = None,
    progress: Progress = silent,
) -> Embedding:
    """Turn images into features.

    The result depends on the images, the spec and the seed only: not on the order of work, the
    number of threads or what the store held before. Stopping it keeps what is finished.

    Parameters
    ----------
    views : sequence of View
        The images, with unique ids. Neighbours of one file share its decoding.
    backbone : str
        A key of ``BACKBONES``, or ``timm:<architecture>``; several are separated by commas. Each
        has a store of its own; their rows are scaled to length 1 and joined end to end.
    store : Path
        Folder of the feature stores.
    weights : Path, optional
        A checkpoint to use instead of the published one; for a single backbone only.
    layers : sequence of str
        Layers to average over space and join, of every backbone; empty for the network's own
        features (``final``). ``spec["blocks"]`` of the result holds the width of each.
    fit : str, optional
        ``pad``, ``squash`` or ``crop``; the backbone's own by default.
    flips : bool
        Average the features of every image, altered copies included, with those of its mirror
        image. Not for material whose handedness is a character: the mirror image of a coiled
        shell, of one valve of an inequivalve bivalve or of a flatfish is another organism.
    seed : int
        Seed of the augmentations.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    batch_size : int
        Images a batch on a GPU; on the CPU every thread takes one image at a time.
    workers : int, optional
        Threads; by default one more than there are cores.
    progress : callable
        Told how many views are done.

    Returns
    -------
    Embedding
        Features of the views that worked and reasons for the rest.

    Raises
    ------
    InputError
        If ids repeat, or backbone, weights, layers, fit, augmentation or device cannot be used.
    """
    check_views(views)
    require_vision()
    _check_numbers(seed, device, batch_size, workers)
    names = backbone_names(backbone)
    if weights is not None and len(names) > 1:
        raise InputError(
            f"one checkpoint cannot serve {len(names)} backbones.",
            where="weights",
            hint="Give one backbone with it, or leave it out to use the published weights.",
        )
    extractors = [
        prepare(name, weights=weights, layers=layers, fit=fit, progress=progress) for name in names
    ]
    return embed_with(
        views,
        extractors,
        store=store,
        flips=flips,
        seed=seed,
        device=device,
        batch_size=batch_size,
        workers=workers,
        progress=progress,
    )


def embed_with(
    views: Sequence[View],
    extractors: Sequence[Extractor],
    *,
    store: Path,
    flips: bool = False,
    normalise: bool = True,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 32,
    workers: int | None = None,
    progress: Progress = silent,
) -> Embedding:
    """Turn images into features with extractors that are ready; see :func:`embed`.

    ``normalise`` says whether rows of several backbones are scaled to length 1.
    """
    started = time.perf_counter()
    found = [
        embed_one(
            views,
            extractor,
            store=store,
            flips=flips,
            seed=seed,
            device=device,
            batch_size=batch_size,
            workers=workers,
            progress=_share(progress, number, len(extractors)),
        )
        for number, extractor in enumerate(extractors)
    ]
    if len(found) == 1:
        return found[0]
    failed = {name: reason for one in reversed(found) for name, reason in one.failed.items()}
    return Embedding(
        features=joined([one.features for one in found], normalise=normalise),
        failed={view.id: failed[view.id] for view in views if view.id in failed},
        n_computed=sum(one.n_computed for one in found),
        n_reused=sum(one.n_reused for one in found),
        seconds=time.perf_counter() - started,
        problems=tuple(dict.fromkeys(problem for one in found for problem in one.problems)),
    )


def _share(progress: Progress, number: int, parts: int) -> Progress:
    """Let one of several equal parts of the work move one common bar."""
    if parts == 1:
        return progress
    return lambda task, done, total: progress(task, number * total + done, parts * total)


def _check_numbers(seed: int, device: str, batch_size: int, workers: int | None) -> None:
    if seed < 0:
        raise InputError(f"the seed must not be negative; got {seed}.", where="seed")
    if batch_size < 1:
        raise InputError(f"a batch needs at least 1 image; got {batch_size}.", where="batch size")
    if workers is not None and workers < 1:
        raise InputError(f"at least 1 worker is needed; got {workers}.", where="workers")
    if device not in DEVICES:
        raise InputError(
            f"there is no device '{device}'.", where="device", hint=f"Use {', '.join(DEVICES)}."
        )
