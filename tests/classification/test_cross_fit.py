"""No answer that confidence is calibrated on comes from a head that saw the specimen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from phylolens.classification import cross_fit as module
from phylolens.classification.cross_fit import OutOfFold, calibration_folds, cross_fit, joined
from phylolens.classification.lineage import TaxonTree
from phylolens.errors import TooFew
from phylolens.values import Features

RANKS = ("order", "family", "species")


class Memory(ClassifierMixin, BaseEstimator):
    """Answers evenly over the classes it met; refuses whoever it has seen before.

    The last feature is the number of the specimen.
    """

    def fit(self, X, y):
        self.seen_, self.classes_ = np.unique(X[:, -1]), np.unique(y)
        return self

    def predict_proba(self, X):
        if np.isin(X[:, -1], self.seen_).any():
            raise AssertionError("asked about a specimen that was trained on")
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture(scope="module")
def world(nested_world):
    """All images of a specimen have the same features, no two specimens do."""
    features, table = nested_world(orders=3, families=4, species=3, specimens=4)
    first = table.drop_duplicates("specimen_id").set_index("specimen_id")["file"]
    row_of = {name: row for row, name in enumerate(features.ids)}
    matrix = features.matrix[[row_of[name] for name in first[table["specimen_id"]]]]
    number = pd.factorize(table["specimen_id"])[0] + 1.0
    return Features(features.ids, np.column_stack([matrix, number])), table


@pytest.fixture(scope="module")
def found(world) -> OutOfFold:
    features, table = world
    heads = {rank: Memory() for rank in RANKS[:-1]}
    return joined(cross_fit(features, table, TaxonTree.of(table, RANKS), Memory(), heads))


def test_the_spy_knows_whom_it_saw(world):
    features, table = world
    spy = Memory().fit(features.matrix[:30], table["species"].to_numpy(str)[:30])
    with pytest.raises(AssertionError, match="trained on"):
        spy.predict_proba(features.matrix[25:40])


def test_every_specimen_is_asked_about_once_a_kind(world, found):
    _, table = world
    assert set(found.left_out) == {"specimen", "half", *RANKS}
    for kind in ("specimen", "half", *RANKS):
        rows = found.left_out == kind
        if kind in RANKS:
            assert (np.char.startswith(found.strata, "known") & rows).any(), "known ones beside"
            rows &= np.char.startswith(found.strata, "unknown")
        assert sorted(found.files[rows]) == sorted(table["file"]), kind
    for fold in np.unique(found.folds):
        files = found.files[found.folds == fold]
        assert len(set(files)) == len(files)


def test_no_training_row_is_of_the_same_specimen(found):
    assert found.distances.min() > 1e-6, "its images are alike: the distance would be nil"


def test_taxa_left_out_were_met_by_no_head(world, found):
    """The stub gives every class it met the same chance, so nothing means not met."""
    _, table = world
    tree = TaxonTree.of(table, RANKS)
    rows = table.set_index("file").loc[found.files]
    met = {
        rank: np.array([found.raw[row, tree.find(rank, taxon)] > 0
                        for row, taxon in enumerate(rows[rank])])
        for rank in RANKS
    }  # fmt: skip
    for kind in RANKS:
        new = np.char.startswith(found.strata, "unknown")
        assert not met[kind][(found.left_out == kind) & new].any()
    expected = []
    for row in range(len(rows)):
        new = [rank for rank in RANKS if not met[rank][row]]
        expected.append(f"unknown {new[0]}" if new else "known species")
    assert found.strata.tolist() == expected
    specimens = found.left_out == "specimen"
    assert found.known.tolist() == (specimens & met["species"]).tolist()
    assert found.known.sum() > 0.9 * specimens.sum()


def test_large_sets_use_one_fold_of_a_kind_and_a_sample(world, monkeypatch):
    features, table = world
    many = [kind for kind, _ in calibration_folds(table, RANKS, seed=0)]
    assert [many.count(kind) for kind in ("specimen", "half", *RANKS)] == [5, 2, 3, 3, 3]
    monkeypatch.setattr(module, "LARGE", 100)
    monkeypatch.setattr(module, "LARGEST_PART", 17)
    few = [kind for kind, _ in calibration_folds(table, RANKS, seed=0)]
    assert few == ["specimen", *RANKS]
    heads = {rank: Memory() for rank in RANKS[:-1]}
    parts = cross_fit(features, table, TaxonTree.of(table, RANKS), Memory(), heads, seed=3)
    assert [len(part.files) for part in parts] == [17] * 4
    assert all(len(set(part.files)) == 17 for part in parts)


def test_ranks_of_one_taxon_are_not_left_out(world):
    _, table = world
    one = table[table["order"] == "O0"]
    kinds = {kind for kind, _ in calibration_folds(one, RANKS, specimens=False, seed=0)}
    assert kinds == {"family", "species"}


def test_without_known_specimens_nothing_is_calibrated(found):
    with pytest.raises(TooFew, match="too few specimens"):
        joined([found.take(found.left_out == "species")])
    both = joined([found.take(found.left_out == "species"), found.take(found.known)])
    assert len(both.files) == (found.left_out == "species").sum() + found.known.sum()
