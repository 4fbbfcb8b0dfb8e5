"""Rewards from ranked relatives: the loss against loops, who demonstrates what, and repetition."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

torch = pytest.importorskip("torch")

from phylolens.paradigms.methods.t_rex import EVERY, RankedRelatives  # noqa: E402
from phylolens.paradigms.preferences import (  # noqa: E402
    Course,
    demonstrate,
    preference_loss,
    rewards_between,
)
from phylolens.paradigms.registry import registered  # noqa: E402


@pytest.fixture
def scaled(related):
    genetic = related[0].genetic
    n = len(genetic)
    return genetic / (genetic.sum() / (n * (n - 1)))


def test_bradley_terry_against_loops():
    rng = np.random.default_rng(0)
    rewards = rng.standard_normal((5, 5))
    anchors = np.array([0, 3, 3])
    better, worse = np.array([[1, 2], [0, 1], [2, 4]]), np.array([[3, 4], [1, 2], [0, 4]])
    found = preference_loss(*(torch.tensor(part) for part in (rewards, anchors, better, worse)))
    costs = []
    for anchor, one, other in zip(anchors, better, worse, strict=True):
        won = np.exp(sum(rewards[anchor, j] for j in one))
        lost = np.exp(sum(rewards[anchor, j] for j in other))
        costs.append(-np.log(won / (won + lost)))
    assert float(found) == pytest.approx(np.mean(costs), rel=1e-9)


def test_rewards_are_negative_squared_distances():
    points = np.random.default_rng(1).standard_normal((6, 3))
    found = rewards_between(torch.tensor(points)).numpy()
    assert found == pytest.approx(-cdist(points, points, "sqeuclidean"), abs=1e-9)


def test_better_demonstrations_visit_nearer_relatives(scaled):
    course = Course(demonstrations=500)
    anchors, better, worse = demonstrate(scaled, course, np.random.default_rng(2))
    assert len(anchors) > 400
    for anchor, one, other in zip(anchors, better, worse, strict=True):
        assert len({anchor, *one}) == len({anchor, *other}) == course.length + 1
        assert scaled[anchor, one].sum() < scaled[anchor, other].sum()


def test_skilled_demonstrators_visit_nearer_relatives_than_random_ones(scaled):
    means = {}
    for graded in (True, False):
        course = Course(demonstrations=2000, graded=graded)
        anchors, better, worse = demonstrate(scaled, course, np.random.default_rng(3))
        visited = np.concatenate([better, worse], axis=1)
        means[graded] = scaled[anchors[:, None], visited].mean()
    assert means[False] == pytest.approx(1, abs=0.03)
    assert means[True] < means[False] - 0.05


def test_equal_distances_demonstrate_nothing():
    equal = 1.0 - np.eye(6)
    anchors, better, worse = demonstrate(equal, Course(), np.random.default_rng(0))
    assert len(anchors) == len(better) == len(worse) == 0


def test_seeds_repeat_and_the_best_step_is_taken(related):
    data, _ = related
    fits = [
        RankedRelatives(steps=20, seed=seed).fit(data.sample, data.genetic, data.folds)
        for seed in (1, 1, 2)
    ]
    rows = data.sample.matrix()
    assert np.array_equal(fits[0].transform(rows), fits[1].transform(rows))
    assert not np.array_equal(fits[0].transform(rows), fits[2].transform(rows))
    assert len(fits[0].watched_) == 20 // EVERY + 1
    assert max(fits[0].watched_) > fits[0].watched_[0]


def test_the_reward_fits_the_tree_better_than_untrained(related):
    data, _ = related
    one = np.zeros(len(data.sample), dtype=int)  # nothing to watch: half the steps are taken
    pairs = np.triu_indices(len(data.sample), 1)
    fits = []
    for steps in (0, 200):
        learner = RankedRelatives(steps=steps, seed=0).fit(data.sample, data.genetic, one)
        assert learner.watched_ == []
        between = learner.between(data.sample)
        assert between.mean() * len(between) / (len(between) - 1) == pytest.approx(1)
        fits.append(np.corrcoef(between[pairs], data.genetic[pairs])[0, 1])
    assert fits[1] > fits[0] + 0.1


def test_random_lists_are_judged_beside(related):
    data, material = related
    found = registered()["t-rex"].more(material, data)
    assert set(found) == {"skill_random_picking"}
    assert found["skill_random_picking"] > 0.05
