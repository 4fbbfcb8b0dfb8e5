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
