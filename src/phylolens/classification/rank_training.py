"""One softmax a rank on the features of a network, and the network trained with them.

Imports torch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

UNKNOWN = -1
Inputs = Callable[[np.ndarray], torch.Tensor]


class RankSoftmaxes(torch.nn.Module):
    """A linear softmax a rank on the same features, all from zero.

    Parameters
    ----------
    width : int
        Of the features.
    sizes : sequence of int
        Taxa of each rank.
    weights : sequence of array, optional
        Weight of each taxon's rows in the loss, by rank.
    """

    def __init__(
        self, width: int, sizes: Sequence[int], weights: Sequence[np.ndarray] | None = None
    ) -> None:
        super().__init__()
        self.ranks = torch.nn.ModuleList(torch.nn.Linear(width, size) for size in sizes)
        for parameter in self.parameters():
            torch.nn.init.zeros_(parameter)
        found = weights if weights is not None else [np.ones(size) for size in sizes]
        self.weights = [torch.tensor(one, dtype=torch.float32) for one in found]

    def loss(self, features: torch.Tensor, codes: np.ndarray) -> torch.Tensor:
        """Sum the cross-entropies of the ranks, each over the rows whose taxon is known.

        Parameters
        ----------
        features : Tensor, shape (n, width)
        codes : array of int, shape (ranks, n)
            Taxon of each row; -1: unknown.
        """
        total = torch.zeros(())
        for layer, weights, own in zip(self.ranks, self.weights, codes, strict=True):
            if (own != UNKNOWN).any():
                wanted = torch.from_numpy(own)
                total = total + cross_entropy(
                    layer(features), wanted, weight=weights, ignore_index=UNKNOWN
                )
        return total

    def probabilities(self, features: np.ndarray) -> list[np.ndarray]:
        """Probabilities of the taxa of every rank, float64, (n, taxa) each."""
        with torch.inference_mode():
            rows = torch.from_numpy(features)
            return [layer(rows).double().softmax(dim=1).numpy() for layer in self.ranks]


@dataclass(frozen=True)
class Descent:
    """How weights are trained: AdamW, rows in a new order every epoch."""

    epochs: int
    batch: int
    rate: float
    decay: float = 1e-2


def descend(
    softmaxes: RankSoftmaxes,
    inputs: Inputs,
    codes: np.ndarray,
    descent: Descent,
    rng: np.random.Generator,
    *,
    network: Sequence[torch.nn.Parameter] = (),
    network_rate: float = 0.0,
    after: Callable[[int], None] = lambda _: None,
) -> None:
    """Train softmaxes, and what lies before them, in place.

    Parameters
    ----------
    softmaxes : RankSoftmaxes
    inputs : callable
        Features of rows; gradients pass through it where ``network`` is trained.
    codes : array of int, shape (ranks, n)
        -1: unknown.
    descent : Descent
    rng : Generator
    network : sequence of Parameter
        Trained beside them, at ``network_rate``.
    network_rate : float
    after : callable
        Told each finished epoch, from 1.
    """
    groups: list[dict[str, Any]] = [
        {"params": list(softmaxes.parameters()), "lr": descent.rate},
        {"params": list(network), "lr": network_rate},
    ]
    adam = torch.optim.AdamW([one for one in groups if one["params"]], weight_decay=descent.decay)
    n = codes.shape[1]
    for epoch in range(1, descent.epochs + 1):
        order = rng.permutation(n)
        for rows in (order[at : at + descent.batch] for at in range(0, n, descent.batch)):
            loss = softmaxes.loss(inputs(rows), codes[:, rows])
            if loss.requires_grad:  # not where no taxon of the batch is known
                adam.zero_grad()
                torch.autograd.backward(loss)
                adam.step()
        after(epoch)
