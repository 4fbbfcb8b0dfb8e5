"""Networks on the tree: nodes take messages from their neighbours. Imports torch.

Message passing as in Kipf & Welling (2017) ICLR, with weights that fall with the length of a
branch; graph attention as in Veličković et al. (2018) ICLR, among neighbours alone. The graphs are
small (two nodes a taxon), so matrices are dense.
"""

from collections.abc import Mapping

import numpy as np
import torch

ROUNDS = 4  # of messages: how many branches away they reach
SLOPE = 0.2  # of the attention's rectifier
HIDDEN_SHARE = 0.25  # of the taxa whose images a step hides
DECAY = 1e-3

Tensors = dict[str, torch.Tensor]


def first_weights(width: int, size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights to start from: the encoder keeps the largest components.

    Parameters
    ----------
    width, size : int
        Of the inputs and of the embedding.
    rng : Generator
    """
    spread = 1 / np.sqrt(size)
    found = {
        "encoder": np.eye(width, size),
        "own": np.eye(size) + 0.1 * spread * rng.standard_normal((size, size)),
        "others": 0.5 * np.eye(size) + 0.1 * spread * rng.standard_normal((size, size)),
        "from": spread * rng.standard_normal(size),
        "to": spread * rng.standard_normal(size),
        "line": np.array([0.0, 1.0]),
    }
    return {name: value.astype(np.float32) for name, value in found.items()}


def messages(
    weights: Mapping[str, torch.Tensor],
    inputs: torch.Tensor,
    adjacency: torch.Tensor,
    *,
    attention: bool,
) -> torch.Tensor:
    """Pass messages.

    Parameters
    ----------
    weights : mapping of str to tensor
    inputs : tensor, shape (n, k)
        Embedded images of the tips that have any; zero for all other nodes.
    adjacency : tensor, shape (n, n)
        Weights of the branches, zero where there is none; rows sum to one.
    attention : bool
        Whether nodes choose whom to listen to.

    Returns
    -------
    tensor, shape (n, k)
    """
    states = inputs
    for _ in range(ROUNDS):
        if attention:
            scores = (states @ weights["to"])[:, None] + (states @ weights["from"])[None]
            scores = torch.nn.functional.leaky_relu(scores, SLOPE)
            scores = torch.where(
                adjacency > 0, scores + adjacency.clamp(min=1e-9).log(), -torch.inf
            )
            spread = torch.softmax(scores, dim=1)
        else:
            spread = adjacency
        states = torch.tanh(states @ weights["own"] + (spread @ states) @ weights["others"])
        states = states + inputs  # images are not forgotten
    return states


def places(
    weights: Mapping[str, torch.Tensor],
    tips: torch.Tensor,
    shown: torch.Tensor,
    adjacency: torch.Tensor,
    *,
    attention: bool,
) -> torch.Tensor:
    """Places of all tips after messages, those not ``shown`` by their neighbours alone.

    Parameters
    ----------
    weights : mapping of str to tensor
    tips : tensor, shape (T, k)
        Embedded images.
    shown : bool tensor, shape (T,)
    adjacency : tensor, shape (n, n)
        Tips first.
    attention : bool

    Returns
    -------
    tensor, shape (T, k)
    """
    rest = tips.new_zeros(len(adjacency) - len(tips), tips.shape[1])
    inputs = torch.cat([tips * shown[:, None], rest])
    return messages(weights, inputs, adjacency, attention=attention)[: len(tips)]


def train_graph(
    inputs: np.ndarray,
    adjacency: np.ndarray,
    genetic: np.ndarray,
    first: Mapping[str, np.ndarray],
    *,
    attention: bool,
    steps: int,
    rate: float,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Learn to tell genetic distances from images of one taxon and the place of another.

    Each step hides the images of some taxa from the graph. To the others those are what a new taxon
    will be, known by images alone; and the graph learns to place them without.

    Parameters
    ----------
    inputs : array of float32, shape (T, c)
        Means of the taxa's images.
    adjacency : array, shape (n, n)
        Tips first.
    genetic : array, shape (T, T)
    first : mapping of str to array
        Weights to start from.
    attention : bool
    steps : int
    rate : float
    rng : Generator
        Of the taxa hidden.
    """
    rows, edges = torch.tensor(inputs), torch.tensor(adjacency, dtype=torch.float32)
    scale = float(genetic.sum()) / max(len(genetic) * (len(genetic) - 1), 1) or 1.0
    wanted = torch.tensor(genetic / scale, dtype=torch.float32)
    free = {name: torch.tensor(value, requires_grad=True) for name, value in first.items()}
    adam = torch.optim.AdamW(free.values(), lr=rate, weight_decay=DECAY)
    n = len(inputs)
    count = min(max(1, round(HIDDEN_SHARE * n)), n - 2)
    for _ in range(steps):
        hidden = torch.tensor(np.sort(rng.permutation(n)[:count]))
        shown = torch.ones(n, dtype=torch.bool)
        shown[hidden] = False
        tips = rows @ free["encoder"]
        placed = places(free, tips, shown, edges, attention=attention)
        by_images = line(free, squared(tips[hidden], placed[shown]))
        by_tree = line(free, squared(placed[hidden], tips[shown]))
        target = wanted[hidden][:, shown]
        cost = ((by_images - target) ** 2).mean() + ((by_tree - target) ** 2).mean()
        adam.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return {name: value.detach().numpy().copy() for name, value in free.items()}


def squared(rows: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Squared distances, shapes (P, k) and (Q, k) to (P, Q)."""
    return ((rows[:, None] - others[None]) ** 2).sum(dim=2)


def line(weights: Mapping[str, torch.Tensor], apart: torch.Tensor) -> torch.Tensor:
    """Bring squared distances to genetic ones: offset and slope are learned."""
    offset, slope = weights["line"]
    return offset + slope * apart
