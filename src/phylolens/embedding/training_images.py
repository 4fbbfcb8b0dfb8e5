"""Images to train a network on, and what its frozen part makes of them, kept for all fits."""

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.embedding.augment import augment
from phylolens.embedding.preprocess import fit_square
from phylolens.errors import InputError
from phylolens.images import UnreadableImage, decode, open_file, sha256_of
from phylolens.progress import Progress, silent

if TYPE_CHECKING:
    from phylolens.embedding.augment import View
    from phylolens.embedding.backbones import BackboneSpec
    from phylolens.embedding.tuning import TunableNetwork


NO_IMAGES = "fine-tuning needs the images, not only their features."
KEPT = 2 << 30  # bytes of activations kept in memory; what is beyond them is computed anew
AT_ONCE = 16  # images


class TrainingImages:
    """Images by their ids.

    Activations are computed an image at a time, so those of one do not depend on its neighbours,
    and for as many as ``kept`` bytes allow only once, whatever the number of fits.

    Parameters
    ----------
    views : iterable of View
        Originals and altered copies.
    fit : str, optional
        How they are made square; the backbone's own way by default.
    seed : int
        Of the alterations.
    kept : int
        Bytes.
    progress : callable
        Told how many images were read.
    """

    def __init__(
        self,
        views: Iterable["View"],
        *,
        fit: str | None = None,
        seed: int = 0,
        kept: int = KEPT,
        progress: Progress = silent,
    ) -> None:
        self.views = {view.id: view for view in views}
        self.fit, self.seed, self.kept, self.progress = fit, seed, kept, progress
        self._activations: dict[tuple[Any, str], np.ndarray] = {}
        self._features: dict[Any, dict[str, np.ndarray]] = {}
        self._lock = threading.RLock()  # refits run in threads

    def __deepcopy__(self, memo: Any) -> "TrainingImages":
        return self  # learners are copied with their settings; what is kept serves them all

    def activations(self, network: "TunableNetwork", names: Sequence[str]) -> np.ndarray:
        """Run the network's frozen part on some images, shape (n, ...)."""
        return np.concatenate([self._activation(network, name) for name in names])

    def features(self, network: "TunableNetwork", names: Sequence[str]) -> np.ndarray:
        """Features that the network as it is gives to some images, float32 of shape (n, d)."""
        parts = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
        return np.concatenate([network.features(self.activations(network, part)) for part in parts])

    def untouched(self, network: "TunableNetwork", names: Sequence[str]) -> np.ndarray:
        """As :meth:`features`, of a network not trained yet: computed for all images, once."""
        with self._lock:
            if network.key not in self._features:
                self._features[network.key] = self._all(network)
            found = self._features[network.key]
        return np.stack([found[name] for name in names])

    def _all(self, network: "TunableNetwork") -> dict[str, np.ndarray]:
        names = sorted(self.views)
        found: dict[str, np.ndarray] = {}
        for at in range(0, len(names), AT_ONCE):
            self.progress("reading images to train on", at, len(names))
            part = names[at : at + AT_ONCE]
            found |= dict(zip(part, self.features(network, part), strict=True))
        self.progress("reading images to train on", len(names), len(names))
        return found

    def _activation(self, network: "TunableNetwork", name: str) -> np.ndarray:
        key = (network.key, name)
        with self._lock:
            found = self._activations.get(key)
            if found is None:
                found = network.activations(self._pixels(name, network.spec)[None])
                if (len(self._activations) + 1) * found.nbytes <= self.kept:
                    self._activations[key] = found
        return found

    def _pixels(self, name: str, spec: "BackboneSpec") -> np.ndarray:
        view = self.views[name]
        try:
            with open_file(view.path) as file:
                content = sha256_of(file)
                image = fit_square(decode(file, spec.input_size), spec, self.fit or spec.fit)
        except (OSError, UnreadableImage) as error:
            raise InputError(f"not a readable image ({error}).", where=view.path) from error
        return np.array(
            augment(image, view.augmentation, content=content, copy=view.copy, seed=self.seed)
        )


def require_training(where: str) -> None:
    """Raise :class:`InputError` unless networks can be trained here.

    Parameters
    ----------
    where : str
        What asks for it, such as ``learner finetune``.
    """
    try:
        import timm  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise InputError(
            "fine-tuning trains the network with torch and timm, which are not both installed.",
            where=where,
            hint="Install them with: pip install 'phylolens[torch]'.",
        ) from error
