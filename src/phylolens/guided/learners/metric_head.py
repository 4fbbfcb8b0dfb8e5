"""A small head on frozen features, trained by a loss of the tree. Imports torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from phylolens.guided.learners.inputs import Reduced, Weights, apply_head
from phylolens.guided.learners.tree_loss import TreeLoss

POINTS = 2  # of each taxon in a batch: the fewest of which one can be the other's neighbour
DECAY = 1e-2  # AdamW
STEPS = 3  # of an epoch at least: where one batch holds all taxa, it passes over them as often


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps: see :class:`phylolens.guided.learners.metric.Metric`."""

    epochs: int
    patience: int
    rate: float
    bag: int
    taxa: int


def first_weights(width: int, dimensions: int, hidden: int, rng: np.random.Generator) -> Weights:
    """Weights that leave the largest principal components as they are.

    So training starts from the unguided embedding. The hidden layer, of He et al. (2015) weights,
    stands beside the linear map and adds nothing at first.
    """
    found: Weights = {"linear": np.eye(width, dimensions)}
    if hidden:
        found["in"] = rng.normal(0, np.sqrt(2 / max(width, 1)), (width, hidden))
        found["bias"] = np.zeros(hidden)
        found["out"] = np.zeros((hidden, dimensions))
    return {name: value.astype(np.float32) for name, value in found.items()}


def draw(taxa: np.ndarray, shares: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows of taxa with replacement, by their weights.

    Parameters
    ----------
    taxa : int array, shape (P,)
    shares : array, shape (N,)
        Weights of the rows, taxon by taxon; those of a taxon sum to 1.
    count : int
        Rows of each taxon.

    Returns
    -------
    int array, shape (P, count)
    """
    reached = np.cumsum(shares).round(9)  # whole numbers where a taxon ends
    wanted = taxa[:, None] + rng.random((len(taxa), count))
    return np.minimum(np.searchsorted(reached, wanted, side="right"), len(shares) - 1)


def train(
    inputs: Callable[[np.ndarray], torch.Tensor],
    shares: np.ndarray,
    loss: TreeLoss,
    weights: Weights,
    schedule: Schedule,
    rng: np.random.Generator,
    watch: Callable[[Weights], float] | None = None,
    more: Sequence[torch.nn.Parameter] = (),
) -> tuple[Weights, list[float]]:
    """Descend by AdamW over batches of equally many points of each taxon.

    A point is the mean embedding of a bag of images of one taxon, since taxa are compared by their
    means.

    Parameters
    ----------
    inputs : callable
        Gives the head's inputs (n, c) of rows of the sample, int array of shape (n,).
    shares : array, shape (N,)
        Weight of each row within its taxon.
    loss : TreeLoss
        Made for these taxa.
    weights : dict of array
        To start from.
    schedule : Schedule
        With ``watch``, ends when so many epochs in a row (``patience``) were no better.
    watch : callable, optional
        Judges weights, before the first and after every epoch.
    more : sequence of Parameter
        Trained along with the head.

    Returns
    -------
    weights : dict of array
    judged : list of float
        What ``watch`` said.
    """
    n_taxa = len(loss.genetic)
    free = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    adam = torch.optim.AdamW(
        [*free.values(), *loss.parameters(), *more], lr=schedule.rate, weight_decay=DECAY
    )
    batches = max(1, round(n_taxa / schedule.taxa))
    judged = [watch(plain(free))] if watch is not None else []
    for _ in range(schedule.epochs):
        passes = [rng.permutation(n_taxa) for _ in range(-(-STEPS // batches))]
        for batch in (part for order in passes for part in np.array_split(order, batches)):
            drawn = draw(batch, shares, POINTS * schedule.bag, rng)
            embedded = apply_head(inputs(drawn.ravel()), free, torch.relu)
            points = embedded.view(len(batch) * POINTS, schedule.bag, -1).mean(dim=1)
            cost = loss(points, torch.tensor(np.repeat(batch, POINTS)))
            adam.zero_grad()
            cost.backward()
            adam.step()
        if watch is not None:
            judged.append(watch(plain(free)))
            if len(judged) - 1 - int(np.argmax(judged)) >= schedule.patience:
                break
    return plain(free), judged


def plain(weights: Mapping[str, torch.Tensor]) -> Weights:
    """Copy weights out of torch."""
    return {name: value.detach().numpy().copy() for name, value in weights.items()}


def reduce_tensor(features: torch.Tensor, reduction: Reduced) -> torch.Tensor:
    """Apply a reduction where gradients pass through it, shape (n, d) to (n, c)."""
    mean, factor = reduction.scaled.mean, reduction.scaled.factor
    shift, scale = (torch.tensor(side, dtype=torch.float32) for side in (mean, factor))
    return ((features - shift) * scale) @ torch.tensor(reduction.axes)
