"""Tuned forest and kernel machines: the search against its naive twin, settings that stay put."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.svm import SVC, LinearSVC

from phylolens.classification.heads import choice_of, fit_head, make_head, probabilities
from phylolens.classification.heads.base import fold_of_rows
from phylolens.classification.heads.comparison import FOLDS, answers_out_of_fold, compare
from phylolens.classification.heads.inner_choice import frozen_of
from phylolens.classification.heads.kernel_svm import COSTS, WIDTHS, KernelSvm
from phylolens.classification.heads.svm import LinearSvm
from phylolens.classification.heads.tuned_forest import (
    PUBLISHED,
    WEIGHTED,
    TunedForest,
    drawn_settings,
    forest_of,
)
from phylolens.random import stream


def rings(n=120, seed=0):
    """One class around the other: no line, no mean tells them apart."""
    rng = np.random.default_rng(seed)
    labels = np.array(["inner", "outer"])[np.arange(n) % 2]
    angle = rng.uniform(0, 2 * np.pi, n)
    size = np.where(labels == "inner", 1.0, 4.0)
    return np.column_stack([size * np.cos(angle), size * np.sin(angle)]), labels


def clouds(counts, seed=0, d=6):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(counts)), counts)
    centres = np.random.default_rng(9).normal(size=(len(counts), d)) * 1.2
    return rng.normal(size=(len(codes), d)) + centres[codes], codes, np.arange(len(codes)) // 2


def test_scores_equal_a_loop_over_folds():
    X, codes, groups = clouds([40, 30, 20])
    heads = {"flat": SVC(gamma=1e-6), "wide": SVC(gamma=0.1)}
    choice, scores, rule = compare(heads, X, codes, groups, np.random.default_rng(5))
    rng = np.random.default_rng(5)  # all rows are compared: nothing is drawn for a sample
    fold = fold_of_rows(codes, groups, FOLDS, rng)
    for name, head in heads.items():
        found = np.empty(len(X), dtype=int)
        for k in range(FOLDS):
            found[fold == k] = clone(head).fit(X[fold != k], codes[fold != k]).predict(X[fold == k])
        assert scores[name] == pytest.approx(f1_score(codes, found, average="macro"))
    assert choice == "wide"
    assert "no specimen torn" in rule


def test_a_class_that_a_fold_lacks_has_no_answer():
    X, codes, _ = clouds([20, 20, 1])
    found = answers_out_of_fold([SVC()], X, codes, None, 3, np.random.default_rng(0))
    assert found[0, codes == 2].tolist() == [-1]
    assert (found[0, codes < 2] >= 0).all()


def test_nothing_is_tried_with_one_specimen_or_one_candidate():
    X, codes, _ = clouds([6, 6])
    heads = {"first": SVC(), "second": SVC()}
    choice, scores, rule = compare(heads, X, codes, np.zeros(12), np.random.default_rng(0))
    assert (choice, scores) == ("first", {})
    assert "too few specimens" in rule
    assert compare({"only": SVC()}, X, codes, None, np.random.default_rng(0))[1] == {}


# The forest


def test_settings_are_different_and_the_published_ones_come_first():
    names = drawn_settings(20, stream(1, "classification.heads.tuned_forest"))
    assert names[:2] == [PUBLISHED, WEIGHTED]
    assert len(set(names)) == 22
    assert len(drawn_settings(999, np.random.default_rng(0))) == 3 * 3 * 3 * 2


def test_a_name_says_what_is_grown():
    found = forest_of("forest:depth=20+tried=0.1+leaf=5+weights=balanced", 7, 3).get_params()
    wanted = {"n_estimators": 7, "max_depth": 20, "max_features": 0.1, "min_samples_leaf": 5,
              "class_weight": "balanced", "random_state": 3}  # fmt: skip
    assert found.items() >= wanted.items()
    plain = forest_of(PUBLISHED, 100, 3).get_params()
    assert plain == RandomForestClassifier(100, random_state=3).get_params()
    assert forest_of(WEIGHTED, 100, 3).get_params() == plain | {"class_weight": "balanced"}


def test_rare_classes_make_the_search_weigh_them():
    """Forty to one, overlapping: unweighted forests with large leaves never name the rare class."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [400, 20])
    X = rng.normal(size=(420, 3)) + 1.5 * codes[:, None]
    head = TunedForest(tries=52, trees=20, seed=1).fit(X, codes)
    assert "weights=balanced" in head.choice_
    assert head.scores_[head.choice_] == max(head.scores_.values()) > head.scores_[PUBLISHED]
    assert head.model_.n_estimators == 20


