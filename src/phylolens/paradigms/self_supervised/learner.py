"""A small head on the features of altered views, trained by self-supervision."""

from typing import Any

import numpy as np

from phylolens.errors import InputError
from phylolens.guided.learners.inputs import head_places, reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material, Views
from phylolens.paradigms.tree_free import TreeFree
from phylolens.random import stream

QUICK, FULL = 10, 60  # epochs


class SelfSupervised(TreeFree):
    """A head on frozen features, trained on views of the training images and nothing else.

    Features are brought to principal components; the head is a linear map with a hidden layer
    beside it, and starts as the map to the largest components. A projector on top of it takes the
    loss and is thrown away.

    Parameters
    ----------
    views : Views, optional
        Features of altered copies, by the ids of the sample's rows; without them it cannot be
        fitted.
    method : {'simclr', 'byol', 'moco', 'swav', 'deepcluster'}
    batch : int
        Images of a batch.
    epochs : int
    temperature : float, optional
        The method's own by default.
    rate : float
        Step of AdamW.
    dimensions, hidden, components : int
        Of the embedding, of the hidden layer, and of its inputs.
    seed : int

    Attributes
    ----------
    losses_ : list of float
        Mean loss of every epoch.
    """

    def __init__(
        self,
        views: Views | None = None,
        *,
        method: str = "simclr",
        batch: int = 256,
        epochs: int = QUICK,
        temperature: float | None = None,
        rate: float = 1e-3,
        dimensions: int = 128,
        hidden: int = 256,
        components: int = 256,
        seed: int = 0,
    ) -> None:
        self.views, self.method, self.batch, self.epochs = views, method, batch, epochs
        self.temperature, self.rate, self.dimensions = temperature, rate, dimensions
        self.hidden, self.components, self.seed = hidden, components, seed

    def learn(self, sample: Sample) -> None:
        """Train the head on views of the sample's images.

        Raises
        ------
        InputError
            If an image has no views, or only one, or a library is absent.
        """
        if self.views is None or self.views.matrix.shape[1] < 2:
            raise InputError("self-supervision compares at least two views of every image.")
        from phylolens.embedding.threads import one_thread

        own = self.views.of(sample.ids)
        rng = stream(self.seed, "paradigms.self_supervised.components")
        self.map_ = reduced(sample, self.components, rng)
        rows = self.map_(own.reshape(-1, own.shape[2])).reshape(*own.shape[:2], -1)
        with one_thread():
            self._train(rows)

    def _train(self, rows: np.ndarray) -> None:
        """Train on views brought to components, shape (N, V, c)."""
        import torch

        from phylolens.guided.learners.metric_head import first_weights
        from phylolens.paradigms.self_supervised.head import HeadEncoder
        from phylolens.paradigms.self_supervised.training import Trainer, make_objective

        rng = stream(self.seed, "paradigms.self_supervised.components", 1)
        width = rows.shape[2]
        first = first_weights(width, min(self.dimensions, width), self.hidden, rng)
        encoder = HeadEncoder(first)
        objective = make_objective(
            self.method,
            encoder,
            min(self.dimensions, width),
            len(rows),
            temperature=self.temperature,
            seed=self.seed,
        )
        views = torch.from_numpy(rows)

        def inputs(images: np.ndarray, numbers: np.ndarray) -> torch.Tensor:
            return views[torch.from_numpy(images), torch.from_numpy(numbers)]

        trainer = Trainer(
            objective, inputs, rows.shape[1], batch=self.batch, rate=self.rate, seed=self.seed
        )
        self.losses_ = [trainer.epoch(number) for number in range(1, self.epochs + 1)]
        self.weights_ = encoder.plain()
        self._parameters = sum(
            value.numel() for value in objective.parameters() if value.requires_grad
        )

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images by their features, shape (N, d) to (N, k)."""
        return head_places(self.map_(matrix), self.weights_)

    @property
    def trained_parameters(self) -> int:
        """Of the head and of what is thrown away."""
        return self._parameters


def head_of(material: Material, method: str, **settings: Any) -> SelfSupervised:
    """Make the learner of a method for a bench."""
    epochs = QUICK if material.quick else FULL
    given = {"epochs": epochs, "seed": material.seed, **settings}
    return SelfSupervised(material.views, method=method, **given)
