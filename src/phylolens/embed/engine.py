"""Pictures to features: reads each file once and computes only what the store lacks."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.embed.backbones import DEFAULT_BACKBONE, BackboneSpec, find_backbone
from phylolens.embed.inference import DEVICES, Inference, open_inference, require_vision
from phylolens.embed.preprocess import check_fit
from phylolens.embed.store import FeatureStore
from phylolens.embed.views import Embedding, View, by_file, check_views
from phylolens.embed.weights import get_weights
from phylolens.embed.work import Outcome, Worker
from phylolens.errors import InputError, Problem
from phylolens.progress import Progress, silent
from phylolens.provenance import file_hash
from phylolens.values import Features

FLUSH_ROWS = 512  # rows a shard
AHEAD = 4  # files under way, per thread
TASK = "embed"


def embed(
    views: Sequence[View],
    backbone: str = DEFAULT_BACKBONE,
    *,
    store: Path,
    weights: Path | None = None,
    layers: Sequence[str] = (),
    fit: str | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 32,
    workers: int | None = None,
    progress: Progress = silent,
) -> Embedding:
    """Turn pictures into features.

    The result depends on the pictures, the spec and the seed only: not on the order of work, the
    number of threads or what the store held before. Stopping it keeps what is finished.

    Parameters
    ----------
    views : sequence of View
        The pictures, with unique ids. Neighbours of one file share its decoding.
    backbone : str
        A key of ``BACKBONES``, or ``timm:<architecture>``.
    store : Path
        Folder of the feature stores.
    weights : Path, optional
        A checkpoint to use instead of the published one.
    layers : sequence of str
        Layers to average over space and join; empty for the network's own features (``final``).
    fit : str, optional
        ``pad``, ``squash`` or ``crop``; the backbone's own by default.
    seed : int
        Seed of the augmentations.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    batch_size : int
        Pictures a batch on a GPU; on the CPU every thread takes one picture at a time.
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
    started = time.perf_counter()
    check_views(views)
    require_vision()
    _check_numbers(seed, device, batch_size, workers)
    layers = (layers,) if isinstance(layers, str) else tuple(layers)
    spec = find_backbone(backbone)
    fit = check_fit(fit or spec.fit)
    checkpoint = get_weights(spec, weights, progress)
    record = _record(spec, checkpoint, fit, layers)
    shelf = FeatureStore(store, record)
    notes: list[Problem] = []

    def open_network() -> Inference:
        opened = open_inference(spec, checkpoint, record["weights_sha256"], layers, device)
        notes.extend(opened.problems)
        return opened.run

    worker = Worker(spec, fit, seed, shelf, open_network)
    collected = _Collected(shelf, worker, record, batch_size)
    _run(views, worker, collected, workers or _threads(), progress)
    features, failed = _in_order(views, collected, shelf, record)
    return Embedding(
        features=features,
        failed=failed,
        n_computed=collected.n_computed,
        n_reused=len(features) - collected.n_computed,
        seconds=time.perf_counter() - started,
        problems=(*shelf.problems, *notes),
    )


