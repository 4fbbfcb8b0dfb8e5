"""Worlds of which unknowns are to be placed."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.sample import to_sample
from phylolens.placement.branches import Branches
from phylolens.placement.leave_out import Fold, leave_out
from phylolens.placement.reference import Reference
from phylolens.simulation import birth_death_tree, simulate_features
from phylolens.simulation.tree import RANKS


@cache
def world(signal: float, seed: int = 3) -> tuple[Reference, tuple[Fold, ...]]:
    """60 species of 24 genera in 10 families, three images each, 24 noisy features."""
    rng = np.random.default_rng(seed)
    named = birth_death_tree(60, clades=(2, 4, 10, 24), extinction=0.2, rng=rng)
    features, meta = simulate_features(
        named.tree,
        per_taxon=3,
        n_features=24,
        lambda_=1.0 if signal else 0.0,
        signal=signal,
        within_sd=0.8,
        rank="species",
        seed=seed,
    )
    lineage = pd.DataFrame.from_dict(dict(named.lineages), orient="index", columns=list(RANKS))
    ids = list(meta["file"])
    sample = to_sample(
        features,
        pd.Series(meta["species"].to_numpy(), index=ids),
        pd.Series(ids, index=ids),
        sorted(set(meta["species"])),
    )
    reference = Reference.of(
        sample, Branches.of(named.tree), lineage[["family", "genus", "species"]]
    )
    return reference, tuple(leave_out(reference))


@pytest.fixture(scope="session")
def related() -> tuple[Reference, tuple[Fold, ...]]:
    """A world in which relatives look alike."""
    return world(1.0)


@pytest.fixture(scope="session")
def unrelated() -> tuple[Reference, tuple[Fold, ...]]:
    """A world in which looks have nothing to do with the tree."""
    return world(0.0)
