"""Sources are told where they differ; sources that only go with the taxa do not count."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from phylolens.classification import sources as module
from phylolens.classification.sources import source_check
from phylolens.values import Features

RANKS = ("family", "species")


def world(
    seed: int,
    *,
    effect: float = 0.0,
    n_species: int = 12,
    n_each: int = 8,
    p_home: float = 0.7,
    images: int = 1,
) -> tuple[Features, pd.DataFrame]:
    """Species of shifted means, each mostly from its own source; ``effect`` shifts the source."""
    rng = np.random.default_rng(seed)
    species = np.repeat(np.arange(n_species), n_each)
    home = rng.random(len(species)) < p_home
    source = np.where(home, species % 3, rng.integers(0, 3, len(species)))
    rows = np.repeat(np.arange(len(species)), images)
    own = rng.normal(size=(len(species), 20))[rows]  # what images of one specimen share
    noise = own + 0.3 * rng.normal(size=(len(rows), 20))
    species, source = species[rows], source[rows]
    matrix = 3 * rng.normal(size=(n_species, 20))[species] + noise
    matrix[:, :3] += effect * np.eye(3)[source]
    files = [f"{place:04}.jpg" for place in range(len(rows))]
    table = pd.DataFrame(
        {
            "file": files,
            "specimen_id": [f"s{row}" for row in rows],
            "family": [f"F{name % 4}" for name in species],
            "species": [f"sp{name}" for name in species],
            "source": [f"museum {name}" for name in source],
        }
    ).astype(object)
    return Features(tuple(files), matrix), table


def test_sources_that_differ_are_told_within_taxa():
    features, table = world(0, effect=3.0)
    found = source_check(features, table, RANKS, permutations=99, seed=1).to_dict()
    within = found["within_taxa"]
    assert within["rank"] == "species"
    assert within["p_value"] == found["can_tell"]["p_value"] == 0.01
    assert within["balanced_accuracy"] > within["permuted_mean"] + 0.15
    assert found["can_tell"]["chance"] == pytest.approx(1 / 3)
    assert found["images"] == table["source"].value_counts().to_dict()


def test_sources_that_only_go_with_taxa_are_told_but_not_within_taxa():
    """The features know the species and so the museum, well above chance; that is no fault."""
    features, table = world(3, effect=0.0, p_home=0.8)
    found = source_check(features, table, RANKS, permutations=99, seed=1).to_dict()
    assert found["can_tell"]["balanced_accuracy"] > 0.5
    assert found["within_taxa"]["p_value"] > 0.1
    assert (
        abs(found["within_taxa"]["balanced_accuracy"] - found["within_taxa"]["permuted_mean"]) < 0.1
    )


def test_p_values_without_an_effect_keep_their_level():
    """Sources tied to species, several images a specimen: 5% may be below 0.05, not more."""
    p_values = []
    for seed in range(100):
        features, table = world(seed, n_species=6, n_each=8, images=2, p_home=0.5)
        found = source_check(features, table, RANKS, permutations=19, seed=1000 + seed).to_dict()
        assert found["within_taxa"]["rank"] == "species"
        p_values.append(found["can_tell"]["p_value"])
    # Binomial(100, 0.05) is above 11 in one of 300 tries. Ties push p up, never down.
    assert np.mean(np.array(p_values) <= 0.05) <= 0.11
    assert np.mean(p_values) >= 0.45


def test_folds_tear_no_specimen_and_know_no_source(monkeypatch):
    features, table = world(2, effect=1.0, images=3, p_home=0.2)
    folds, deal = [], module.fold_of_rows

    def spy(labels, groups, n_folds, rng):
        folds.append((groups, deal(labels, groups, n_folds, rng)))
        return folds[-1][1]

    monkeypatch.setattr(module, "fold_of_rows", spy)
    source_check(features, table, RANKS, permutations=1)
    shuffled = table["source"].sample(frac=1, random_state=0).to_numpy()
    source_check(features, table.assign(source=shuffled), RANKS, permutations=1)
    specimen = table.sort_values("file")["specimen_id"].to_numpy()
    for groups, fold_of in folds:
        assert (groups == specimen).all()
        assert len(set(zip(groups, fold_of, strict=True))) == len(set(groups))
    assert (folds[0][1] == folds[2][1]).all()  # other sources, same folds


def test_permuted_sources_stay_within_their_taxon_and_with_their_specimen():
    taxa = np.array(list("aaaabbbbcc"))
    specimen = np.array(["1", "1", "2", "3", "4", "5", "6", "6", "7", "8"])
    source = np.array([0, 0, 1, 1, 2, 0, 1, 1, 2, 2])
    seen = set()
    rng = np.random.default_rng(0)
    for _ in range(200):
        found = module._permuted(source, taxa, specimen, rng)
        seen.add(tuple(found))
        for taxon in "abc":
            pairs = {(specimen[k], found[k]) for k in np.flatnonzero(taxa == taxon)}
            before = {(specimen[k], source[k]) for k in np.flatnonzero(taxa == taxon)}
            assert len(pairs) == len(before)  # one source a specimen still
            assert sorted(s for _, s in pairs) == sorted(s for _, s in before)
    ways = set(itertools.permutations([0, 1, 1])), set(itertools.permutations([2, 0, 1]))
    assert len(seen) == len(ways[0]) * len(ways[1]) == 18


def test_the_finest_rank_with_taxa_of_several_sources_is_used():
    features, table = world(4, effect=3.0)
    table["source"] = table["species"].map(lambda name: f"museum {int(name[2:]) // 4 % 3}")
    found = source_check(features, table, RANKS, permutations=19).to_dict()
    assert found["one_source"] == {"family": 0.0, "species": 1.0}
    # Sources go with the species of a family: no verdict on sources from there.
    assert (found["within_taxa"]["rank"], found["within_taxa"]["finest"]) == ("family", False)
    assert found["can_tell"]["p_value"] is None
    table["source"] = table["family"]
    found = source_check(features, table, RANKS, permutations=19).to_dict()
    assert found["within_taxa"] is None
    assert found["can_tell"]["p_value"] is None
    assert found["can_tell"]["balanced_accuracy"] > 0.5


def test_the_discriminant_agrees_with_linear_discriminant_analysis():
    """Two sources differ along an axis of little variance: nearest raw means miss it."""
    rng = np.random.default_rng(0)
    source = np.arange(400) % 2
    wide = 2 * rng.normal(size=(400, 1))
    thin = 0.3 * rng.normal(size=(400, 1)) + 0.9 * source[:, None]
    matrix = np.hstack([wide + thin, wide - thin])
    train, test = matrix[:300], matrix[300:]
    axes = module._Axes.of(train)
    ours = module._nearest_mean(axes.of_rows(train), source[:300], axes.of_rows(test))
    theirs = LinearDiscriminantAnalysis().fit(train, source[:300]).predict(test)
    raw = module._nearest_mean(train, source[:300], test)
    assert (ours == theirs).mean() > 0.9
    assert (ours == source[300:]).mean() > (raw == source[300:]).mean() + 0.1


def test_no_source_nothing_to_check():
    features, table = world(0)
    assert source_check(features, table.drop(columns="source"), RANKS) is None
    assert source_check(features, table.assign(source="one"), RANKS) is None
    assert source_check(features, table.assign(source=None), RANKS) is None


def test_gaps_row_order_and_large_sets(monkeypatch):
    features, table = world(5, effect=2.0, images=2)
    table.loc[::9, "source"] = None
    table.loc[::7, "species"] = None
    table.loc[::21, "family"] = None
    one = source_check(features, table, RANKS, permutations=19, seed=2).to_dict()
    assert one == source_check(features, table.iloc[::-1], RANKS, permutations=19, seed=2).to_dict()
    assert sum(one["images"].values()) == table["source"].notna().sum()
    monkeypatch.setattr(module, "MOST_IMAGES", 60)
    small = source_check(features, table, RANKS, permutations=19, seed=2).to_dict()
    assert small["within_taxa"]["n_images"] < 100
    assert small["images"] == one["images"]
