"""Self-supervision that compares images: SimCLR, BYOL and MoCo. Imports torch."""

from typing import Any

import numpy as np
import torch

from phylolens.errors import InputError
from phylolens.paradigms.self_supervised.objective import PROJECTED, Follower, Objective, mlp

MOMENTUM = 0.99  # share that a target keeps at every step: short training, so less than 0.996
QUEUE = 4096  # keys that MoCo keeps at most; at most half of the images, so that none is its own


class SimCLR(Objective):
    """Of all views in a batch, the other one of the same image is to be the nearest.

    Chen et al. (2020), arXiv:2002.05709.
    """

    def forward(self, first: Any, second: Any, rows: np.ndarray) -> torch.Tensor:
        """Loss of two views of the same images."""
        return nt_xent(self.project(first), self.project(second), self.temperature)


def nt_xent(first: torch.Tensor, second: torch.Tensor, temperature: float) -> torch.Tensor:
    """Cross-entropy of finding the other view of an image among all views of a batch.

    The same as pytorch-metric-learning's ``NTXentLoss``, which lists the negatives of every
    positive pair: the third power of the batch in memory, 500 MB for 256 images.

    Parameters
    ----------
    first, second : tensor, shape (n, d)
        Two views of n images.
    temperature : float
    """
    unit = torch.nn.functional.normalize(torch.cat([first, second]), dim=1)
    n = len(first)
    itself = torch.eye(2 * n, dtype=torch.bool)
    likeness = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)
    other = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return torch.nn.functional.cross_entropy(likeness, other)


class BYOL(Objective):
    """One view is to predict how a slowly following copy of the network sees the other.

    No other image is compared; no gradient reaches the copy. Grill et al. (2020),
    arXiv:2006.07733.
    """

    def __init__(
        self, encoder: torch.nn.Module, width: int, n: int, temperature: float | None = None
    ) -> None:
        super().__init__(encoder, width, n, temperature)
        self.predictor = mlp(PROJECTED, PROJECTED)
        self.target = Follower(torch.nn.Sequential(self.encoder, self.projector), MOMENTUM)

    def forward(self, first: Any, second: Any, rows: np.ndarray) -> torch.Tensor:
        """Loss of two views of the same images."""
        there = self._off(first, second) + self._off(second, first)
        return there / 2

    def _off(self, seen: Any, other: Any) -> torch.Tensor:
        """Squared distance of the prediction from the target, both of length one."""
        found = self.predictor(self.project(seen))
        return 2 - 2 * torch.cosine_similarity(found, self.target(other), dim=1).mean()

    def after_step(self) -> None:
        """Let the copy follow."""
        self.target.follow(torch.nn.Sequential(self.encoder, self.projector))


class MoCo(Objective):
    """The other view of an image is to be nearer than a queue of views of earlier images.

    Keys are made by a slowly following copy of the network; loss and queue are those of lightly.
    He et al. (2020), arXiv:1911.05722; the projector is that of its second version,
    arXiv:2003.04297.
    """

    TEMPERATURE = 0.2

    def __init__(
        self, encoder: torch.nn.Module, width: int, n: int, temperature: float | None = None
    ) -> None:
        super().__init__(encoder, width, n, temperature)
        try:
            from lightly.loss import NTXentLoss
        except ImportError as error:
            raise absent("moco", "lightly", "ssl") from error
        self.keys = Follower(torch.nn.Sequential(self.encoder, self.projector), MOMENTUM)
        size = max(1, min(QUEUE, n // 2))
        self.cost = NTXentLoss(self.temperature, memory_bank_size=(size, PROJECTED))

    def forward(self, first: Any, second: Any, rows: np.ndarray) -> torch.Tensor:
        """Loss of two views of the same images; the keys join the queue."""
        found: torch.Tensor = self.cost(self.project(first), self.keys(second))
        return found

    def after_step(self) -> None:
        """Let the copy follow."""
        self.keys.follow(torch.nn.Sequential(self.encoder, self.projector))


def absent(method: str, library: str, extra: str) -> InputError:
    """Word what is missing for a method."""
    return InputError(
        f"it takes {library}, which is not installed.",
        where=f"method {method}",
        hint=f"Install it with: pip install 'phylolens[{extra}]'.",
    )
