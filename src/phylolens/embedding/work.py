"""What one worker thread does: read a file, hash it, and compute only what the store lacks."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from PIL import ImageOps

from phylolens.embedding.augment import View, augment
from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.inference import Inference
from phylolens.embedding.preprocess import fit_square
from phylolens.embedding.store import FeatureStore, mirror_key, row_key
from phylolens.images import UnreadableImage, decode, open_file, sha256_of
from phylolens.reading.text import system_fault


@dataclass
class Outcome:
    """What came of the views of one file.

    ``keys`` maps ids to store keys; ``vectors`` holds new features by key, or ``pixels`` new
    images where the network runs elsewhere; ``faults`` says by key or id what went wrong.
    """

    keys: dict[str, str] = field(default_factory=dict)
    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    pixels: dict[str, np.ndarray] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


class Worker:
    """The work on single files, shared by all threads.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone.
    fit : str
        How images are made square.
    seed : int
        Seed of the augmentations.
    flips : bool
        Whether every image's mirror image is wanted too.
    store : FeatureStore
        Asked for what is there; only read here.
    open_network : callable
        Gives the network; called at the first missing row, once.
    """

    def __init__(
        self,
        spec: BackboneSpec,
        fit: str,
        seed: int,
        flips: bool,
        store: FeatureStore,
        open_network: Callable[[], Inference],
    ) -> None:
        self._spec, self._fit, self._seed, self._flips = spec, fit, seed, flips
        self._store = store
        self._open_network = open_network
        self._network: Inference | None = None
        self._claimed: set[str] = set()
        self._lock = threading.Lock()  # the store and what is claimed
        self._opening = threading.Lock()

    @property
    def lock(self) -> threading.Lock:
        """Held by whoever changes the store."""
        return self._lock

    def network(self) -> Inference:
        """Return the network, opened at the first call."""
        with self._opening:
            if self._network is None:
                self._network = self._open_network()
            return self._network

    def __call__(self, views: Sequence[View]) -> Outcome:
        """Do everything for some views of one file."""
        outcome = Outcome()
        try:
            with open_file(views[0].path) as file:
                self._read(views, file, outcome)
        except (OSError, UnreadableImage) as error:
            reason = system_fault(error) if isinstance(error, OSError) else str(error)
            outcome.faults |= {view.id: reason for view in views if view.id not in outcome.keys}
        return outcome

    def _read(self, views: Sequence[View], file: BinaryIO, outcome: Outcome) -> None:
        content = sha256_of(file)
        missing: dict[str, tuple[View, bool]] = {}
        for view in views:
            key = row_key(content, view.augmentation, view.copy, self._seed)
            outcome.keys[view.id] = key
            if self._claim(key):
                missing[key] = (view, False)
            if self._flips and self._claim(mirror_key(key)):
                missing[mirror_key(key)] = (view, True)
        if missing:
            self._compute(missing, file, content, outcome)

    def _claim(self, key: str) -> bool:
        """Whether this thread has to compute ``key``: not in the store, nobody else on it."""
        with self._lock:
            if key in self._claimed or key in self._store:
                return False
            self._claimed.add(key)
            return True

    def _compute(
        self,
        missing: dict[str, tuple[View, bool]],
        file: BinaryIO,
        content: str,
        outcome: Outcome,
    ) -> None:
        network = self.network()
        try:
            upright = decode(file, self._spec.input_size)
        except UnreadableImage as error:
            outcome.faults = dict.fromkeys(missing, str(error))
            return
        square = fit_square(upright, self._spec, self._fit)
        for key, (view, mirrored) in missing.items():
            image = augment(
                square, view.augmentation, content=content, copy=view.copy, seed=self._seed
            )
            pixels = np.asarray(ImageOps.mirror(image) if mirrored else image)
            if network.in_threads:
                outcome.vectors[key] = network(pixels[None])[0]
            else:
                outcome.pixels[key] = pixels
