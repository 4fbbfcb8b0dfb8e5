"""Choosing inside the training rows: fair folds, honest scores, settings that stay put."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score

from phylolens.classification.heads import (
    choice_of,
    fit_head,
    inner_choice,
    make_head,
    probabilities,
)
from phylolens.classification.heads.base import fold_of_rows, stratified_sample
from phylolens.classification.heads.candidates import KINDS, MANY_CLASSES, candidate, named
from phylolens.classification.heads.inner_choice import FOLDS, InnerChoice
from phylolens.classification.transform import with_steps
from phylolens.errors import InputError


def clouds(counts, *, distance=2.0, seed=0, d=6):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(counts)), counts)
    centres = rng.normal(size=(len(counts), d)) * distance
    labels = np.array([f"t{code:03d}" for code in codes])
    return rng.normal(size=(len(codes), d)) + centres[codes], labels


def rings(n=120, seed=0):
    """One class around the other: no line, no mean tells them apart."""
    rng = np.random.default_rng(seed)
    labels = np.array(["inner", "outer"])[np.arange(n) % 2]
    angle = rng.uniform(0, 2 * np.pi, n)
    size = np.where(labels == "inner", 1.0, 4.0)
    return np.column_stack([size * np.cos(angle), size * np.sin(angle)]), labels


# Folds


def test_no_specimen_is_torn_and_classes_are_dealt_evenly():
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], [60, 30, 9])
    groups = np.arange(99) // 3
    fold = fold_of_rows(labels, groups, 3, rng)
    for group in np.unique(groups):
        assert len(set(fold[groups == group])) == 1
    for label, size in (("a", 20), ("b", 10)):
        counts = np.bincount(fold[labels == label], minlength=3)
        assert abs(counts - size).max() <= 3  # one specimen more or less
    assert np.bincount(fold[labels == "c"], minlength=3).tolist() == [3, 3, 3]


def test_classes_of_one_specimen_spread_over_the_folds():
    labels = np.array([f"t{place}" for place in range(31)])
    fold = fold_of_rows(labels, None, 3, np.random.default_rng(1))
    assert sorted(np.bincount(fold)) == [10, 10, 11]


def test_folds_do_not_depend_on_the_order_of_rows():
    labels, groups = np.repeat(["a", "b"], 20), np.arange(40) // 2
    order = np.random.default_rng(2).permutation(40)
    one = fold_of_rows(labels, groups, 3, np.random.default_rng(7))
    two = fold_of_rows(labels[order], groups[order], 3, np.random.default_rng(7))
    np.testing.assert_array_equal(one[order], two)


def test_samples_keep_shares_specimens_and_rare_classes():
    labels = np.repeat(["a", "b", "c"], [800, 199, 1])
    groups = np.append(np.arange(999) // 2, 999)
    rows = stratified_sample(labels, groups, 100, np.random.default_rng(0))
    kept = dict(zip(*np.unique(labels[rows], return_counts=True), strict=True))
    assert kept == {"a": 80, "b": 20, "c": 1}
    for group in np.unique(groups[rows]):
        assert (groups[rows] == group).sum() == (groups == group).sum()
    assert len(stratified_sample(labels, groups, 1000, np.random.default_rng(0))) == 1000


# Scores and choice


def test_scores_agree_with_a_loop():
    X, labels = clouds([12, 9, 7, 1])
    groups = np.arange(29) // 2
    head = InnerChoice(named("prototype", "lda"), steps=("centre", "pca:4"), seed=3)
    head.fit(X, labels, groups)
    rng = np.random.default_rng(3)
    codes = np.unique(labels, return_inverse=True)[1]
    fold = fold_of_rows(codes, groups, FOLDS, rng)
    for name, score in head.scores_.items():
        truth, found = [], []
        for number in range(FOLDS):
            train = fold != number
            alone = InnerChoice((name,), steps=("centre", "pca:4"), seed=3)
            alone.fit(X[train], labels[train], groups[train])
            asked = ~train & np.isin(labels, labels[train])
            truth += list(labels[asked])
            found += list(alone.predict(X[asked]))
        assert score == pytest.approx(f1_score(truth, found, average="macro", zero_division=0))
    assert head.scores_[head.choice_] == max(head.scores_.values())


def test_the_better_kind_is_chosen():
    """Classes that differ along a narrow dimension: means fail, the covariance tells."""
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b"])[np.arange(80) % 2]
    X = np.column_stack([rng.normal(size=80) * 20, rng.normal(size=80) / 10])
    X[labels == "b", 1] += 1
    head = InnerChoice(("prototype", "lda:0.9", "lda:0"), steps=("centre",)).fit(X, labels)
    assert head.choice_ == "lda:0"
    assert head.scores_["lda:0"] > head.scores_["prototype"] + 0.2


def test_nothing_is_chosen_by_what_nobody_can_learn():
    X, labels = rings()
    scores = InnerChoice(named("prototype", "lda")).fit(X, labels).scores_
    assert max(scores.values()) < 0.75


def test_ties_go_to_the_first():
    X, labels = clouds([10, 10], distance=20.0)
    for names in (("lda:0.6", "lda:0.3"), ("lda:0.3", "lda:0.6")):
        head = InnerChoice(names).fit(X, labels)
        assert set(head.scores_.values()) == {1.0}
        assert head.choice_ == names[0]


def test_copies_of_a_specimen_do_not_help_the_choice():
    """Labels at random, five copies of every row: the nearest copy tells, the specimen does not."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(60, 40)), 5, axis=0)
    labels = np.repeat(np.array(["a", "b"])[rng.integers(0, 2, 60)], 5)
    honest = InnerChoice(named("lda")).fit(X, labels, np.repeat(np.arange(60), 5)).scores_
    fooled = InnerChoice(named("lda")).fit(X, labels).scores_
    assert max(honest.values()) < 0.7
    assert max(fooled.values()) > 0.9


