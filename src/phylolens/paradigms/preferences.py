"""A reward learned from ranked demonstrations, after T-REX. Imports torch.

Brown et al. (2019) ICML: a network gives every step of a demonstration a reward, such that better
demonstrations have larger sums. Here a demonstration visits relatives of one taxon, and is the
better the nearer they are; the reward of visiting j from i is minus the squared distance of their
embeddings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import softplus

from phylolens.guided.learners.inputs import Weights, apply_head
from phylolens.guided.learners.metric_head import draw, plain

DECAY = 1e-2  # AdamW
SHARPEST = 10.0  # of demonstrators, in units of the mean genetic distance
SLACK = 1e-9  # sums nearer than this are equal


@dataclass(frozen=True)
class Course:
    """How the reward is learned.

    Parameters
    ----------
    steps : int
    every : int
        Steps between two looks at the clades watched.
    length : int
        Relatives that a demonstration visits.
    demonstrations : int
        Pairs of a step.
    bag : int
        Images averaged to a point.
    rate : float
        Of AdamW.
    graded : bool
        Whether demonstrators are of all degrees of skill; else all of them visit taxa at random.
    """

    steps: int = 60
    every: int = 5
    length: int = 4
    demonstrations: int = 256
    bag: int = 4
    rate: float = 3e-3
    graded: bool = True


def demonstrate(
    genetic: np.ndarray, course: Course, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let two demonstrators set out from each of some taxa; the better one comes first.

    A demonstrator visits different relatives, each with a probability that falls exponentially
    with its genetic distance, as sharply as it is skilled: from not at all to nearest first.

    Parameters
    ----------
    genetic : array, shape (T, T)
        In units of the mean.
    course : Course
    rng : Generator

    Returns
    -------
    anchors : int array, shape (P,)
    better, worse : int array, shape (P, length)
        Pairs that are as good as each other are left out.
    """
    n, size = len(genetic), course.demonstrations
    anchors = rng.integers(0, n, size)
    length = min(course.length, n - 1)
    paths, sums = [], []
    for _ in range(2):
        skill = SHARPEST * rng.random((size, 1)) if course.graded else np.zeros((size, 1))
        scores = rng.gumbel(size=(size, n)) - skill * genetic[anchors]  # the largest are a sample
        scores[np.arange(size), anchors] = -np.inf
        path = np.argsort(-scores, axis=1)[:, :length]
        paths.append(path)
        sums.append(genetic[anchors[:, None], path].sum(axis=1))
    first = (sums[0] < sums[1])[:, None]
    kept = np.abs(sums[0] - sums[1]) > SLACK
    better, worse = np.where(first, *paths), np.where(first, *paths[::-1])
    return anchors[kept], better[kept], worse[kept]


def preference_loss(
    rewards: torch.Tensor, anchors: torch.Tensor, better: torch.Tensor, worse: torch.Tensor
) -> torch.Tensor:
    """Bradley & Terry's: minus the mean log probability that better demonstrations win.

    Parameters
    ----------
    rewards : tensor, shape (T, T)
        Of visiting the column's taxon from the row's.
    anchors : tensor of int, shape (P,)
    better, worse : tensor of int, shape (P, length)
    """
    won = rewards[anchors[:, None], better].sum(dim=1)
    lost = rewards[anchors[:, None], worse].sum(dim=1)
    return softplus(lost - won).mean()


def rewards_between(points: torch.Tensor) -> torch.Tensor:
    """Minus the squared distances of points, shape (T, k) to (T, T)."""
    sizes = (points**2).sum(dim=1)
    return 2.0 * points @ points.T - sizes[:, None] - sizes


def learn_reward(
    rows: np.ndarray,
    shares: np.ndarray,
    genetic: np.ndarray,
    first: Mapping[str, np.ndarray],
    course: Course,
    rng: np.random.Generator,
    watch: Callable[[Weights], float] | None = None,
) -> tuple[Weights, list[float]]:
    """Learn the embedding whose distances are the reward.

    Parameters
    ----------
    rows : array of float32, shape (N, c)
        Images of T taxa, taxon by taxon.
    shares : array, shape (N,)
        Weight of each within its taxon.
    genetic : array, shape (T, T)
    first : mapping of str to array
        Weights to start from.
    course : Course
    rng : Generator
        Draws demonstrations and images.
    watch : callable, optional
        Judges weights, before the first step too.

    Returns
    -------
    weights : dict of array
    judged : list of float
    """
    n = len(genetic)
    mean = float(genetic.sum()) / max(n * (n - 1), 1)
    scaled = genetic / mean if mean > 0 else genetic
    inputs = torch.tensor(rows)
    free = {name: torch.tensor(value, requires_grad=True) for name, value in first.items()}
    adam = torch.optim.AdamW(free.values(), lr=course.rate, weight_decay=DECAY)
    judged = [watch(plain(free))] if watch is not None else []
    for step in range(1, course.steps + 1):
        drawn = draw(np.arange(n), shares, course.bag, rng)
        embedded = apply_head(inputs[drawn.ravel()], free, torch.relu)
        rewards = rewards_between(embedded.view(n, course.bag, -1).mean(dim=1))
        ranked = demonstrate(scaled, course, rng)
        if len(ranked[0]):
            anchors, better, worse = (torch.tensor(part) for part in ranked)
            cost = preference_loss(rewards, anchors, better, worse)
            adam.zero_grad()
            cost.backward()  # type: ignore[no-untyped-call]
            adam.step()
        if watch is not None and step % course.every == 0:
            judged.append(watch(plain(free)))
    return plain(free), judged