class _Collected:
    """Gathers outcomes in the calling thread and writes them to the store as shards."""

    def __init__(
        self, shelf: FeatureStore, worker: Worker, record: dict[str, Any], batch_size: int
    ) -> None:
        self.keys: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.n_computed = 0
        self._shelf, self._worker, self._record = shelf, worker, record
        self._batch_size = batch_size
        self._pixels: dict[str, np.ndarray] = {}
        self._vectors: dict[str, np.ndarray] = {}

    def take(self, outcome: Outcome) -> None:
        """Accept what came of one file."""
        self.keys |= outcome.keys
        self.faults |= outcome.faults
        self._pixels |= outcome.pixels
        self._accept(outcome.vectors)
        while len(self._pixels) >= self._batch_size:
            self._infer()
        if len(self._vectors) >= FLUSH_ROWS:
            self.flush()

    def finish(self) -> None:
        """Run the last, smaller batch and write the rest."""
        while self._pixels:
            self._infer()
        self.flush()

    def flush(self) -> None:
        """Write the waiting rows as a shard."""
        if not self._vectors:
            return
        rows = np.stack(list(self._vectors.values()))
        with self._worker.lock:
            self._shelf.write_spec(self._record | {"feature_size": rows.shape[1]})
            self._shelf.add(list(self._vectors), rows)
        self._vectors.clear()

    def _infer(self) -> None:
        keys = list(self._pixels)[: self._batch_size]
        batch = np.stack([self._pixels.pop(key) for key in keys])
        rows = self._worker.network()(batch)
        self._accept(dict(zip(keys, rows, strict=True)))

    def _accept(self, vectors: dict[str, np.ndarray]) -> None:
        for key, vector in vectors.items():
            if np.isfinite(vector).all():
                self._vectors[key] = vector
                self.n_computed += 1
            else:
                self.faults[key] = "the backbone gave values that are not finite"


def _run(
    views: Sequence[View],
    worker: Worker,
    collected: _Collected,
    threads: int,
    progress: Progress,
) -> None:
    done = 0
    progress(TASK, done, len(views))
    try:
        for piece, outcome in _in_parallel(worker, by_file(views), threads):
            collected.take(outcome)
            done += len(piece)
            progress(TASK, done, len(views))
        collected.finish()
    finally:
        collected.flush()  # an interrupt keeps what is finished


def _in_parallel(
    work: Callable[[list[View]], Outcome], pieces: Iterator[list[View]], threads: int
) -> Iterator[tuple[list[View], Outcome]]:
    """Work on pieces in threads, in order, a bounded number ahead, so memory stays bounded."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix=TASK)
    under_way: deque[tuple[list[View], Future[Outcome]]] = deque()
    try:
        for piece in pieces:
            under_way.append((piece, pool.submit(work, piece)))
            if len(under_way) >= AHEAD * threads:
                first, future = under_way.popleft()
                yield first, future.result()
        while under_way:
            first, future = under_way.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(
    views: Sequence[View], collected: _Collected, shelf: FeatureStore, record: dict[str, Any]
) -> tuple[Features, dict[str, str]]:
    failed: dict[str, str] = {}
    ids, keys = [], []
    for view in views:
        key = collected.keys.get(view.id, view.id)
        reason = collected.faults.get(key)
        if reason is None:
            ids.append(view.id)
            keys.append(key)
        else:
            failed[view.id] = reason
    matrix = shelf.gather(keys)
    return Features(tuple(ids), matrix, record | {"feature_size": shelf.feature_size}), failed


def _record(
    spec: BackboneSpec, checkpoint: Path, fit: str, layers: Sequence[str]
) -> dict[str, Any]:
    """Describe everything a feature depends on besides the picture."""
    return {
        "backbone": spec.name,
        "architecture": spec.architecture,
        "weights": checkpoint.name,
        "weights_sha256": file_hash(checkpoint),
        "input_size": spec.input_size,
        "mean": list(spec.mean),
        "std": list(spec.std),
        "interpolation": spec.interpolation,
        "fit": fit,
        "layers": list(layers),
        "feature_size": 0 if layers else spec.feature_size,
    }


def _check_numbers(seed: int, device: str, batch_size: int, workers: int | None) -> None:
    if seed < 0:
        raise InputError(f"the seed must not be negative; got {seed}.", where="seed")
    if batch_size < 1:
        raise InputError(f"a batch needs at least 1 picture; got {batch_size}.", where="batch size")
    if workers is not None and workers < 1:
        raise InputError(f"at least 1 worker is needed; got {workers}.", where="workers")
    if device not in DEVICES:
        raise InputError(
            f"there is no device '{device}'.", where="device", hint=f"Use {', '.join(DEVICES)}."
        )


def _threads() -> int:
    """Return the cores this process may use, and one more to hide the reading of files."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) + 1
    return (os.cpu_count() or 1) + 1
