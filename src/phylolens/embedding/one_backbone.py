"""Images to features of one backbone: each file is read once, only what lacks is computed."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.embedding.augment import Embedding, View, by_file
from phylolens.embedding.extractor import Extractor
from phylolens.embedding.inference import Inference, open_inference
from phylolens.embedding.store import FeatureStore, mirror_key
from phylolens.embedding.work import Outcome, Worker
from phylolens.errors import Problem
from phylolens.progress import Progress
from phylolens.values import Features

FLUSH_ROWS = 512  # rows a shard
FLUSH_SECONDS = 30  # so that a slow machine loses little when it is stopped
AHEAD = 4  # files under way, per thread
TASK = "embed"


def embed_one(
    views: Sequence[View],
    extractor: Extractor,
    *,
    store: Path,
    flips: bool,
    seed: int,
    device: str,
    batch_size: int,
    workers: int | None,
    progress: Progress,
) -> Embedding:
    """Turn images into features of one backbone; see :func:`phylolens.embedding.embed`."""
    started = time.perf_counter()
    shelf = FeatureStore(store, extractor.record)
    notes: list[Problem] = []

    def open_network() -> Inference:
        sha256 = extractor.record["weights_sha256"]
        opened = open_inference(extractor.spec, extractor.weights, sha256, extractor.layers, device)
        notes.extend(opened.problems)
        return opened.run

    worker = Worker(extractor.spec, extractor.fit, seed, flips, shelf, open_network)
    collected = _Collected(shelf, worker, extractor.record, batch_size)
    _run(views, worker, collected, workers or _threads(), progress)
    collected.complete_spec(len(extractor.layers))
    rows, failed = _in_order(views, collected, flips)
    spec = collected.spec | {"flips": flips}
    return Embedding(
        features=Features(tuple(rows), _gather(shelf, list(rows.values()), flips), spec),
        failed=failed,
        n_computed=collected.n_computed,
        n_reused=max(0, len(rows) * (1 + flips) - collected.n_computed),
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
        self._flushed = time.monotonic()

    @property
    def spec(self) -> dict[str, Any]:
        """The record with the widths that only the network or the store knows."""
        shelf = self._shelf
        return self._record | {"feature_size": shelf.feature_size, "blocks": list(shelf.blocks)}

    def take(self, outcome: Outcome) -> None:
        """Accept what came of one file."""
        self.keys |= outcome.keys
        self.faults |= outcome.faults
        self._pixels |= outcome.pixels
        self._accept(outcome.vectors)
        while len(self._pixels) >= self._batch_size:
            self._infer()
        late = time.monotonic() - self._flushed > FLUSH_SECONDS
        if len(self._vectors) >= FLUSH_ROWS or late:
            self.flush()

    def finish(self) -> None:
        """Run the last, smaller batch and write the rest."""
        while self._pixels:
            self._infer()
        self.flush()

    def flush(self) -> None:
        """Write the waiting rows as a shard."""
        self._flushed = time.monotonic()
        if not self._vectors:
            return
        rows = np.stack(list(self._vectors.values()))
        with self._worker.lock:
            self._write_spec(self._worker.network().blocks)
            self._shelf.add(list(self._vectors), rows)
        self._vectors.clear()

    def complete_spec(self, n_layers: int) -> None:
        """Find the widths of the layers for a store that did not record them."""
        if self._shelf.blocks or not self._shelf.feature_size:
            return
        several = n_layers > 1
        blocks = self._worker.network().blocks if several else (self._shelf.feature_size,)
        if len(self._shelf):
            self._write_spec(blocks)
        self._shelf.blocks = tuple(blocks)

    def _write_spec(self, blocks: Sequence[int]) -> None:
        widths = {"feature_size": sum(blocks), "blocks": list(blocks)}
        self._shelf.write_spec(self._record | widths)

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
    views: Sequence[View], collected: _Collected, flips: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Return id to store key of the views that worked, and id to reason of the others."""
    rows, failed = {}, {}
    for view in views:
        key = collected.keys.get(view.id, view.id)
        reasons = [collected.faults.get(key)]
        if flips:
            reasons.append(collected.faults.get(mirror_key(key)))
        reason = next(filter(None, reasons), None)
        if reason is None:
            rows[view.id] = key
        else:
            failed[view.id] = reason
    return rows, failed


def _gather(shelf: FeatureStore, keys: Sequence[str], flips: bool) -> np.ndarray:
    """Read rows, each the mean of an image and its mirror image where these are wanted."""
    rows = shelf.gather(keys)
    if flips:
        rows += shelf.gather([mirror_key(key) for key in keys])
        rows /= 2
    return rows


def _threads() -> int:
    """Return the cores this process may use, and one more to hide the reading of files."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) + 1
    return (os.cpu_count() or 1) + 1
