"""What is held out of a model on trial is held out, and its scores are those of its answers."""

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.assessment import assess, assessment_split, n_calibrated
from phylolens.classification.calibrated import fit_calibrated
from phylolens.classification.heads.prototype import Prototype
from phylolens.errors import TooFew

RANKS = ("order", "family", "species")


@pytest.fixture(scope="module")
def world(nested_world):
    return nested_world(orders=12, families=3, species=3, specimens=4)


@pytest.fixture(scope="module")
def split(world):
    return assessment_split(world[1], RANKS, seed=1)


def test_parts_are_disjoint_and_exhaustive_and_tear_no_specimen(world, split):
    _, table = world
    assert not set(split.train) & set(split.test)
    assert sorted((*split.train, *split.test)) == sorted(table["file"])
    specimen_of = table.set_index("file")["specimen_id"]
    assert not set(specimen_of[list(split.train)]) & set(specimen_of[list(split.test)])


def test_held_out_taxa_are_in_no_training_row(world, split):
    _, table = world
    rows = table.set_index("file")
    train, test = rows.loc[list(split.train)], rows.loc[list(split.test)]
    new = {rank: set(test[rank]) - set(train[rank]) for rank in RANKS}
    assert set(split.held_out) <= set().union(*new.values())
    for rank in RANKS:
        here = {name for name in split.held_out if name in set(table[rank])}
        assert 1 <= len(here) <= 0.2 * table[rank].nunique(), rank
        assert here <= new[rank]
    # Some new species are of known families, some new families of known orders.
    assert test[~test["species"].isin(train["species"]) & test["family"].isin(train["family"])].size
    assert test[~test["family"].isin(train["family"]) & test["order"].isin(train["order"])].size
    known = test[test["species"].isin(train["species"])]
    share = known["specimen_id"].nunique() / (
        known["specimen_id"].nunique() + train["specimen_id"].nunique()
    )
    assert share == pytest.approx(0.2, abs=0.06)


def test_rows_in_another_order_are_divided_alike(world, split):
    _, table = world
    mixed = table.sample(frac=1, random_state=4).reset_index(drop=True)
    again = assessment_split(mixed, RANKS, seed=1)
    assert set(again.test) == set(split.test)
    assert again.held_out == split.held_out
    assert set(assessment_split(table, RANKS, seed=2).test) != set(split.test)


def test_a_given_split_plays_no_part(world, split):
    _, table = world
    marked = table.assign(split=np.where(table["file"].isin(set(split.train)), "test", "train"))
    assert assessment_split(marked, RANKS, seed=1) == split


@pytest.mark.parametrize("seed", range(4))
def test_the_largest_order_stays(nested_world, seed):
    _, table = nested_world(orders=4)
    rare = table["order"].isin(["O1", "O2", "O3"]) & (table["specimen_id"].str[-1] > "0")
    split = assessment_split(table[~rare], RANKS, seed=seed)
    assert "O0" not in split.held_out, "it has two thirds of the images"
    assert {"O1", "O2", "O3"} & set(split.held_out)


def test_two_taxa_of_a_rank_stay(nested_world):
    _, table = nested_world(orders=2, families=4)
    held = set(assessment_split(table, RANKS).held_out)
    assert not held & set(table["order"]), "with a single order left, none could be told"
    assert held & set(table["family"])


def test_labels_with_gaps(nested_world):
    _, table = nested_world(orders=4)
    table.loc[::3, "species"] = None
    table.loc[::9, "family"] = None
    split = assessment_split(table, RANKS)
    assert sorted((*split.train, *split.test)) == sorted(table["file"])


def test_nothing_to_spare():
    table = pd.DataFrame({"file": ["a", "b"], "specimen_id": ["a", "b"], "order": ["x", "x"]})
    with pytest.raises(TooFew):
        assessment_split(table.astype(object), ("order",))


@pytest.fixture(scope="module")
def tried(world, split):
    features, table = world
    rows = table.set_index("file", drop=False)
    train, test = rows.loc[list(split.train)], rows.loc[list(split.test)]
    model, found = fit_calibrated(features, train, RANKS, Prototype(), alpha=0.1, seed=1)
    counts = n_calibrated(found, train["specimen_id"])
    return model, found, train, test, counts, assess(model, features, train, test, counts, seed=1)


def test_counts_of_specimens_behind_each_threshold(tried):
    _, found, train, _, counts, _ = tried
    specimen_of = train["specimen_id"].to_dict()
    assert counts["mixed"] == len({specimen_of[file] for file in found.files})
    known = {specimen_of[file] for file, kind, stratum in
             zip(found.files, found.left_out, found.strata, strict=True)
             if kind == "specimen" and stratum == "known species"}  # fmt: skip
    assert counts["known_only"] == len(known)


def test_confidence_is_of_known_taxa(world, tried):
    features = world[0]
    model, _, train, test, _, assessed = tried
    answers = model.answer(features.take(list(test["file"])))
    raw = model.tree.capped(model.blend.raw(features.take(list(test["file"])).matrix))
    known = test["species"].isin(set(train["species"])).to_numpy()
    for rank in RANKS:
        nodes = model.tree.at_rank(rank)
        names = model.tree.labels(nodes)
        right = names[answers.marginals[:, nodes].argmax(axis=1)] == test[rank].to_numpy()
        found = assessed.confidence[rank].to_dict()
        assert found["n"] == known.sum()
        assert found["accuracy"] == pytest.approx(right[known].mean())
        true = [list(names).index(name) for name in test[rank][known]]
        for part, chances in ((found, answers.marginals), (found["uncalibrated"], raw)):
            truth = chances[known][:, nodes][np.arange(known.sum()), true]
            assert part["nll"] == pytest.approx(-np.log(truth).mean(), rel=0.05)
    assert assessed.temperature == dict(model.blend.temperatures)


def test_coverage_is_the_share_of_answers_that_hold(world, tried):
    features = world[0]
    model, _, train, test, _, assessed = tried
    answers = model.answer(features.take(list(test["file"])))
    names = model.tree.labels(answers.accepted)
    right = np.array([name is None or name in set(row) for name, row in
                      zip(names, test[list(RANKS)].to_numpy(), strict=True)])  # fmt: skip
    found = assessed.conformal.to_dict()["by_stratum"]
    new_species = ~test["species"].isin(train["species"]) & test["family"].isin(train["family"])
    known = test["species"].isin(train["species"])
    for stratum, rows in (("unknown species", new_species), ("known species", known)):
        shares = pd.Series(right[rows]).groupby(test["specimen_id"][rows].to_numpy()).mean()
        assert found[stratum]["n"] == len(shares)
        assert found[stratum]["coverage"] == pytest.approx(shares.mean(), abs=1e-9)
    assert set(found) == {"known species", *(f"unknown {rank}" for rank in RANKS)}
