"""The forests are what the study published."""

import numpy as np
import pytest

from phylolens.classification import make_head
from phylolens.classification.heads.balanced_bagging import BalancedBag
from phylolens.errors import InputError


def uneven(counts, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([f"c{place}" for place in range(len(counts))], counts)
    return rng.normal(size=(len(labels), 4)), labels


def test_balanced_bagging_draws_balanced_bags():
    values, labels = uneven([100, 40, 12])
    head = make_head("rf-balanced-bagging", 0).fit(values, labels)
    assert len(head.estimators_) == 100
    bags = []
    for bootstrap, pipeline in zip(head.estimators_samples_, head.estimators_, strict=True):
        kept = labels[bootstrap][pipeline[0].sample_indices_]
        classes, counts = np.unique(kept, return_counts=True)
        rarest = np.unique(labels[bootstrap], return_counts=True)[1].min()
        assert len(classes) == 3
        assert (counts == rarest).all()
        bags.append(tuple(sorted(bootstrap)))
    assert len(set(bags)) == 100  # every bag is another one
    assert len(set(bags[0])) < len(labels)  # drawn with replacement


def test_plain_forest_draws_uneven_bags():
    values, labels = uneven([100, 40, 12])
    head = make_head("rf", 0).fit(values, labels)
    counts = np.unique(labels[head.estimators_samples_[0]], return_counts=True)[1]
    assert counts.max() > 3 * counts.min()
    assert len(head.estimators_) == 100


def test_bag_of_one_class_stays_whole():
    values = np.arange(6.0).reshape(3, 2)
    bag = BalancedBag()
    kept, labels = bag.fit_resample(values, np.array([1, 1, 1]))
    np.testing.assert_array_equal(kept, values)
    assert labels.tolist() == [1, 1, 1]
    assert bag.sample_indices_.tolist() == [0, 1, 2]


def test_bag_of_two_classes_is_evened_out():
    _, labels = BalancedBag(random_state=0).fit_resample(np.eye(5), np.array([0, 0, 0, 1, 1]))
    assert sorted(labels.tolist()) == [0, 0, 1, 1]


def test_weighted_forest_weighs_by_rarity():
    assert make_head("rf-weighted", 0).class_weight == "balanced"
    assert make_head("rf", 0).class_weight is None


@pytest.mark.parametrize("name", ["rf", "rf-weighted", "rf-balanced-bagging"])
def test_seed_decides(name):
    values, labels = uneven([20, 10])
    test = np.random.default_rng(9).normal(size=(30, 4))
    one, two, other = (
        make_head(name, seed).fit(values, labels).predict_proba(test) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_unknown_heads_are_refused():
    with pytest.raises(InputError, match="rf-balanced-bagging"):
        make_head("forest", 0)
