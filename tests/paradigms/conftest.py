"""Worlds whose features evolved along a birth-death tree, or have nothing to do with it."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.clades import clades_of
from phylolens.guided.sample import to_sample
from phylolens.paradigms import BenchData, Material, Views, bench_data
from phylolens.phylogeny.rank import to_rank
from phylolens.simulation import birth_death_tree, simulate_features
from phylolens.simulation.tree import RANKS

RANK = "genus"


@cache
def world(lambda_: float, seed: int = 1) -> tuple[BenchData, Material]:
    """150 species of 45 genera in 16 families, three images each, with four altered views."""
    rng = np.random.default_rng(seed)
    named = birth_death_tree(150, clades=(3, 8, 16, 45), extinction=0.3, rng=rng)
    features, meta = simulate_features(
        named.tree,
        per_taxon=3,
        n_features=64,
        lambda_=lambda_,
        signal=1.0 if lambda_ else 0.0,
        within_sd=0.7,
        rank="species",
        seed=seed,
    )
    lineages = pd.DataFrame.from_dict(dict(named.lineages), orient="index", columns=list(RANKS))
    labels = lineages.loc[meta["species"]].set_axis(meta["file"], axis=0)
    labels.insert(0, "specimen_id", meta["specimen_id"].to_numpy())
    ranked = to_rank(named.tree, labels.reset_index(), RANKS, RANK)
    taxa = tuple(sorted(ranked.distances.ids))
    lineage = lineages.drop_duplicates(RANK).set_index(RANK, drop=False).loc[list(taxa)]
    lineage = lineage[["subclass", "order", "family", RANK]]
    sample = to_sample(features, labels[RANK], labels["specimen_id"], taxa)
    data = bench_data(
        sample,
        ranked.distances.filter(taxa).data,
        ranked.covariance.loc[list(taxa), list(taxa)],
        clades_of(lineage),
        lineage,
        labels,
        quick=True,
        seed=seed,
    )
    rows = sample.matrix()
    altered = rows[:, None, :] + 0.5 * rng.standard_normal((len(rows), 4, rows.shape[1]))
    views = Views(sample.ids, altered.astype(np.float32))
    return data, Material(data.labels, RANK, seed=seed, views=views)


@pytest.fixture(scope="session")
def related() -> tuple[BenchData, Material]:
    """A world in which relatives look alike."""
    return world(1.0)


@pytest.fixture(scope="session")
def unrelated() -> tuple[BenchData, Material]:
    """A world in which taxa differ, and not as the tree says."""
    return world(0.0)
