"""Measures against imbalance: closed forms, and combinations that make no sense."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from phylolens.classification.heads import HEADS, fit_head, make_head, probabilities
from phylolens.classification.imbalance import IMBALANCE, LogitAdjusted, with_imbalance
from phylolens.errors import InputError


class Bayes(ClassifierMixin, BaseEstimator):
    """Two Gaussian classes at -1 and 1, their priors from the training rows: the exact answer."""

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.log_priors_ = np.log(counts / counts.sum())
        return self

    def predict_proba(self, X):
        scores = -0.5 * (X - np.array([[-1.0, 1.0]])) ** 2 + self.log_priors_
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)


def uneven(rare=20, frequent=380, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(["frequent", "rare"], [frequent, rare])
    X = rng.normal(size=(frequent + rare, 1)) + np.where(labels == "rare", 1, -1)[:, None]
    return X, labels


def test_full_adjustment_gives_the_posterior_of_equal_priors():
    X, labels = uneven()
    found = probabilities(LogitAdjusted(Bayes()).fit(X, labels), X)
    equal = 1 / (1 + np.exp(-2 * X[:, 0]))  # of two unit Gaussians at -1 and 1
    np.testing.assert_allclose(found[:, 1], equal)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
def test_strength_by_a_loop(tau):
    X, labels = uneven()
    plain = probabilities(Bayes().fit(X, labels), X)
    found = probabilities(LogitAdjusted(Bayes(), tau).fit(X, labels), X)
    for row, given in zip(found[:20], plain, strict=False):
        scores = [np.log(given[k]) - tau * np.log((0.95, 0.05)[k]) for k in range(2)]
        wanted = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(row, wanted)
    if tau == 0:
        np.testing.assert_allclose(found, plain)


def test_rare_classes_are_recalled_more():
    X, labels = uneven()
    test, answers = uneven(400, 400, seed=1)
    recall = {}
    for option in ("none", "logit-adjustment"):
        head = fit_head(with_imbalance("rf", option, 0), X, labels)
        rare = answers == "rare"
        recall[option] = (head.predict(test[rare]) == "rare").mean()
    assert recall["logit-adjustment"] > recall["none"] + 0.1


def test_adjusted_heads_hand_groups_on():
    class Wants(Bayes):
        def fit(self, X, y, groups=None):
            self.groups_ = groups
            return super().fit(X, y)

    X, labels = uneven()
    groups = np.arange(len(X)) // 2
    head = fit_head(LogitAdjusted(Wants()), X, labels, groups)
    np.testing.assert_array_equal(head.head_.groups_, groups)


def test_published_names_are_reached():
    assert with_imbalance("rf", "weights", 3).class_weight == "balanced"
    bagged = with_imbalance("rf", "balanced-bagging", 3)
    assert type(bagged) is type(make_head("rf-balanced-bagging", 3))
    assert bagged.random_state == 3
    assert with_imbalance("lda", "weights", 0).even
    assert with_imbalance("svm-plain", "weights", 0).even
    weighed = with_imbalance("hgnn", "weights", 0, parents={"a": "p"}).get_params()
    assert (weighed["head__class_weight"], weighed["head__parents"]) == ("balanced", {"a": "p"})


@pytest.mark.parametrize("name", sorted(HEADS))
@pytest.mark.parametrize("option", ["none", "down-sampling", "copies"])
def test_measures_on_rows_leave_the_head_alone(name, option):
    head, plain = with_imbalance(name, option, 2), make_head(name, 2)
    assert type(head) is type(plain)
    assert head.get_params().keys() == plain.get_params().keys()


UNEVEN = ("rf", "hgnn", "hgnn-dual", "sequential", "parallel", "lda", "svm-plain")
MAKES_NO_SENSE = {
    ("prototype", "weights"),
    ("rf-tuned", "weights"),
    ("rf-balanced-bagging", "weights"),
    *((name, "logit-adjustment") for name in HEADS if name not in UNEVEN),
    *((name, "balanced-bagging") for name in HEADS if name not in ("rf", "rf-balanced-bagging")),
}


@pytest.mark.parametrize("name", sorted(HEADS))
@pytest.mark.parametrize("option", sorted(IMBALANCE))
def test_combinations_without_sense_are_refused(name, option):
    if (name, option) in MAKES_NO_SENSE:
        with pytest.raises(InputError, match="makes no sense for the model") as caught:
            with_imbalance(name, option, 0)
        assert "Use " in caught.value.hint
    else:
        with_imbalance(name, option, 0)


def test_unknown_measures_are_refused():
    with pytest.raises(InputError, match="logit-adjustment"):
        with_imbalance("rf", "smote", 0)
    with pytest.raises(InputError, match="unknown model"):
        with_imbalance("forest", "none", 0)
