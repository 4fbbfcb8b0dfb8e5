"""Losses of episodes: a few images of some taxa are shown, others are to be named. Imports torch.

An encoder is a dictionary of weights (:func:`phylolens.guided.learners.inputs.apply_head`), so
that all four methods share it and embeddings are made without torch.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional as f

from phylolens.guided.learners.inputs import apply_head

Tensors = dict[str, torch.Tensor]
Loss = Callable[[Tensors, torch.Tensor, torch.Tensor], torch.Tensor]
DECAY = 1e-3  # AdamW
INNER_STEPS, INNER_RATE = 2, 0.5  # of MAML's adaptation


def prototype_logits(support: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
    """Negative squared distance of queries to the mean of each taxon's support.

    Snell, Swersky & Zemel (2017) NeurIPS.

    Parameters
    ----------
    support : tensor, shape (ways, shots, k)
    queries : tensor, shape (q, k)

    Returns
    -------
    tensor, shape (q, ways)
    """
    centres = support.mean(dim=1)
    return -((queries[:, None] - centres[None]) ** 2).sum(dim=2)


def matching_logits(
    support: torch.Tensor, queries: torch.Tensor, sharpness: float = 10.0
) -> torch.Tensor:
    """Logarithm of the attention that queries pay to each taxon's support, by cosine.

    Vinyals et al. (2016) NeurIPS, without the context of the whole support set; parameters as of
    :func:`prototype_logits`.
    """
    ways, shots, _ = support.shape
    cosines = f.normalize(queries, dim=1) @ f.normalize(support.flatten(0, 1), dim=1).T
    attention = torch.softmax(sharpness * cosines, dim=1).view(-1, ways, shots).sum(dim=2)
    return torch.log(attention.clamp(min=1e-12))


def relation_scores(
    weights: Mapping[str, Any], support: torch.Tensor, queries: torch.Tensor
) -> torch.Tensor:
    """How related queries are to each taxon's mean support, 0 to 1, by a network of its own.

    Sung et al. (2018) CVPR. The network sees the absolute difference and the product, so that the
    order of the two does not matter.

    Parameters
    ----------
    weights : mapping of str to tensor
        ``relation_in``, ``relation_bias``, ``relation_out``.
    support, queries : tensor
        As of :func:`prototype_logits`.
    """
    centres = support.mean(dim=1)[None]
    pairs = torch.cat([(queries[:, None] - centres).abs(), queries[:, None] * centres], dim=2)
    hidden = torch.relu(pairs @ weights["relation_in"] + weights["relation_bias"])
    return torch.sigmoid((hidden @ weights["relation_out"]).squeeze(2))


def adapted(
    loss: Callable[[Tensors], torch.Tensor], weights: Tensors, *, steps: int, rate: float
) -> Tensors:
    """Descend a few steps; gradients of what follows pass through them (second order).

    Finn, Abbeel & Levine (2017) ICML.
    """
    for _ in range(steps):
        slopes = torch.func.grad(loss)(weights)
        weights = {name: weights[name] - rate * slopes[name] for name in weights}
    return weights


def episode_loss(
    method: str, weights: Tensors, support: torch.Tensor, queries: torch.Tensor
) -> torch.Tensor:
    """Loss of one episode.

    Parameters
    ----------
    method : {'prototypes', 'matching-network', 'relation-network', 'maml'}
    weights : dict of tensor
    support, queries : tensor, shapes (ways, shots, c) and (ways, asked, c)
        Inputs of the encoder.
    """
    ways, asked, _ = queries.shape
    wanted = torch.arange(ways).repeat_interleave(asked)
    flat = queries.flatten(0, 1)
    if method == "maml":
        return _maml_loss(weights, support, flat, wanted)
    shown, seen = apply_head(support, weights, torch.relu), apply_head(flat, weights, torch.relu)
    if method == "relation-network":
        target = f.one_hot(wanted, ways).to(seen.dtype)
        return ((relation_scores(weights, shown, seen) - target) ** 2).mean()
    logits = prototype_logits if method == "prototypes" else matching_logits
    return f.cross_entropy(logits(shown, seen), wanted)


def _maml_loss(
    weights: Tensors, support: torch.Tensor, queries: torch.Tensor, wanted: torch.Tensor
) -> torch.Tensor:
    """Loss of queries after a new linear classifier and the encoder were fitted to the support.

    The classifier starts at zero in every episode: taxa of an episode have no order.
    """
    ways, shots, _ = support.shape
    labels = torch.arange(ways).repeat_interleave(shots)
    width = weights["linear"].shape[1]
    start = weights | {"class_weights": torch.zeros(width, ways), "class_bias": torch.zeros(ways)}

    def says(own: Tensors, rows: torch.Tensor) -> torch.Tensor:
        embedded: torch.Tensor = apply_head(rows, own, torch.relu)
        return embedded @ own["class_weights"] + own["class_bias"]

    found = adapted(
        lambda own: f.cross_entropy(says(own, support.flatten(0, 1)), labels),
        start,
        steps=INNER_STEPS,
        rate=INNER_RATE,
    )
    return f.cross_entropy(says(found, queries), wanted)


def train_episodes(
    method: str,
    rows: np.ndarray,
    draw: Callable[[], tuple[np.ndarray, np.ndarray]],
    first: Mapping[str, np.ndarray],
    *,
    episodes: int,
    rate: float,
) -> dict[str, np.ndarray]:
    """Train on episodes.

    Parameters
    ----------
    method : str
        See :func:`episode_loss`.
    rows : array of float32, shape (N, c)
    draw : callable
        Gives rows of support and queries of an episode, shapes (ways, shots) and (ways, asked).
    first : mapping of str to array
        Weights to start from.
    episodes : int
    rate : float
        Step of AdamW.
    """
    inputs = torch.tensor(rows)
    free = {name: torch.tensor(value, requires_grad=True) for name, value in first.items()}
    adam = torch.optim.AdamW(free.values(), lr=rate, weight_decay=DECAY)
    for _ in range(episodes):
        support, queries = draw()
        cost = episode_loss(method, free, inputs[support], inputs[queries])
        adam.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return {name: value.detach().numpy().copy() for name, value in free.items()}
