"""Worlds of known truth for the calibration of the signal block, and every p-value it gives there.

Trees, looks and clades are drawn here, without the project's own simulator. Tips are named in their
order along the tree, as species named by genus are: whatever breaks ties by name must not profit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix, TreeNode
from threadpoolctl import threadpool_limits

from phylolens.phylogeny import covariance
from phylolens.phylogeny.rank import patristic

PROCESSES = 2
P_VALUES = ("p_value", "p_holm", "p_pearson", "p_spearman")
World = Callable[[int], dict[str, float]]


# Trees


def coalescent(n: int, rng: np.random.Generator) -> TreeNode:
    """Kingman's coalescent: ultrametric, most of its length near the root."""
    return _joined(n, rng, lambda several: rng.choice(several, 2, replace=False))


def comb(n: int, rng: np.random.Generator) -> TreeNode:
    """Ultrametric and as unbalanced as can be: tips join one lineage, one after the other."""
    return _joined(n, rng, lambda several: np.array([several - 1, rng.integers(several - 1)]))


def _joined(n: int, rng: np.random.Generator, pair: Callable[[int], np.ndarray]) -> TreeNode:
    nodes, time = [(TreeNode(), 0.0) for _ in range(n)], 0.0
    while len(nodes) > 1:
        several = len(nodes)
        time += rng.exponential(2 / (several * (several - 1)))
        chosen = [nodes[place] for place in pair(several)]
        nodes = [one for one in nodes if one not in chosen]
        for node, born in chosen:
            node.length = time - born
        nodes.append((TreeNode(children=[node for node, _ in chosen]), time))
    return nodes[0][0]


def birth_death(n: int, rng: np.random.Generator, death: float = 0.5) -> TreeNode:
    """Birth-death process stopped at n tips, extinct ones kept: fossils end early."""
    while True:
        root = TreeNode()
        living, extinct = {id(root): root}, 0
        root.length = 0.0
        while living and len(living) + extinct < n:
            wait = rng.exponential(1 / (len(living) * (1 + death)))
            for node in living.values():
                node.length += wait
            node = list(living.values())[int(rng.integers(len(living)))]
            del living[id(node)]
            if rng.random() < death / (1 + death):
                extinct += 1
                continue
            for _ in range(2):
                child = TreeNode(length=0.0)
                node.append(child)
                living[id(child)] = child
        if len(living) + extinct == n and living:
            wait = rng.exponential(1 / (len(living) * (1 + death)))
            for node in living.values():
                node.length += wait
            return root


def uneven(n: int, rng: np.random.Generator) -> TreeNode:
    """A coalescent whose branches run at rates of their own: far from ultrametric."""
    tree = coalescent(n, rng)
    for node in tree.preorder(include_self=False):
        node.length *= rng.lognormal(0.0, 1.0)
    return tree


TREES: Mapping[str, Callable[[int, np.random.Generator], TreeNode]] = {
    "coalescent": coalescent,
    "birth-death": birth_death,
    "uneven rates": uneven,
    "comb": comb,
}


def named(tree: TreeNode, prefix: str = "t") -> TreeNode:
    """Name tips in their order along the tree."""
    for place, tip in enumerate(tree.tips()):
        tip.name = f"{prefix}{place:03d}"
    return tree


def draw_tree(number: int, n: int, rng: np.random.Generator) -> TreeNode:
    """Take the shapes of trees in turn; names differ from world to world."""
    return named(list(TREES.values())[number % len(TREES)](n, rng), f"w{number}t")


# Looks that know nothing of the tree


def normal(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(n, 8))


def heavy_tailed(n: int, rng: np.random.Generator) -> np.ndarray:
    """Student's t with 1.5 degrees of freedom: no variance."""
    return rng.standard_t(1.5, size=(n, 8))


def low_rank(n: int, rng: np.random.Generator) -> np.ndarray:
    """Two directions in 64 dimensions hold all but a thousandth of the variance."""
    return rng.normal(size=(n, 2)) @ rng.normal(size=(2, 64)) + 0.03 * rng.normal(size=(n, 64))


def one_outlier(n: int, rng: np.random.Generator) -> np.ndarray:
    looks = rng.normal(size=(n, 8))
    looks[rng.integers(n)] += 15.0
    return looks


def few_states(n: int, rng: np.random.Generator) -> np.ndarray:
    """Two characters of two states: most distances are equal, many taxa look the same."""
    while np.ptp(looks := rng.integers(2, size=(n, 2)).astype(float), axis=0).min() == 0:
        pass
    return looks


LOOKS: Mapping[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "normal": normal,
    "heavy-tailed": heavy_tailed,
    "low rank": low_rank,
    "one outlier": one_outlier,
    "few states": few_states,
}


# What is the same for all checks


def distances(looks: np.ndarray, names: Sequence[str]) -> DistanceMatrix:
    found = cdist(looks, looks)
    return DistanceMatrix((found + found.T) / 2, list(names))


def phylogeny(tree: TreeNode) -> tuple[DistanceMatrix, pd.DataFrame]:
    """Path lengths and Brownian covariance of the tips, in the order of their names."""
    shared = covariance(tree)
    return patristic(tree).filter(list(shared.index)), shared


def p_values(part: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every p-value in a block of signal.json, by its place there."""
    if isinstance(part, dict):
        for key, value in part.items():
            place = f"{path}.{key}" if path else str(key)
            if key in P_VALUES:
                if value is not None:
                    yield place, float(value)
            else:
                yield from p_values(value, place)
    elif isinstance(part, list):
        for place, value in enumerate(part):
            name = value.get("clade", place) if isinstance(value, dict) else place
            yield from p_values(value, f"{path}[{name}]")


def _one_thread() -> None:
    threadpool_limits(1)


def in_worlds(world: World, numbers: Sequence[int]) -> pd.DataFrame:
    """One row a world: p-values by name. A world is told its number and draws from it alone."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _one_thread) as pool:
        return pd.DataFrame(list(pool.map(world, numbers, chunksize=10)), index=list(numbers))
