"""Worlds of a few taxa, made of any rows; and methods that are as good as they are told to be."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.clades import Clades
from phylolens.guided.sample import Sample, sample_of_rows
from phylolens.paradigms import BenchData, Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.tree_free import TreeFree


@pytest.fixture
def tiny() -> Callable[..., tuple[BenchData, Material]]:
    """Make a world: rows taxon by taxon, equally many of each; taxon i is of clade ``i % clades``.

    Genetic distance is that of the taxa's means.
    """

    def make(rows: np.ndarray, each: int, clades: int = 10) -> tuple[BenchData, Material]:
        rows = np.asarray(rows, dtype=np.float32)
        n = len(rows) // each
        names = tuple(f"t{place:02d}" for place in range(n))
        ids = tuple(f"i{row:04d}" for row in range(len(rows)))
        starts = np.arange(n) * each
        shares = np.full(len(rows), 1 / each)
        sample = sample_of_rows(names, rows, starts, starts + each, shares, ids, {})
        groups = np.arange(n) % clades
        labels = pd.DataFrame({"specimen_id": ids}, index=list(ids))
        labels["order"] = [f"o{group}" for group in np.repeat(groups, each)]
        labels["family"] = np.repeat(names, each)
        lineage = pd.DataFrame({"order": [f"o{one}" for one in groups], "family": names}, names)
        apart = np.linalg.norm(sample.means[:, None] - sample.means, axis=2)
        covariance = pd.DataFrame(np.eye(n), names, names)
        own = Clades("order", groups, (), tuple(f"o{group}" for group in range(clades)))
        data = BenchData(sample, apart, covariance, own, groups, 3, lineage, labels, None)
        return data, Material(labels, "family", seed=0)

    return make


class Blurred(TreeFree):
    """Features with noise, where what a claim varies (``setting``) is ``worse``."""

    def __init__(self, setting: object = None, worse: object = "worse", noise: float = 3.0) -> None:
        self.setting, self.worse, self.noise = setting, worse, noise

    def learn(self, sample: Sample) -> None:
        """Remember how features are spread."""
        self.spread_ = sample.matrix().std(axis=0)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Add noise, or a trace of it."""
        size = self.noise if self.setting == self.worse else 0.01
        rng = np.random.default_rng(len(matrix))
        return matrix + size * self.spread_ * rng.standard_normal(matrix.shape)


@pytest.fixture
def blurred() -> type[Blurred]:
    """The class of learners that are as bad as they are told to be."""
    return Blurred


@pytest.fixture
def methods(monkeypatch) -> Callable[..., None]:
    """Let claims find these learners by these names, and nothing else."""

    def register(**learners: Callable[[Material], object]) -> None:
        known = {
            name.replace("_", "-"): Method(
                name.replace("_", "-"), "advanced/graph", fit, "images", "A test."
            )
            for name, fit in learners.items()
        }
        monkeypatch.setattr("phylolens.paradigms.clade_scores.registered", lambda: known)

    return register
