"""Bivalve taxonomy distances, made without the code under test."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix


@pytest.fixture(scope="session")
def bivalve_steps(shared_data: Path) -> DistanceMatrix:
    """1 within an order, 2 within a subclass, else 3: the 74 families in the study's order."""
    folder = shared_data / "bivalvia"
    families = (folder / "families.txt").read_text().split()
    table = pd.read_csv(folder / "taxonomy.csv", index_col="family").loc[families]
    steps = np.ones((len(families), len(families)))
    for rank in ("order", "clade"):
        values = table[rank].to_numpy()
        steps += values[:, None] != values[None, :]
    np.fill_diagonal(steps, 0)
    return DistanceMatrix(steps, families)
