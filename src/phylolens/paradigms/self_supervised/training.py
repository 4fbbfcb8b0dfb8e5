"""The loop that all self-supervised methods are trained by. Imports torch."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from phylolens.errors import InputError
from phylolens.paradigms.self_supervised.clusters import DeepCluster, SwAV
from phylolens.paradigms.self_supervised.contrastive import BYOL, MoCo, SimCLR
from phylolens.paradigms.self_supervised.objective import Objective
from phylolens.random import stream

Inputs = Callable[[np.ndarray, np.ndarray], Any]
OBJECTIVES: Mapping[str, type[Objective]] = {
    "simclr": SimCLR,
    "byol": BYOL,
    "moco": MoCo,
    "swav": SwAV,
    "deepcluster": DeepCluster,
}
DECAY = 1e-4  # AdamW
AT_ONCE = 512  # images embedded at once, for clusters
FEWEST = 4  # images


def make_objective(
    method: str,
    encoder: torch.nn.Module,
    width: int,
    n: int,
    *,
    temperature: float | None = None,
    seed: int = 0,
) -> Objective:
    """Make what an encoder is trained for, its first weights drawn from the seed.

    Parameters
    ----------
    method : str
        A key of ``OBJECTIVES``.
    encoder : Module
        Gives features of ``width``.
    width, n : int
        Length of a feature, and images.
    temperature : float, optional
        The method's own by default.
    seed : int

    Raises
    ------
    InputError
        If there is no such method, its library is absent, or images are too few.
    """
    if method not in OBJECTIVES:
        raise InputError(
            f"no method '{method}'.", where="method", hint=f"There are: {', '.join(OBJECTIVES)}."
        )
    if n < FEWEST:
        raise InputError(f"self-supervision needs at least {FEWEST} images; got {n}.")
    first = int(stream(seed, "paradigms.self_supervised", 0).integers(2**31))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(first)
        return OBJECTIVES[method](encoder, width, n, temperature)


class Trainer:
    """Trains an objective an epoch at a time, by AdamW on batches of two views of each image.

    What is drawn in an epoch depends on the seed and the number of the epoch alone, so that
    training goes on after an interruption as if there had been none.

    Parameters
    ----------
    objective : Objective
    inputs : callable
        Gives the encoder's inputs of some views: rows and numbers of views, int arrays of shape
        (n,).
    views : int
        Of each image.
    batch : int
        Images of a batch, about: batches of an epoch are equally large.
    rate : float
        Step of AdamW.
    seed : int
    """

    def __init__(
        self,
        objective: Objective,
        inputs: Inputs,
        views: int,
        *,
        batch: int,
        rate: float,
        seed: int = 0,
    ) -> None:
        self.objective, self.inputs, self.views = objective, inputs, views
        self.batch, self.seed = batch, seed
        free = [value for value in objective.parameters() if value.requires_grad]
        self.adam = torch.optim.AdamW(free, lr=rate, weight_decay=DECAY)

    @property
    def batches(self) -> int:
        """Of an epoch; each of two images at least, which are compared."""
        n = self.objective.n
        return max(1, min(round(n / self.batch), n // 2))

    def epoch(self, number: int, told: Callable[[int], None] = lambda done: None) -> float:
        """Pass over all images once; return the mean loss.

        Parameters
        ----------
        number : int
            Of the epoch, from 1.
        told : callable
            Told of the batches done.

        Raises
        ------
        InputError
            If the loss is no number any more.
        """
        rng = stream(self.seed, "paradigms.self_supervised", number)
        n = self.objective.n
        pairs = np.argsort(rng.random((n, self.views)), axis=1)[:, :2]
        order = rng.permutation(n)
        self.objective.before_epoch(lambda: self._embedded(pairs[:, 0]), rng)
        losses = []
        for done, rows in enumerate(np.array_split(order, self.batches), start=1):
            first, second = (self.inputs(rows, pairs[rows, side]) for side in (0, 1))
            cost = self.objective(first, second, rows)
            if not torch.isfinite(cost):
                raise InputError(
                    f"the loss of epoch {number} is no number.",
                    where="training",
                    hint="Take smaller steps (--rate) or larger batches (--batch).",
                )
            self.adam.zero_grad()
            cost.backward()
            self.adam.step()
            self.objective.after_step()
            losses.append(float(cost.detach()))
            told(done)
        return float(np.mean(losses))

    def _embedded(self, numbers: np.ndarray) -> torch.Tensor:
        """Encode one view of every image, shape (N, d)."""
        rows = np.arange(self.objective.n)
        with torch.no_grad():
            parts = [
                self.objective.encoder(
                    self.inputs(rows[at : at + AT_ONCE], numbers[at : at + AT_ONCE])
                )
                for at in range(0, len(rows), AT_ONCE)
            ]
        return torch.cat(parts)
