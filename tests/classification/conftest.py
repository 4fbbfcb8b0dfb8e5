"""Small worlds of classes with known separation."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from phylolens.specimens import raise_rare
from phylolens.values import Features


@pytest.fixture(scope="session")
def class_world() -> Callable[..., tuple[Features, pd.DataFrame]]:
    """Make Gaussian classes: one shifted dimension each, three of noise beside."""

    def make(counts: list[int], *, distance: float, seed: int = 0):
        rng = np.random.default_rng(seed)
        codes = np.repeat(np.arange(len(counts)), counts)
        matrix = rng.normal(size=(len(codes), len(counts) + 3))
        matrix[np.arange(len(codes)), codes] += distance
        files = [f"{place}.jpg" for place in range(len(codes))]
        labels = np.array([f"class{place}" for place in range(len(counts))])[codes]
        table = pd.DataFrame({"file": files, "specimen_id": files, "order": labels}).astype(object)
        return Features(tuple(files), matrix), table

    return make


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., pd.DataFrame]:
    """Plan the training rows of one rank, no copies."""

    def plan(table: pd.DataFrame, split, rank: str = "order") -> pd.DataFrame:
        rows = raise_rare(table.set_index("file").loc[list(split.train), rank], 0, seed=0)
        return rows.assign(id=rows["file"])

    return plan


RANKS = ("order", "family", "species")


@pytest.fixture(scope="session")
def nested_world() -> Callable[..., tuple[Features, pd.DataFrame]]:
    """Make nested taxa in shuffled rows: species of the same family are alike.

    Every third specimen has two images.
    """

    def make(
        *,
        orders: int = 3,
        families: int = 3,
        species: int = 3,
        specimens: int = 6,
        noise: float = 0.7,
        seed: int = 0,
    ) -> tuple[Features, pd.DataFrame]:
        rng = np.random.default_rng(seed)
        rows, points = [], []
        for order in range(orders):
            centre = rng.normal(size=20) * 1.5
            for family in range(families):
                middle = centre + rng.normal(size=20)
                for kind in range(species):
                    mean = middle + rng.normal(size=20) * 0.8
                    name = f"{order}{family}"
                    taxon = dict(
                        zip(RANKS, (f"O{order}", f"F{name}", f"S{name}{kind}"), strict=True)
                    )
                    for number in range(specimens):
                        for view in range(2 if number % 3 == 0 else 1):
                            own = {"specimen_id": f"s{name}{kind}{number}"}
                            own["file"] = f"{own['specimen_id']}-{view}.jpg"
                            rows.append(own | taxon)
                            points.append(mean + rng.normal(size=20) * noise)
        mixed = rng.permutation(len(rows))
        table = pd.DataFrame(rows).astype(object).iloc[mixed].reset_index(drop=True)
        return Features(tuple(table["file"]), np.array(points)[mixed]), table

    return make
