"""Rankings find the features that tell, and selection keeps exactly those."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score

from phylolens.classification.heads import fit_head, make_head, probabilities
from phylolens.classification.ranking import (
    REPEATS,
    SelectRanked,
    _forest,
    _hold_back,
    by_permutation,
    rank_features,
)
from phylolens.classification.transform import with_steps
from phylolens.errors import InputError

TELLING = (3, 11)


@pytest.fixture(scope="module")
def world():
    """Four classes told by columns 3 and 11 together; 14 of noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 16)).astype(np.float32)
    codes = np.arange(160) % 4
    X[:, 3] += 5 * (codes // 2)
    X[:, 11] += 5 * (codes % 2)
    return X, np.array([f"c{code}" for code in codes])


@pytest.mark.parametrize("method", ["impurity", "permutation"])
def test_telling_features_come_first(world, method):
    table = rank_features(*world, method=method)
    assert list(table.columns) == ["feature", "importance", "sd", "rank"]
    assert set(table["feature"][:2]) == set(TELLING)
    assert sorted(table["feature"]) == list(range(16))
    assert table["rank"].tolist() == list(range(1, 17))
    assert (np.diff(table["importance"]) <= 0).all()
    assert table["importance"][1] > 5 * table["importance"][2]


@pytest.mark.parametrize("method", ["impurity", "permutation"])
def test_noise_tells_nothing(world, method):
    X, labels = world
    noise = np.delete(X, TELLING, axis=1)
    table = rank_features(noise, np.random.default_rng(5).permutation(labels), method=method)
    if method == "impurity":  # shares of one, hence about equal
        assert table["importance"].max() < 2 / 14
        np.testing.assert_allclose(table["importance"].sum(), 1)
    else:
        assert abs(table["importance"]).max() < 0.15


def test_permutation_importance_agrees_with_a_loop(world):
    """Shuffle one column at a time and score again, on the rows held back."""
    X, labels = world
    train, test = _hold_back(labels, 4)
    forest = _forest(4).fit(X[train], labels[train])
    score = f1_score(labels[test], forest.predict(X[test]), average="macro")
    rng = np.random.default_rng(8)
    found, spread = by_permutation(X, labels, 4)
    for column in TELLING:
        losses = []
        for _ in range(25):
            shuffled = X[test].copy()
            shuffled[:, column] = rng.permutation(shuffled[:, column])
            again = f1_score(labels[test], forest.predict(shuffled), average="macro")
            losses.append(score - again)
        error = np.std(losses) * np.sqrt(1 / 25 + 1 / REPEATS)
        assert abs(found[column] - np.mean(losses)) < 3 * error
        assert spread[column] > 0


def test_a_quarter_of_every_class_is_held_back():
    labels = np.repeat(["a", "b", "c"], [40, 8, 1])
    train, test = _hold_back(labels, 0)
    assert sorted([*train, *test]) == list(range(49))
    assert dict(zip(*np.unique(labels[test], return_counts=True), strict=True)) == {
        "a": 10,
        "b": 2,
    }


def test_selection_keeps_the_best_in_their_order(world):
    X, labels = world
    selected = SelectRanked(2).fit(X, labels)
    np.testing.assert_array_equal(selected.transform(X), X[:, list(TELLING)])
    table = rank_features(X, labels).set_index("feature")
    np.testing.assert_array_equal(
        selected.importances_, table.loc[range(16), "importance"].to_numpy()
    )
    assert SelectRanked(99).fit_transform(X, labels).shape == X.shape
    twin = clone(selected).fit(X, labels)
    np.testing.assert_array_equal(twin.kept_, selected.kept_)


def test_selection_is_part_of_the_fit(world):
    """With labels permuted, choosing features inside the fit leaves the head at chance."""
    labels = world[1]
    rng = np.random.default_rng(6)
    wide = rng.normal(size=(160, 300)).astype(np.float32)
    wrong = rng.permutation(labels)
    head = fit_head(with_steps(("select:5",), make_head("rf", 0), 0), wide[:80], wrong[:80])
    hits = head.classes_[probabilities(head, wide[80:]).argmax(axis=1)] == wrong[80:]
    assert abs(hits.mean() - 0.25) < 3.5 * np.sqrt(0.25 * 0.75 / 80)


def test_rankings_that_cannot_be_made_are_refused(world):
    X, labels = world
    with pytest.raises(InputError, match="impurity, permutation"):
        rank_features(X, labels, method="mdi")
    with pytest.raises(InputError, match="at least two images"):
        rank_features(X[:3], labels[:3], method="permutation")
