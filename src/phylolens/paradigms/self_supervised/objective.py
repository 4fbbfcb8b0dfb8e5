"""What self-supervised methods share: an encoder, a projector, and a loss of two views. Torch."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

HIDDEN, PROJECTED = 512, 128  # of the projector
Embed = Callable[[], torch.Tensor]


class Objective(torch.nn.Module):
    """An encoder, a projector on top of it that is thrown away, and what they are trained for.

    Parameters
    ----------
    encoder : Module
        Maps inputs of whatever kind to features, shape (n, width).
    width : int
    n : int
        Images there are to train on.
    temperature : float, optional
        Of the softmax; the method's own by default.
    """

    TEMPERATURE = 0.1

    def __init__(
        self, encoder: torch.nn.Module, width: int, n: int, temperature: float | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.n = encoder, n
        self.temperature = self.TEMPERATURE if temperature is None else temperature
        self.projector = mlp(width, PROJECTED)

    def project(self, inputs: Any) -> torch.Tensor:
        """Encode and project, shape (n, PROJECTED)."""
        found: torch.Tensor = self.projector(self.encoder(inputs))
        return found

    def forward(self, first: Any, second: Any, rows: np.ndarray) -> torch.Tensor:
        """Loss of two views of the same images.

        Parameters
        ----------
        first, second
            Inputs of the encoder.
        rows : int array, shape (n,)
            Which images they are.
        """
        raise NotImplementedError

    def before_epoch(self, embed: Embed, rng: np.random.Generator) -> None:
        """Get ready for an epoch; ``embed`` gives one view of all images encoded, shape (N, d)."""

    def after_step(self) -> None:
        """Do what follows every step."""


def mlp(width: int, out: int) -> torch.nn.Module:
    """Two layers, normalised over the batch between them."""
    return torch.nn.Sequential(
        torch.nn.Linear(width, HIDDEN),
        torch.nn.BatchNorm1d(HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, out),
    )


class Follower(torch.nn.Module):
    """A copy of a module that no gradient reaches and that follows it as a moving average.

    Parameters
    ----------
    leader : Module
    momentum : float
        Share of itself that the copy keeps at every step.
    """

    def __init__(self, leader: torch.nn.Module, momentum: float) -> None:
        super().__init__()
        self.copied, self.momentum = copy.deepcopy(leader).requires_grad_(False), momentum

    def forward(self, inputs: Any) -> torch.Tensor:
        """Output of the copy, without gradients."""
        with torch.no_grad():
            found: torch.Tensor = self.copied(inputs)
            return found.detach()

    def follow(self, leader: torch.nn.Module) -> None:
        """Move towards the leader: ``momentum`` times itself plus the rest times the leader."""
        with torch.no_grad():
            for own, other in zip(self.copied.parameters(), leader.parameters(), strict=True):
                own.mul_(self.momentum).add_(other, alpha=1 - self.momentum)
