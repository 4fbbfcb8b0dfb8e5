"""Impurity and permutation of a forest, against scikit-learn's own and a loop by hand."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import f1_score

from phylolens.classification import importance
from phylolens.classification.importance import REPEATS, feature_ranking
from phylolens.errors import TooFew

TELLING = (3, 11)


def world(n, seed, d=16, distance=4.0):
    """Four classes told by columns 3 and 11 together; the others are noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).astype(np.float32)
    codes = np.arange(n) % 4
    X[:, TELLING[0]] += distance * (codes // 2)
    X[:, TELLING[1]] += distance * (codes % 2)
    return X, np.array([f"c{code}" for code in codes])


def ranked(train, test, *, seed=0):
    forest = RandomForestClassifier(30, random_state=1)
    found = feature_ranking(*train, *test, model="rf", rank="family", forest=forest, seed=seed)
    return found, forest


def test_all_columns_equal_scikit_learns_permutation_importance():
    """With fewer features than are permuted, the wrapper has nothing to leave out."""
    train, test = world(160, 0), world(120, 1)
    found, forest = ranked(train, test)
    columns = [row.feature for row in found.features]
    assert sorted(columns) == list(range(16))
    assert [row.impurity for row in found.features] == pytest.approx(
        forest.feature_importances_[columns].tolist()
    )
    twin = permutation_importance(
        forest, test[0][:, :], test[1], scoring="f1_macro", n_repeats=200, random_state=5
    )
    # Other permutations: equal up to the error of five of them.
    for row in found.features:
        error = (twin.importances_std[row.feature] + 1e-3) * np.sqrt(1 / REPEATS)
        assert abs(row.permutation - twin.importances_mean[row.feature]) < 4 * error


def test_some_columns_equal_a_loop_over_them(monkeypatch):
    """Asked about six columns of sixteen, the others stay as they are."""
    monkeypatch.setattr(importance, "TOP", 3)
    train, test = world(160, 0), world(120, 1)
    found, forest = ranked(train, test, seed=7)
    assert (found.n_top, found.n_others, found.n_features) == (3, 3, 16)
    assert set(TELLING) <= {row.feature for row in found.features}
    whole = f1_score(test[1], forest.predict(test[0]), average="macro")
    assert found.macro_f1 == pytest.approx(whole)
    for row in found.features:
        rng, losses = np.random.default_rng(3), []
        for _ in range(60):
            rows = test[0].copy()
            rows[:, row.feature] = rng.permutation(rows[:, row.feature])
            losses.append(whole - f1_score(test[1], forest.predict(rows), average="macro"))
        error = (np.std(losses) + 1e-3) / np.sqrt(REPEATS)
        assert abs(row.permutation - np.mean(losses)) < 4 * error


def test_telling_features_come_first_by_both():
    found, _ = ranked(world(200, 0), world(200, 1))
    assert {row.feature for row in found.features[:2]} == set(TELLING)
    losses = {row.feature: row.permutation for row in found.features}
    noise = [loss for feature, loss in losses.items() if feature not in TELLING]
    assert min(losses[feature] for feature in TELLING) > 0.2 > max(noise) + 0.1
    # Together they are all there is to know: chance is left.
    assert found.top_loss > 0.6


def test_impurity_gives_noise_a_share_and_permutation_does_not():
    """The bias that the report warns of: labels that no feature tells."""
    X, labels = world(200, 0, distance=0.0)
    found, _ = ranked((X, labels), world(400, 1, distance=0.0))
    assert min(row.impurity for row in found.features) > 0.03  # of sixteen, 0.0625 each
    assert abs(np.mean([row.permutation for row in found.features])) < 0.01
    assert abs(found.top_loss) < 0.06


def test_what_cannot_be_ranked_is_said():
    X, labels = world(40, 0)
    with pytest.raises(TooFew, match="no tested image has a family that was trained on"):
        ranked((X, labels), (X, np.full(40, "other")))
    with pytest.raises(TooFew, match="single family"):
        ranked((X, np.full(40, "one")), (X, labels))


def test_the_same_seed_gives_the_same_and_large_tests_are_sampled(monkeypatch):
    monkeypatch.setattr(importance, "LARGEST", 50)
    train, test = world(80, 0), world(120, 1)
    one, two = ranked(train, test, seed=3)[0], ranked(train, test, seed=3)[0]
    assert one == two
    assert one.n_test == 50
