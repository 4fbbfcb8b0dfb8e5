"""Coarse and fine branches: the loss, the link, and what happens without parents or torch."""

import sys

import numpy as np
import pytest

from phylolens.classification.heads.hgnn import HierarchyGuided, _forward
from phylolens.classification.heads.hgnn_dual import DualHierarchyGuided
from phylolens.classification.heads.layers import relu
from phylolens.errors import InputError
from phylolens.random import stream

PARENTS = {f"s{place}": f"g{place // 2}" for place in range(6)}


def nested(per_class, *, seed=0, d=8):
    """Six species in three genera: genera far apart, species close."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(6), per_class)
    centres = np.repeat(np.random.default_rng(9).normal(size=(3, d)) * 3, 2, axis=0)
    centres = centres + np.random.default_rng(8).normal(size=(6, d))
    return rng.normal(size=(len(codes), d)) + centres[codes], np.array([f"s{c}" for c in codes])


def test_without_torch_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    X, labels = nested(3)
    with pytest.raises(InputError, match="torch, which is not installed") as caught:
        HierarchyGuided(PARENTS).fit(X, labels)
    assert "phylolens[torch]" in caught.value.hint


def test_the_coarse_layer_is_added_to_the_fine_one():
    """By hand, of two features, two hidden units, two classes in two parents."""
    weights = {
        "fine_in": np.array([[1.0, 0.0], [0.0, -1.0]]),
        "fine_in_bias": np.array([0.0, 1.0]),
        "fine_out": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "fine_out_bias": np.array([0.5, 0.0]),
    }
    row = np.array([[2.0, 3.0]])
    found, coarse = _forward(weights, row, relu)
    assert coarse is None
    np.testing.assert_allclose(found, [[2 * 1 + 0.5, 2 * 2]])  # hidden (2, 0)
    weights |= {
        "coarse_in": np.array([[0.0, 1.0], [1.0, 0.0]]),
        "coarse_in_bias": np.array([-1.0, 0.0]),
        "coarse_out": np.eye(2),
        "coarse_out_bias": np.array([0.0, 10.0]),
    }
    found, coarse = _forward(weights, row, relu)
    np.testing.assert_allclose(coarse, [[2, 12]])  # coarse hidden (2, 2)
    np.testing.assert_allclose(found, [[4 * 1 + 2 * 3 + 0.5, 4 * 2 + 2 * 4]])  # hidden (4, 2)


@pytest.mark.vision
def test_one_step_follows_the_joint_loss(monkeypatch):
    """Adam's first step has the sign of the gradient, taken here by finite differences."""
    X, labels = nested(3)
    X = X / np.sqrt((X**2).mean())
    options = {"hidden": 5, "decay": 0.0, "coarse_weight": 0.7, "steps": 1}
    head = HierarchyGuided(PARENTS, seed=4, **options)
    head.classes_, codes = np.unique(labels, return_inverse=True)
    head.coarse_classes_ = np.array(["g0", "g1", "g2"])
    first = head._first_weights(8, np.random.default_rng(4))

    def loss(weights):
        total = 0.0
        fine, coarse = _forward(weights, X, relu)
        for scores, truth, share in ((fine, codes, 1.0), (coarse, codes // 2, 0.7)):
            logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            total -= share * logs[np.arange(len(X)), truth].mean()
        return total

    monkeypatch.setattr(sys.modules["phylolens.classification.heads.hgnn"], "EPOCHS", 1)
    after = HierarchyGuided(PARENTS, seed=4, **options).fit(X, labels).weights_
    for name in ("coarse_in", "coarse_out", "fine_in", "fine_out", "fine_out_bias"):
        exact = {key: value.astype(np.float64) for key, value in first.items()}
        for place in [(0, 0), (2, 1), (4, 2)] if first[name].ndim == 2 else [(0,), (3,)]:
            slope = 0.0
            for sign in (1, -1):
                exact[name][place] += sign * 1e-5
                slope += sign * loss(exact) / 2e-5
                exact[name][place] -= sign * 1e-5
            if abs(slope) > 1e-4:
                step = after[name][place] - first[name][place]
                assert step == pytest.approx(-np.sign(slope) * 1e-3, rel=0.02)


@pytest.mark.vision
def test_both_branches_learn():
    X, labels = nested(20)
    test, answers = nested(30, seed=1)
    head = HierarchyGuided(PARENTS).fit(X, labels)
    assert (head.predict(test) == answers).mean() > 0.6  # six classes, two of a kind close
    coarse = head.coarse_classes_[head.predict_coarse_proba(test).argmax(axis=1)]
    assert (coarse == [PARENTS[name] for name in answers]).mean() > 0.9
    np.testing.assert_allclose(head.predict_coarse_proba(test).sum(axis=1), 1)


@pytest.mark.vision
@pytest.mark.parametrize("parents", [None, dict.fromkeys(PARENTS, "only"), {"else": "where"}])
def test_without_parents_there_is_no_coarse_branch(parents):
    X, labels = nested(6)
    head = HierarchyGuided(parents).fit(X, labels)
    assert len(head.coarse_classes_) == 0
    assert "coarse_in" not in head.weights_
    assert head.predict_coarse_proba(X).shape == (36, 0)
    assert (head.predict(X) == labels).mean() > 0.8


@pytest.mark.vision
def test_classes_without_a_parent_train_the_fine_branch():
    X, labels = nested(10)
    some = {name: parent for name, parent in PARENTS.items() if name != "s5"}
    head = HierarchyGuided(some).fit(X, labels)
    assert list(head.coarse_classes_) == ["g0", "g1", "g2"]
    assert (head.predict(X[labels == "s5"]) == "s5").mean() > 0.8


@pytest.mark.vision
def test_weights_raise_rare_classes():
    rng = np.random.default_rng(0)
    labels = np.repeat(["frequent", "rare"], [190, 10])
    X = rng.normal(size=(200, 3)) + (labels == "rare")[:, None]
    recall = {}
    for weight in (None, "balanced"):
        head = HierarchyGuided(class_weight=weight, hidden=8, steps=200).fit(X, labels)
        test = np.random.default_rng(1).normal(size=(200, 3)) + 1
        recall[weight] = (head.predict(test) == "rare").mean()
    assert recall["balanced"] > recall[None] + 0.2


@pytest.mark.vision
def test_threads_of_torch_are_left_as_they_were():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        HierarchyGuided(steps=5).fit(*nested(3))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# The dual network


def hand_forward(weights, X, *, coarse):
    """Numpy twin with the joined outputs written out as one row and one matrix."""
    first = np.maximum(X @ weights["fine_in"] + weights["fine_in_bias"], 0)
    fine = np.maximum(first @ weights["fine_deep"] + weights["fine_deep_bias"], 0)
    joined, matrix, shift, above = fine, weights["fused"], weights["fused_bias"], None
    if coarse:
        first = np.maximum(X @ weights["coarse_in"] + weights["coarse_in_bias"], 0)
        other = np.maximum(first @ weights["coarse_deep"] + weights["coarse_deep_bias"], 0)
        above = other @ weights["coarse_out"] + weights["coarse_out_bias"]
        joined = np.concatenate([fine, other], axis=1)
        matrix = np.concatenate([weights["fused"], weights["fused_coarse"]])
        shift = shift + weights["fused_coarse_bias"]
    fused = np.maximum(joined @ matrix + shift, 0)
    return fused @ weights["fine_out"] + weights["fine_out_bias"], above


@pytest.mark.vision
@pytest.mark.parametrize("parents", [PARENTS, None])
def test_the_dual_network_answers_from_both_encoders(parents):
    X, labels = nested(20)
    head = DualHierarchyGuided(parents, hidden=12, steps=60, seed=2).fit(X, labels)
    test = nested(5, seed=3)[0]
    given = (test / head.spread_).astype(np.float32)
    scores, above = hand_forward(head.weights_, given, coarse=parents is not None)
    wanted = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(head.predict_proba(test), wanted, rtol=1e-4, atol=1e-6)
    if parents is None:
        assert above is None
        assert head.predict_coarse_proba(test).shape == (30, 0)
    else:
        wanted = np.exp(above) / np.exp(above).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(head.predict_coarse_proba(test), wanted, rtol=1e-4, atol=1e-6)
        assert head.weights_["fused"].shape == head.weights_["fused_coarse"].shape == (6, 6)


@pytest.mark.vision
def test_one_step_of_the_dual_network_follows_the_joint_loss(monkeypatch):
    """As for the light one: Adam's first step has the sign of the numerical gradient."""
    X, labels = nested(3)
    X = X / np.sqrt((X**2).mean())
    options = {"hidden": 6, "decay": 0.0, "coarse_weight": 0.7, "steps": 1}
    head = DualHierarchyGuided(PARENTS, seed=4, **options)
    head.classes_, codes = np.unique(labels, return_inverse=True)
    head.coarse_classes_ = np.array(["g0", "g1", "g2"])
    first = head._first_weights(8, stream(4, "classification.heads.hgnn"))

    def loss(weights):
        total = 0.0
        fine, coarse = hand_forward(weights, X, coarse=True)
        for scores, truth, share in ((fine, codes, 1.0), (coarse, codes // 2, 0.7)):
            logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            total -= share * logs[np.arange(len(X)), truth].mean()
        return total

    monkeypatch.setattr(sys.modules["phylolens.classification.heads.hgnn"], "EPOCHS", 1)
    after = DualHierarchyGuided(PARENTS, seed=4, **options).fit(X, labels).weights_
    checked = 0
    for name in ("coarse_in", "coarse_deep", "fused_coarse", "fused", "fine_deep", "fine_out_bias"):
        exact = {key: value.astype(np.float64) for key, value in first.items()}
        for place in [(0, 0), (2, 1), (1, 2)] if first[name].ndim == 2 else [(0,), (3,)]:
            slope = 0.0
            for sign in (1, -1):
                exact[name][place] += sign * 1e-5
                slope += sign * loss(exact) / 2e-5
                exact[name][place] -= sign * 1e-5
            if abs(slope) > 1e-4:
                checked += 1
                step = after[name][place] - first[name][place]
                assert step == pytest.approx(-np.sign(slope) * 1e-3, rel=0.02)
    assert checked > 6


@pytest.mark.vision
def test_the_dual_network_learns_both_ranks():
    X, labels = nested(20)
    test, answers = nested(30, seed=1)
    head = DualHierarchyGuided(PARENTS).fit(X, labels)
    assert (head.predict(test) == answers).mean() > 0.6
    coarse = head.coarse_classes_[head.predict_coarse_proba(test).argmax(axis=1)]
    assert (coarse == [PARENTS[name] for name in answers]).mean() > 0.9
