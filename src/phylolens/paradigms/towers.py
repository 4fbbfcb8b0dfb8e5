"""Two towers, one of images and one of taxa, that meet in one space. Imports torch."""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional as f

from phylolens.guided.learners.inputs import apply_head

DECAY = 1e-2


def listed_loss(
    images: torch.Tensor, taxa: torch.Tensor, wanted: torch.Tensor, sharpness: float
) -> torch.Tensor:
    """Cross-entropy of the softmax over all taxa, by cosine, with the relevance wanted.

    Parameters
    ----------
    images : tensor, shape (n, k)
        Embedded images.
    taxa : tensor, shape (T, k)
        Embedded taxa.
    wanted : tensor, shape (n, T)
        Rows sum to one.
    sharpness : float
        What cosines are multiplied by.
    """
    cosines = f.normalize(images, dim=1) @ f.normalize(taxa, dim=1).T
    return -(wanted * torch.log_softmax(sharpness * cosines, dim=1)).sum(dim=1).mean()


def train_towers(
    rows: np.ndarray,
    codes: np.ndarray,
    shares: np.ndarray,
    relevance: np.ndarray,
    first: Mapping[str, np.ndarray],
    taxa: np.ndarray,
    *,
    steps: int,
    batch: int,
    rate: float,
    sharpness: float,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Train both towers.

    Parameters
    ----------
    rows : array of float32, shape (N, c)
    codes : int array, shape (N,)
        Taxon of each row.
    shares : array, shape (N,)
        How often each is drawn.
    relevance : array, shape (T, T)
        Of all taxa for an image of the row's.
    first : mapping of str to array
        Weights of the tower of images to start from.
    taxa : array, shape (T, k)
        The tower of taxa, to start from.
    steps, batch : int
    rate : float
        Step of AdamW.
    sharpness : float
    rng : Generator
        Draws batches.

    Returns
    -------
    weights : dict of str to array
    taxa : array, shape (T, k)
    """
    inputs = torch.tensor(rows)
    wanted = torch.tensor(relevance, dtype=torch.float32)
    free = {name: torch.tensor(value, requires_grad=True) for name, value in first.items()}
    places = torch.tensor(taxa, dtype=torch.float32, requires_grad=True)
    adam = torch.optim.AdamW([*free.values(), places], lr=rate, weight_decay=DECAY)
    for _ in range(steps):
        drawn = rng.choice(len(rows), size=min(batch, len(rows)), p=shares)
        embedded = apply_head(inputs[drawn], free, torch.relu)
        cost = listed_loss(embedded, places, wanted[codes[drawn]], sharpness)
        adam.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        adam.step()
    found = {name: value.detach().numpy().copy() for name, value in free.items()}
    return found, places.detach().numpy().copy()
