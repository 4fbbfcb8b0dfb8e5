"""Wrong labels: who gets which, and learners that suffer from them or do not."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from phylolens.guided.learners import make_learner
from phylolens.guided.learners.metric_losses import LOSSES
from phylolens.paradigms.claims.arcface_wrong_labels import (
    BESIDE,
    CLAIM,
    DRAWS,
    LIGHT,
    Mislabelled,
    compare,
    mislabelled,
)
from phylolens.paradigms.tree_free import TreeFree

EACH = 6


@pytest.fixture
def taxa(tiny):
    """Forty taxa in ten clades, told apart by two axes of twelve that vary little."""
    rng = np.random.default_rng(0)
    means = np.hstack([rng.standard_normal((40, 2)), np.zeros((40, 10))])
    rows = np.repeat(means, EACH, axis=0) + 0.05 * rng.standard_normal((40 * EACH, 12))
    rows[:, 2:] *= 30
    data, material = tiny(rows, EACH)
    return replace(data, folds=data.folds % 3), material


class Discriminant(TreeFree):
    """Axes that tell taxa apart by their labels."""

    def __init__(self, seed=0):
        self.seed = seed

    def learn(self, sample):
        """Learn from the labels."""
        model = LinearDiscriminantAnalysis(n_components=2, solver="eigen", shrinkage=0.01)
        self.axes_ = model.fit(sample.matrix(), sample.codes).scalings_[:, :2]

    def transform(self, matrix):
        """Project."""
        return matrix @ self.axes_


class TwoAxes(TreeFree):
    """The same axes, known without labels."""

    def __init__(self, seed=0):
        self.seed = seed

    def learn(self, sample):
        """Learn nothing."""

    def transform(self, matrix):
        """Take the axes."""
        return matrix[:, :2]


def test_labels_are_of_others_and_taxa_keep_their_sizes(tiny):
    data, _ = tiny(np.repeat(np.arange(30.0), EACH)[:, None] + 1, EACH)
    wrong = mislabelled(data.sample, 0.1, np.random.default_rng(0))
    before, after = data.sample.matrix()[:, 0], wrong.matrix()[:, 0]
    assert (before != after).sum() == 18  # a tenth of 180, none of which keeps its taxon
    assert sorted(before) == sorted(after)
    np.testing.assert_array_equal(wrong.sizes, data.sample.sizes)


def test_held_out_images_stay_right(taxa):
    data, _ = taxa
    clean, spoilt = TwoAxes(), Mislabelled(TwoAxes, 0, 0)
    for learner in (clean, spoilt):
        learner.fit(data.sample, data.genetic, data.folds)
    np.testing.assert_array_equal(clean.embed(data.sample), spoilt.embed(data.sample))
    assert not np.allclose(clean.predict(data.sample), spoilt.predict(data.sample))
    again = Mislabelled(TwoAxes, 0, 0).fit(data.sample, data.genetic, data.folds)
    np.testing.assert_array_equal(spoilt.predict(data.sample), again.predict(data.sample))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (Discriminant, TwoAxes, "holds"),
        (TwoAxes, Discriminant, "does not hold"),
        (TwoAxes, TwoAxes, "cannot be said"),
    ],
)
def test_who_suffers_is_found(taxa, first, second, wanted):
    data, _ = taxa
    verdict = compare(lambda draw: first, lambda draw: second, data, 0, 3)
    assert verdict.holds == wanted


@pytest.mark.skipif("arcface" not in LOSSES, reason="no such loss")
def test_the_experiment_runs_on_the_losses(taxa, methods, monkeypatch):
    monkeypatch.setitem(DRAWS, "quick", 1)
    monkeypatch.setitem(LIGHT, "epochs", 4)
    data, material = taxa
    methods(
        arcface=lambda material: make_learner("metric:loss=arcface", material.seed),
        multi_similarity=lambda material: make_learner(f"metric:loss={BESIDE}", material.seed),
    )
    one, again = (CLAIM.test(material, data) for _ in range(2))
    assert one == again
    assert one.holds in ("holds", "does not hold", "cannot be said")
    assert np.isfinite(list(one.values.values())).all()
