"""Specimens on a taxonomy with features, and a nearest-mean classifier with probabilities."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

RANKS = ("order", "family", "genus", "species")
SIZE = 6


@dataclass
class World:
    """``table``: one row an image; ``features`` of its rows; ``lineage``: one row a species."""

    table: pd.DataFrame
    features: np.ndarray
    lineage: pd.DataFrame


def draw_world(seed: int) -> World:
    rng = np.random.default_rng(seed)
    rows, means = [], []
    for o in range(3):
        order = rng.normal(0, 1.0, SIZE)
        for f in range(3 - o // 2):
            family = order + rng.normal(0, 0.8, SIZE)
            for g in range(3):
                genus = family + rng.normal(0, 0.6, SIZE)
                for s in range(1 + (o + f + g) % 4):
                    name = f"{'ABC'[o]}{'aei'[f]}{'lmn'[g]}us"
                    rows.append((f"{'ABC'[o]}iformes", f"{'ABC'[o]}{'aei'[f]}idae", name,
                                 f"{name} {('albus', 'ruber', 'niger', 'parvus')[s]}"))  # fmt: skip
                    means.append(genus + rng.normal(0, 0.45, SIZE))
    lineage = pd.DataFrame(rows, columns=list(RANKS))
    images, features = [], []
    for place, taxa in enumerate(rows):
        for k in range(int(rng.integers(5, 15))):
            own = means[place] + rng.normal(0, 0.42, SIZE)
            for _ in range(int(rng.integers(1, 3))):
                images.append((f"{place:02d}-{k:02d}", *taxa))
                features.append(own + rng.normal(0, 0.25, SIZE))
    table = pd.DataFrame(images, columns=["specimen_id", *RANKS])
    table.insert(0, "file", [f"{row:04d}.png" for row in range(len(table))])
    return World(table, np.array(features), lineage)


def random_split(world: World, seed: int) -> np.ndarray:
    """Whether an image is tested: a fifth of each species' specimens."""
    rng = np.random.default_rng(seed)
    tested: set[str] = set()
    for _, rows in world.table.groupby("species"):
        specimens = rows["specimen_id"].unique()
        tested |= set(rng.permutation(specimens)[: len(specimens) // 5])
    return world.table["specimen_id"].isin(tested).to_numpy()


def left_out(world: World, rank: str, seed: int) -> list[str]:
    """One taxon of ``rank`` from each second parent that has several."""
    rng = np.random.default_rng(seed)
    above = RANKS[RANKS.index(rank) - 1]
    groups = [group for _, group in world.lineage.groupby(above)[rank] if group.nunique() > 1]
    return sorted(str(rng.choice(sorted(group.unique()))) for group in groups[::2])


def leaf_probabilities(
    world: World, train: np.ndarray, test: np.ndarray, *, sharp: float = 1.6, blur: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the species trained on (columns sorted) and their names."""
    x = world.features + np.random.default_rng(7).normal(0, blur, world.features.shape)
    labels = world.table["species"].to_numpy()
    classes = np.unique(labels[train])
    means = np.array([x[train & (labels == name)].mean(axis=0) for name in classes])
    away = ((x[test][:, None] - means[None]) ** 2).sum(axis=2)
    weights = np.exp(-sharp * (away - away.min(axis=1, keepdims=True)))
    return weights / weights.sum(axis=1, keepdims=True), classes


def at_rank(
    world: World, probabilities: np.ndarray, classes: np.ndarray, rank: str
) -> tuple[np.ndarray, np.ndarray]:
    """Sum leaf probabilities into the taxa of a rank."""
    of = world.lineage.set_index("species")[rank][classes] if rank != "species" else classes
    names = np.unique(np.array(of))
    return np.stack([probabilities[:, np.array(of) == n].sum(axis=1) for n in names], 1), names
