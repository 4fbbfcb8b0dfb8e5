"""Heads of all ranks: wiring, loss, soft targets, held against slow twins."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from phylolens.classification.consistency import contradictions
from phylolens.classification.heads import fit_head, make_head
from phylolens.classification.heads.parallel import Parallel
from phylolens.classification.heads.ranks import forward
from phylolens.classification.heads.sequential import Sequential
from phylolens.classification.heads.soft_targets import softmax_targets
from phylolens.classification.lineage import TaxonTree
from phylolens.errors import InputError

SPECIES = [f"s{place}" for place in range(6)]
LINEAGE = {
    "class": dict.fromkeys(SPECIES, "only"),
    "order": {name: f"o{place // 4}" for place, name in enumerate(SPECIES)},
    "genus": {name: f"g{place // 2}" for place, name in enumerate(SPECIES)},
}
PLACES = np.array([0.0, 1, 4, 5, 20, 21])
DISTANCES = {"species": (tuple(SPECIES), np.abs(PLACES[:, None] - PLACES))}


def nested(per_class, *, seed=0, d=8):
    """Six species in three genera: genera far apart, species close."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(6), per_class)
    centres = np.repeat(np.random.default_rng(9).normal(size=(3, d)) * 3, 2, axis=0)
    centres = centres + np.random.default_rng(8).normal(size=(6, d))
    X = rng.normal(size=(len(codes), d)) + centres[codes]
    return X.astype(np.float32), np.array([f"s{code}" for code in codes])


def relu(values):
    return np.maximum(values, 0)


@pytest.mark.parametrize("flows", [True, False])
def test_wiring_by_hand(flows):
    """Two features, two units, three species, two genera."""
    weights = {
        "in": np.array([[1.0, 0.0], [0.0, -1.0]]),
        "in_bias": np.array([0.0, 4.0]),
        "out0": np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]]),
        "out0_bias": np.array([0.5, 0.0, 0.0]),
        "out1": np.array([[1.0, 0.0], [0.0, 1.0]] + flows * [[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]),
        "out1_bias": np.array([0.0, 0.25]),
    }
    fine, coarse = forward(weights, np.array([[2.0, 3.0]]), relu, np.hstack, flows=flows)
    np.testing.assert_allclose(fine, [[2.5, 5.0, -1.0]])  # hidden (2, 1)
    wanted = [[2 + 2.5 - 3, 1 + 10 + 0.25]] if flows else [[2, 1.25]]
    np.testing.assert_allclose(coarse, wanted)


def test_soft_target_in_closed_form():
    names, d = DISTANCES["species"]
    found = softmax_targets(SPECIES[:4], DISTANCES["species"], 0.3)
    inside = d[:4, :4] / (d[:4, :4].sum() / 12)
    for row in range(4):
        shares = np.array([np.exp(-inside[row, k] / 0.3) for k in range(4)])
        np.testing.assert_allclose(found[row], shares / shares.sum())
    np.testing.assert_allclose(softmax_targets(names, (names, d), 1e-6), np.eye(6), atol=1e-12)
    scaled = softmax_targets(names, (names, d * 1000), 0.3)
    np.testing.assert_allclose(scaled, softmax_targets(names, (names, d), 0.3))


def test_taxa_without_a_distance_are_their_own_target_and_no_class_has_no_share():
    found = softmax_targets(["s0", "new", "s5"], DISTANCES["species"], 0.5)
    np.testing.assert_array_equal(found[1], [0, 1, 0])
    assert (found[:, 1] == [0, 1, 0]).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(softmax_targets(["a", "b"], None, 0.5), np.eye(2))
    alone = softmax_targets(["s0", "b"], DISTANCES["species"], 0.5)
    np.testing.assert_array_equal(alone, np.eye(2))


def test_a_temperature_of_zero_and_a_target_without_a_tree_are_refused():
    with pytest.raises(InputError, match="temperature must be above 0"):
        softmax_targets(["a"], None, 0)
    X, labels = nested(2)
    with pytest.raises(InputError, match="needs genetic distances") as caught:
        Parallel(target="softmax-distance").fit(X, labels)
    assert "--tree" in caught.value.hint
    with pytest.raises(InputError, match="unknown target"):
        Parallel(target="soft").fit(X, labels)
    with pytest.raises(InputError, match="no value of 'target'"):
        make_head("sequential:target=soft", 0)
    with pytest.raises(InputError, match="no setting 'lineage'"):
        make_head("sequential:lineage=a", 0)


