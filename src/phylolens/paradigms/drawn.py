"""Embeddings by networks that learn to draw features, or images 64 pixels wide."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.errors import InputError
from phylolens.guided.learners.inputs import reduced
from phylolens.guided.sample import Sample
from phylolens.images import UnreadableImage, decode, open_file
from phylolens.paradigms.tree_free import TreeFree
from phylolens.random import stream

if TYPE_CHECKING:
    from phylolens.embedding.training_images import TrainingImages

COMPONENTS = 128
CODE = 32
SIZE = 64  # pixels
MIDDLE, SPREAD = 127.5, 64.0  # of grey values: about zero mean and unit variance


class Drawn(TreeFree):
    """The code of an autoencoder, a variational one, or a GAN's discriminator.

    Of features, standardised principal components are drawn; of images, small copies.

    Parameters
    ----------
    kind : {'autoencoder', 'vae', 'gan'}
    images : TrainingImages, optional
        Images to draw, by the ids of the sample's rows; by default its features are drawn.
    epochs, batch, width : int
    rate : float
        Step of Adam.
    seed : int
    """

    def __init__(
        self,
        *,
        kind: str = "autoencoder",
        images: "TrainingImages | None" = None,
        epochs: int = 30,
        batch: int = 128,
        width: int = 128,
        rate: float = 1e-3,
        seed: int = 0,
    ) -> None:
        self.kind, self.images, self.epochs, self.batch = kind, images, epochs, batch
        self.width, self.rate, self.seed = width, rate, seed

    def learn(self, sample: Sample) -> None:
        """Train on the images of the sample."""
        import torch

        from phylolens.embedding.threads import one_thread
        from phylolens.paradigms.generative import Schedule, train_encoder

        rng = stream(self.seed, "paradigms.generative")
        if self.images is None:
            self._map = reduced(sample, COMPONENTS, rng)
            rows = self._map(sample.matrix())
            self._centre, self._scale = rows.mean(axis=0), rows.std(axis=0)
            self._scale[self._scale == 0] = 1.0
        with one_thread():
            self._network, self._trained = train_encoder(
                self.kind,  # type: ignore[arg-type]
                torch.tensor(self._inputs(sample)),
                code=CODE,
                width=self.width,
                schedule=Schedule(self.epochs, self.batch, self.rate),
                rng=rng,
            )

    def _inputs(self, sample: Sample) -> np.ndarray:
        if self.images is not None:
            return thumbnails(self.images, sample.ids)
        return self._of_features(sample.matrix())

    def _of_features(self, matrix: np.ndarray) -> np.ndarray:
        found: np.ndarray = ((self._map(matrix) - self._centre) / self._scale).astype(np.float32)
        return found

    def embed(self, sample: Sample) -> np.ndarray:
        """Codes of a sample's images, shape (N, k)."""
        return self._codes(self._inputs(sample))

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Codes of images by their features, shape (N, d) to (N, k).

        Raises
        ------
        InputError
            If images themselves were drawn.
        """
        if self.images is not None:
            raise InputError("this embedding is of images, not of their features.")
        return self._codes(self._of_features(matrix))

    def _codes(self, inputs: np.ndarray) -> np.ndarray:
        import torch

        from phylolens.embedding.threads import one_thread
        from phylolens.paradigms.generative import encode

        with one_thread():
            return encode(self._network, torch.tensor(inputs), CODE)

    @property
    def trained_parameters(self) -> int:
        """Weights, the decoder's or generator's included."""
        return int(self._trained)


def thumbnails(images: "TrainingImages", names: Sequence[str]) -> np.ndarray:
    """Small square copies of images, float32 of shape (n, 3, 64, 64), about zero on average.

    Raises
    ------
    InputError
        If an image is not named or readable.
    """
    missing = [name for name in names if name not in images.views]
    if missing:
        raise InputError("images without a file.", ids=missing)
    found = np.empty((len(names), 3, SIZE, SIZE), dtype=np.float32)
    for place, name in enumerate(names):
        path: Any = images.views[name].path
        try:
            with open_file(path) as file:
                small = decode(file, SIZE).convert("RGB").resize((SIZE, SIZE))
        except (OSError, UnreadableImage) as error:
            raise InputError(f"not a readable image ({error}).", where=path) from error
        found[place] = (np.asarray(small, dtype=np.float32).transpose(2, 0, 1) - MIDDLE) / SPREAD
    return found
