"""Networks that draw what they have seen: autoencoder, variational autoencoder, GAN. Imports torch.

On features they are small perceptrons, on images small convolutions; training is the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

Kind = Literal["autoencoder", "vae", "gan"]
SLOPE = 0.2  # of the discriminator's rectifiers (Radford et al. 2016)
BETAS = (0.5, 0.999)  # of Adam for the GAN, as there


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps."""

    epochs: int
    batch: int
    rate: float


class Encoder(nn.Module):
    """From rows or images to a code.

    Parameters
    ----------
    shape : tuple of int
        Of one input: ``(d,)``, or ``(3, size, size)`` with a size that 8 divides.
    code : int
        Numbers of the code; a variational one gives twice as many, means and log variances.
    width : int
        Units of the hidden layer, or channels of the first convolution.
    """

    def __init__(self, shape: tuple[int, ...], code: int, width: int) -> None:
        super().__init__()
        act = nn.LeakyReLU(SLOPE)
        if len(shape) == 1:
            self.body = nn.Sequential(nn.Linear(shape[0], width), act)
            size = width
        else:
            steps = [shape[0], width, 2 * width, 4 * width]
            layers: list[nn.Module] = []
            for one, other in pairwise(steps):
                layers += [nn.Conv2d(one, other, 4, 2, 1), act]
            self.body = nn.Sequential(*layers, nn.Flatten())
            size = steps[-1] * (shape[1] // 8) ** 2
        self.code = nn.Linear(size, code)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Encode, shape (n, ...) to (n, code)."""
        return self.code(self.body(inputs))


class Decoder(nn.Module):
    """From a code back to rows or images; parameters as of :class:`Encoder`."""

    def __init__(self, shape: tuple[int, ...], code: int, width: int) -> None:
        super().__init__()
        if len(shape) == 1:
            self.body = nn.Sequential(nn.Linear(code, width), nn.ReLU(), nn.Linear(width, shape[0]))
            return
        small, steps = shape[1] // 8, [4 * width, 2 * width, width, shape[0]]
        layers: list[nn.Module] = [
            nn.Linear(code, steps[0] * small**2),
            nn.Unflatten(1, (steps[0], small, small)),
        ]
        for one, other in pairwise(steps):
            layers += [nn.ReLU(), nn.ConvTranspose2d(one, other, 4, 2, 1)]
        self.body = nn.Sequential(*layers)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Decode, shape (n, code) to (n, ...)."""
        return self.body(codes)


def divergence(means: torch.Tensor, logs: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of normal codes from the standard normal, mean over rows.

    Kingma & Welling (2014), appendix B.
    """
    return 0.5 * (means**2 + logs.exp() - logs - 1).sum(dim=1).mean()


def train_encoder(
    kind: Kind,
    inputs: torch.Tensor,
    *,
    code: int,
    width: int,
    schedule: Schedule,
    rng: np.random.Generator,
) -> tuple[Encoder, int]:
    """Train on the rows or images given.

    Parameters
    ----------
    kind : {'autoencoder', 'vae', 'gan'}
    inputs : float tensor, shape (n, d) or (n, 3, size, size)
    code, width : int
        See :class:`Encoder`. The embedding of the GAN is the discriminator's last hidden layer.
    schedule : Schedule
    rng : Generator
        Of first weights, batches and noise.

    Returns
    -------
    Encoder
    int
        Numbers trained, the decoder's or generator's included.
    """
    torch.manual_seed(int(rng.integers(2**31)))  # first weights; no other code draws meanwhile
    noise = torch.Generator().manual_seed(int(rng.integers(2**31)))
    shape = tuple(inputs.shape[1:])
    encoder = Encoder(shape, 2 * code if kind == "vae" else code, width)
    decoder = Decoder(shape, code, width)
    if kind == "gan":
        head = nn.Linear(code, 1)
        _compete(encoder, head, decoder, inputs, schedule, rng, noise)
        modules: list[nn.Module] = [encoder, decoder, head]
    else:
        _reconstruct(kind == "vae", encoder, decoder, inputs, schedule, rng, noise)
        modules = [encoder, decoder]
    trained = sum(one.numel() for module in modules for one in module.parameters())
    return encoder.eval(), trained


def _batches(n: int, schedule: Schedule, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(schedule.epochs):
        order = rng.permutation(n)
        yield from np.array_split(order, max(1, round(n / schedule.batch)))


def _descend(optimiser: torch.optim.Optimizer, cost: torch.Tensor) -> None:
    optimiser.zero_grad()
    cost.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def _reconstruct(
    variational: bool,
    encoder: Encoder,
    decoder: Decoder,
    inputs: torch.Tensor,
    schedule: Schedule,
    rng: np.random.Generator,
    noise: torch.Generator,
) -> None:
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=schedule.rate)
    for batch in _batches(len(inputs), schedule, rng):
        rows = inputs[batch]
        codes, cost = encoder(rows), torch.zeros(())
        if variational:
            codes, logs = codes.chunk(2, dim=1)
            cost = divergence(codes, logs)
            codes = codes + torch.randn(codes.shape, generator=noise) * (logs / 2).exp()
        # Unit variance of the inputs is assumed: half the squared error is a log-likelihood.
        cost = cost + 0.5 * ((decoder(codes) - rows) ** 2).flatten(1).sum(dim=1).mean()
        _descend(adam, cost)


def _compete(
    encoder: Encoder,
    head: nn.Linear,
    decoder: Decoder,
    inputs: torch.Tensor,
    schedule: Schedule,
    rng: np.random.Generator,
    noise: torch.Generator,
) -> None:
    """Train discriminator (encoder and head) and generator in turn (Goodfellow et al. 2014)."""
    judge = torch.optim.Adam(
        [*encoder.parameters(), *head.parameters()], lr=schedule.rate, betas=BETAS
    )
    forge = torch.optim.Adam(decoder.parameters(), lr=schedule.rate, betas=BETAS)

    def says(rows: torch.Tensor) -> torch.Tensor:
        return head(f.leaky_relu(encoder(rows), SLOPE))

    for batch in _batches(len(inputs), schedule, rng):
        rows = inputs[batch]
        forged = decoder(torch.randn((len(rows), head.in_features), generator=noise))
        cost = f.softplus(-says(rows)).mean() + f.softplus(says(forged.detach())).mean()
        _descend(judge, cost)
        _descend(forge, f.softplus(-says(forged)).mean())


def encode(encoder: Encoder, inputs: torch.Tensor, code: int, at_once: int = 256) -> np.ndarray:
    """Codes of rows or images, shape (n, code); of a variational encoder their means."""
    with torch.no_grad():
        parts = [encoder(part)[:, :code] for part in torch.split(inputs, at_once)]
    return torch.cat(parts).numpy().astype(np.float64)