def test_a_frozen_choice_tries_nothing_out(monkeypatch):
    X, labels = clouds([12, 9, 7])
    head = fit_head(make_head("linear", 2), X, labels)
    again = head.frozen()
    assert not hasattr(again, "model_")
    monkeypatch.setattr(inner_choice, "scored", None)  # would fail if called
    fit_head(again, X, labels)
    assert (again.choice_, again.scores_) == (head.choice_, {})
    np.testing.assert_array_equal(probabilities(again, X), probabilities(head, X))
    assert choice_of(again).rule == "Fixed beforehand."
    assert clone(again).candidates == (head.choice_,)


def test_what_was_chosen_is_told_through_steps():
    X, labels = clouds([12, 9, 7])
    head = fit_head(with_steps(("root",), make_head("default", 0), 0), X, labels)
    told = choice_of(head).to_dict()
    assert told["scores"][told["head"]] == max(told["scores"].values())
    assert "no specimen torn" in told["rule"]
    assert choice_of(fit_head(make_head("prototype", 0), X, labels)) is None


def test_default_and_linear_try_what_they_say():
    X, labels = clouds([12, 9, 7])
    for name, kinds in (("linear", {"lda", "logistic"}), ("default", set(KINDS) - {"svm"})):
        tried = choice_of(fit_head(make_head(name, 0), X, labels)).scores
        assert {each.partition(":")[0] for each in tried} == kinds


def test_slow_kinds_are_left_out_of_many_classes():
    X, labels = clouds([2] * (MANY_CLASSES + 1), distance=9.0)
    head = InnerChoice(("lda:0.6", "svm:1", "lda:0.3", "logistic:10"))
    fit_head(head, X, labels)
    assert set(head.scores_) == {"lda:0.6", "lda:0.3"}
    assert "logistic and svm were not tried" in head.rule_


def test_a_large_set_is_sampled(monkeypatch):
    X, labels = clouds([200, 150, 2])
    monkeypatch.setattr(inner_choice, "LARGEST", 60)
    head = InnerChoice(named("lda")).fit(X, labels)
    assert "of 62 training" in head.rule_  # 35, 26 and 1
    np.testing.assert_allclose(head.model_["centre1"].n_samples_seen_, 352)


def test_too_few_to_try_takes_the_first():
    X, labels = clouds([1, 1, 1], distance=9.0)
    head = InnerChoice(named("lda", "svm")).fit(X, labels)
    assert (head.choice_, head.scores_) == ("lda:0.9", {})
    assert "too few" in head.rule_


def test_blocks_reach_the_features():
    X, labels = clouds([12, 9])
    head = fit_head(make_head("default", 0, blocks=[2, 4]), X, labels)
    assert head.blocks == (2, 4)
    assert head.model_["unit2"].blocks == (2, 4)
    with pytest.raises(InputError, match="add up"):
        fit_head(make_head("default", 0, blocks=[2, 5]), X, labels)


@pytest.mark.parametrize("names", [(), ("trees:3",), ("lda:much",)])
def test_candidates_that_are_none_are_refused(names):
    X, labels = clouds([6, 6])
    with pytest.raises(InputError, match="candidate"):
        InnerChoice(names).fit(X, labels)


def test_names_and_settings():
    assert named("prototype", "lda") == ("prototype", "lda:0.9", "lda:0.6", "lda:0.3", "lda:0.1")
    assert candidate("lda:0.25", 0).shrinkage == 0.25
    assert candidate("logistic:7", 0).C == 7