@pytest.mark.vision
@pytest.mark.parametrize("kind", [Sequential, Parallel])
@pytest.mark.parametrize("target", ["one-hot", "softmax-distance"])
def test_the_first_step_descends_the_loss(kind, target, monkeypatch):
    """One batch, one step of Adam: each weight moves by the rate, against the numeric slope."""
    from phylolens.classification.heads import ranks

    X, labels = nested(3)
    head = kind(LINEAGE, DISTANCES, "species", hidden=5, steps=1, target=target, decay=0.0, seed=4)
    monkeypatch.setattr(ranks, "EPOCHS", 0)
    monkeypatch.setattr(ranks, "RATE", 0.0)
    first = head.fit(X, labels).weights_
    assert head.level_ranks_ == ["species", "genus", "order"], "one class is nothing to learn"
    monkeypatch.setattr(ranks, "RATE", 1e-3)
    after = head.fit(X, labels).weights_
    rows = (X / head.spread_).astype(np.float64)
    tables = head.targets()

    def loss(weights):
        total = 0.0
        scores = forward(weights, rows, relu, np.hstack, flows=head.flows)
        for rank, classes, found, wanted in zip(
            head.level_ranks_, head.level_classes_, scores, tables, strict=True
        ):
            for row, label in enumerate(labels):
                own = label if rank == "species" else LINEAGE[rank][label]
                shares = wanted[list(classes).index(own)]
                logs = found[row] - np.log(np.exp(found[row]).sum())
                total -= (shares * logs).sum() / len(labels)
        return total

    exact = {key: value.astype(np.float64) for key, value in first.items()}
    checked = 0
    for name in first:
        place = (0,) * first[name].ndim
        slope = 0.0
        for sign in (1, -1):
            exact[name][place] += sign * 1e-5
            slope += sign * loss(exact) / 2e-5
            exact[name][place] -= sign * 1e-5
        if abs(slope) > 1e-4:
            checked += 1
            step = after[name][place] - first[name][place]
            assert step == pytest.approx(-np.sign(slope) * 1e-3, rel=0.02)
    assert checked >= 5


@pytest.mark.vision
@pytest.mark.parametrize("name", ["sequential", "parallel"])
def test_ranks_are_learnt_and_seeds_decide(name):
    X, labels = nested(20)
    test, answers = nested(30, seed=1)
    asked = {"lineage": LINEAGE, "distances": DISTANCES, "rank": "species"}
    made = f"{name}:hidden=32,steps=300,target=softmax-distance"
    one, two, other = (fit_head(make_head(made, s, **asked), X, labels) for s in (1, 1, 2))
    assert (one.predict(test) == answers).mean() > 0.6
    inside, last = one[:-1].transform(test), one[-1]
    genus = last.level_classes_[1][last.predict_rank_proba(inside)[1].argmax(axis=1)]
    assert (genus == [LINEAGE["genus"][label] for label in answers]).mean() > 0.9
    assert one.predict_proba(test).tobytes() == two.predict_proba(test).tobytes()
    assert one.predict_proba(test).tobytes() != other.predict_proba(test).tobytes()
    assert one.transform(test).shape == (180, 32)
    assert last.trained_parameters == sum(value.size for value in last.weights_.values())


@pytest.mark.vision
def test_without_a_layer_ranks_side_by_side_are_independent_regressions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3)).astype(np.float32)
    labels = rng.choice(SPECIES, 120)  # overlapping classes: the best weights are finite
    head = Parallel(LINEAGE, rank="species", hidden=0, steps=4000, decay=0.0).fit(X, labels)
    rows = X / head.spread_
    for level, rank in enumerate(head.level_ranks_[:2]):
        own = labels if rank == "species" else [LINEAGE[rank][label] for label in labels]
        alone = LogisticRegression(C=1e8, max_iter=2000).fit(rows, own)
        found = head.predict_rank_proba(X)[level]
        np.testing.assert_allclose(found, alone.predict_proba(rows), atol=0.01)
    np.testing.assert_allclose(head.transform(X), rows, rtol=1e-6)


@pytest.mark.vision
def test_rare_classes_weigh_more_where_asked():
    rng = np.random.default_rng(0)
    labels = np.repeat(["frequent", "rare"], [190, 10])
    X = rng.normal(size=(200, 3)).astype(np.float32) + (labels == "rare")[:, None]
    test = np.random.default_rng(1).normal(size=(200, 3)) + 1
    plain, even = (
        (
            Parallel(class_weight=w, hidden=8, steps=200).fit(X, labels).predict(test) == "rare"
        ).mean()
        for w in (None, "balanced")
    )
    assert even > plain + 0.2


def test_contradictions_against_a_naive_count():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"species": SPECIES}).assign(
        genus=lambda t: t["species"].map(LINEAGE["genus"]),
        order=lambda t: t["species"].map(LINEAGE["order"]),
    )
    ranks = ("order", "genus", "species")
    told = pd.DataFrame({rank: rng.choice(table[rank].unique(), 50) for rank in ranks})
    order_of = dict(zip(table["genus"], table["order"], strict=True))
    wrong = sum(
        LINEAGE["genus"][row.species] != row.genus
        or LINEAGE["order"][row.species] != row.order
        or order_of[row.genus] != row.order
        for row in told.itertuples()
    )
    assert 0 < wrong < 50
    assert contradictions(told, TaxonTree.of(table, ranks)) == wrong / 50