def test_pure_noise_is_not_learned_by_the_search():
    """The best of many inner scores flatters; the answers to new rows do not."""
    rng = np.random.default_rng(2)
    X, labels = rng.normal(size=(120, 5)), rng.permutation(np.repeat(["a", "b"], 60))
    test, answers = rng.normal(size=(400, 5)), np.repeat(["a", "b"], 200)
    head = TunedForest(tries=4, trees=50, seed=0).fit(X, labels)
    assert abs((head.predict(test) == answers).mean() - 0.5) < 3.5 * np.sqrt(0.25 / 400)


# Kernel machines


def test_rings_need_a_kernel():
    X, labels = rings()
    test, answers = rings(seed=1)
    head = KernelSvm().fit(X, labels)
    assert (head.predict(test) == answers).mean() > 0.95
    assert (LinearSvm().fit(X, labels).predict(test) == answers).mean() < 0.7


def test_the_machine_is_that_of_scikit_learn():
    X, codes, groups = clouds([40, 30, 20])
    head = KernelSvm(C=10.0, gamma=3.0).fit(X, codes, groups)
    twin = SVC(C=10.0, gamma=3 / (6 * X.var()), class_weight="balanced").fit(X, codes)
    test = clouds([30, 30, 30], seed=3)[0]
    np.testing.assert_array_equal(head.predict(test), twin.predict(test))
    assert (head.choice_, head.scores_) == ("rbf:C=10+gamma=3", {})


def test_probabilities_are_about_as_sure_as_right():
    X, codes, groups = clouds([120, 120, 120])
    test, answers, _ = clouds([300, 300, 300], seed=4)
    found = KernelSvm().fit(X, codes, groups).predict_proba(test)
    right = (found.argmax(axis=1) == answers).mean()
    assert found.max(axis=1).mean() == pytest.approx(right, abs=0.08)


def test_all_settings_are_tried_unless_fixed():
    X, codes, groups = clouds([20, 20])
    assert len(KernelSvm().fit(X, codes, groups).scores_) == len(COSTS) * len(WIDTHS)
    assert len(KernelSvm(gamma=1.0).fit(X, codes, groups).scores_) == len(COSTS)


@pytest.mark.parametrize("name", ["rf-tuned:tries=3,trees=20", "svm-rbf"])
def test_a_frozen_copy_answers_the_same_and_tries_nothing(name):
    X, codes, groups = clouds([30, 20, 10])
    labels = np.array(["a", "b", "c"])[codes]
    head = fit_head(make_head(name, 4), X, labels, groups)
    choice = choice_of(head)
    assert choice is not None
    assert choice.head in (choice.scores or {})
    again = fit_head(frozen_of(head), X, labels, groups)
    assert choice_of(again).head == choice.head
    assert choice_of(again).scores == {}
    np.testing.assert_array_equal(
        probabilities(again, X).argmax(axis=1), probabilities(head, X).argmax(axis=1)
    )


def test_plain_machines_are_those_of_valan_and_others():
    """LinearSVC with its defaults, on the features as they are."""
    X, codes, _ = clouds([60, 20, 5])
    test = clouds([30, 30, 30], seed=3)[0]
    head = fit_head(make_head("svm-plain", 0), X, codes.astype(str))
    twin = LinearSVC(C=1.0, dual=False).fit(X, codes)
    np.testing.assert_array_equal(head.predict(test).astype(int), twin.predict(test))


def test_plain_machines_neglect_rare_classes_unless_told():
    rng = np.random.default_rng(0)
    labels = np.repeat(["frequent", "rare"], [190, 10])
    X = rng.normal(size=(200, 3)) + (labels == "rare")[:, None]
    test = np.random.default_rng(1).normal(size=(200, 3)) + 1
    named = {}
    for name in ("svm-plain", "svm-plain:even=yes"):
        head = fit_head(make_head(name, 0), X, labels)
        named[name] = (head.predict(test) == "rare").mean()
    assert named["svm-plain:even=yes"] > named["svm-plain"] + 0.2
