"""Heads learn what is there, nothing where nothing is, and never from a tested image."""

import numpy as np
import pandas as pd
import pytest

from phylolens.classification import HEADS, classify, make_head
from phylolens.classification.experiment import testable_ranks as ranks_to_test
from phylolens.errors import InputError
from phylolens.pipeline.settings import CLASSIFY_PRESETS
from phylolens.specimens import split_specimens
from phylolens.values import Features
from phylolens.writing import to_json

MODELS = CLASSIFY_PRESETS["roy2025"]["models"]


@pytest.fixture(scope="module")
def separable(class_world):
    return class_world([30, 30, 30, 30], distance=8.0)


@pytest.mark.parametrize("head", MODELS)
def test_separable_classes_are_learned(separable, plan_of, head):
    features, table = separable
    split = split_specimens(table, ("order",))
    found = classify(features, table, split, {"order": plan_of(table, split)}, (head,))
    scores = found.metrics.models[head]["order"]
    assert scores.accuracy >= 0.95
    assert scores.balanced_accuracy >= 0.95
    assert found.metrics.n_test == 24


@pytest.mark.parametrize("head", MODELS)
def test_permuted_labels_are_not_learned(class_world, plan_of, head):
    features, table = class_world([100] * 4, distance=8.0)
    shuffled = np.random.default_rng(1).permutation(table["order"])
    table = table.assign(order=shuffled)
    split = split_specimens(table, ("order",), test_share=0.5)
    found = classify(features, table, split, {"order": plan_of(table, split)}, (head,))
    error = np.sqrt(0.25 * 0.75 / 200)
    assert abs(found.metrics.models[head]["order"].accuracy - 0.25) < 3.5 * error


def test_features_are_aligned_by_id(separable, plan_of):
    features, table = separable
    order = np.random.default_rng(3).permutation(len(features))
    shuffled = features.take([features.ids[place] for place in order])
    split = split_specimens(table, ("order",))
    plans = {"order": plan_of(table, split)}
    one = classify(features, table, split, plans, ("rf",))
    two = classify(shuffled, table.iloc[::-1], split, plans, ("rf",))
    pd.testing.assert_frame_equal(one.predictions, two.predictions)


def test_a_leak_is_refused(separable, plan_of):
    features, table = separable
    split = split_specimens(table, ("order",))
    plan = plan_of(table, split)
    leak = pd.DataFrame({"file": [split.test[3]], "copy": 2, "label": "class0", "id": ["copy#2"]})
    with pytest.raises(InputError, match="tested images") as caught:
        classify(features, table, split, {"order": pd.concat([plan, leak])}, ("rf",))
    assert caught.value.ids == (split.test[3],)


def test_copies_count_as_training_rows_only(separable, plan_of):
    features, table = separable
    split = split_specimens(table, ("order",))
    plan = plan_of(table, split)
    copies = plan.head(10).assign(copy=1, id=[f"{name}#noise-1" for name in plan["file"].head(10)])
    larger = Features(
        (*features.ids, *copies["id"]),
        np.vstack([features.matrix, features.take(list(copies["file"])).matrix]),
    )
    plans = {"order": pd.concat([plan, copies], ignore_index=True)}
    counts = classify(larger, table, split, plans, ("rf",)).metrics.ranks["order"]
    assert (counts.n_train, counts.n_train_with_copies) == (96, 106)


def test_predictions_agree_with_the_metrics(separable, plan_of):
    features, table = separable
    split = split_specimens(table, ("order",))
    found = classify(features, table, split, {"order": plan_of(table, split)}, MODELS)
    assert set(found.predictions["file"]) == set(split.test)
    truth = table.set_index("file")["order"]
    for head, rows in found.predictions.groupby("model"):
        assert (rows["truth"] == truth[rows["file"]].to_numpy()).all()
        accuracy = (rows["truth"] == rows["predicted"]).mean()
        assert accuracy == found.metrics.models[head]["order"].accuracy
        assert rows["probability"].between(0.25, 1).all()


def test_same_seed_writes_the_same_bytes(class_world, plan_of):
    features, table = class_world([20, 12, 7], distance=1.0)
    split = split_specimens(table, ("order",), seed=4)
    plans = {"order": plan_of(table, split)}
    one, two = (classify(features, table, split, plans, MODELS, seed=4) for _ in range(2))
    assert to_json(one.metrics.to_dict()) == to_json(two.metrics.to_dict())
    assert one.predictions.to_csv() == two.predictions.to_csv()
    assert set(one.metrics.models) == set(MODELS)
    other = classify(features, table, split, plans, MODELS, seed=5)
    assert other.predictions["probability"].tolist() != one.predictions["probability"].tolist()


@pytest.mark.parametrize("counts", [[40, 1], [40, 1, 1, 2], [12, 9, 2]])
@pytest.mark.parametrize("head", MODELS)
def test_very_rare_classes_break_nothing(class_world, plan_of, head, counts):
    """Many bootstraps of these miss whole classes."""
    features, table = class_world(counts, distance=8.0)
    split = split_specimens(table, ("order",))
    found = classify(features, table, split, {"order": plan_of(table, split)}, (head,))
    assert found.metrics.ranks["order"].n_classes == len(counts)
    # One training specimen may not outweigh 31: the frequent class must still be told.
    assert found.metrics.models[head]["order"].accuracy >= 0.6


def test_ranks_that_cannot_be_tested_are_named(class_world, plan_of):
    features, table = class_world([20, 20], distance=8.0)
    table["tribe"] = None
    table.loc[[0, 25], "tribe"] = ["p", "q"]
    table["class"] = "only"
    split = split_specimens(table, ("order", "tribe"))
    plans = {rank: plan_of(table, split, rank) for rank in ("class", "order", "tribe")}
    found = classify(features, table, split, plans, ("rf",)).metrics
    assert set(found.ranks) == set(found.models["rf"]) == {"order"}
    assert set(found.skipped) == {"class", "tribe"}
    with pytest.raises(InputError, match="fewer than two classes"):
        classify(features, table, split, {"class": plans["class"]}, ("rf",))


def test_ranks_of_one_class_are_left_out(class_world):
    _, table = class_world([3, 3], distance=1.0)
    table["class"] = "only"
    assert ranks_to_test(table, ("class", "order")) == ("order",)
    with pytest.raises(InputError, match="single class"):
        ranks_to_test(table, ("class",))


def test_untested_classes_are_named(class_world, plan_of):
    features, table = class_world([20, 20, 1], distance=8.0)
    split = split_specimens(table, ("order",))
    found = classify(features, table, split, {"order": plan_of(table, split)}, ("rf",))
    assert found.metrics.ranks["order"].untested == ["class2"]


def test_unknown_heads_are_refused():
    with pytest.raises(InputError, match="rf-balanced-bagging"):
        make_head("forest", 0)
    assert set(MODELS) <= set(HEADS)
