"""The acceptance of a path against a regression fitted at one go, and against what it is for."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from phylolens.classification.acceptance import (
    Acceptance,
    PathEvidence,
    clades,
    cross_fitted,
    evidence,
    learning_weights,
)

N = 400


@pytest.fixture(scope="module")
def drawn():
    """Two ranks; far rows are wrong at both, whatever their probability says."""
    rng = np.random.default_rng(0)
    far = rng.random(N) < 0.4
    chance = np.sort(rng.uniform(0.3, 1, (N, 2)), axis=1)[:, ::-1]
    found = PathEvidence(
        path=np.tile([0, 2], (N, 1)),
        chance=chance,
        familiar=chance[:, 1],
        distances=np.where(far, rng.uniform(0.3, 0.6, N), rng.uniform(0.1, 0.4, N)),
    )
    finer = far | (rng.random(N) > chance[:, 1])
    return found, np.column_stack([far, finer]), far


def test_weights_are_those_of_a_regression_a_rank(drawn):
    found, wrong, _ = drawn
    rows = np.random.default_rng(1).uniform(0.5, 2, (N, 2))
    values, fitted = evidence(found), Acceptance.fit(found, wrong, rows).along(found)
    expected = np.ones(N)
    for rank, used in enumerate((np.full(N, True), ~wrong[:, 0])):
        scaled = (values[:, rank] - values[used, rank].mean(0)) / values[used, rank].std(0)
        weights = rows[used, rank] / rows[used, rank].mean()
        model = LogisticRegression(max_iter=1000)
        model.fit(scaled[used], ~wrong[used, rank], sample_weight=weights)
        expected = expected * model.predict_proba(scaled)[:, 1]
        np.testing.assert_allclose(fitted[:, rank], expected, rtol=1e-9)


def test_evidence_by_hand():
    found = PathEvidence(
        path=np.array([[0, 2]]),
        chance=np.array([[0.8, 0.4]]),
        familiar=np.array([0.4]),
        distances=np.array([0.249]),
    )
    odds = np.log([4.0, 0.4 / 0.6])
    by_hand = [
        [odds[0], odds[0], odds[1], np.log(0.25)],
        [odds[1], 0.0, odds[1], np.log(0.25)],
    ]
    np.testing.assert_allclose(evidence(found)[0], by_hand, atol=1e-12)


def test_it_falls_along_the_path_and_passes_gaps(drawn):
    found, wrong, _ = drawn
    model = Acceptance.fit(found, wrong, np.ones((N, 2)))
    values = model.along(found)
    assert (values[:, 1] <= values[:, 0]).all()
    gap = PathEvidence(np.tile([-1, 2], (N, 1)), *[getattr(found, name) for name in
                       ("chance", "familiar", "distances")])  # fmt: skip
    assert (model.along(gap)[:, 0] == 1).all()


def test_far_rows_are_found_out_by_models_that_did_not_see_them(drawn):
    found, wrong, far = drawn
    groups = np.array([f"g{row % 20}" for row in range(N)])
    values = cross_fitted(found, wrong, np.ones((N, 2)), groups)
    assert values[far, 0].mean() < 0.45 < 0.75 < values[~far, 0].mean()


def test_no_row_is_judged_by_its_own_clade(drawn):
    """Turning the labels of one clade around changes the values of others only."""
    found, wrong, _ = drawn
    groups = np.array([f"g{row % 20}" for row in range(N)])
    turned = wrong.copy()
    turned[groups == "g3"] = ~turned[groups == "g3"]
    before, after = (cross_fitted(found, w, np.ones((N, 2)), groups) for w in (wrong, turned))
    np.testing.assert_array_equal(before[groups == "g3"], after[groups == "g3"])
    assert not np.allclose(before, after)


def test_rows_that_cannot_be_judged_teach_nothing(drawn):
    found, wrong, _ = drawn
    rows = np.ones((N, 2))
    rows[::3, 1] = 0
    turned = wrong.copy()
    turned[::3, 1] = ~turned[::3, 1]
    one, two = (Acceptance.fit(found, w, rows).weights for w in (wrong, turned))
    np.testing.assert_array_equal(one, two)


def test_a_rank_that_is_always_right_needs_no_regression(drawn):
    found, wrong, _ = drawn
    sure = np.column_stack([np.full(N, False), wrong[:, 1]])
    values = Acceptance.fit(found, sure, np.ones((N, 2))).along(found)
    np.testing.assert_allclose(values[:, 0], (N + 1) / (N + 2))


def test_clades_are_of_the_coarsest_rank_with_enough_taxa():
    table = pd.DataFrame(
        {
            "order": list("AABBAABB"),
            "family": ["a", "b", "c", "d", "e", "a", None, "d"],
            "specimen_id": [f"s{row}" for row in range(8)],
        }
    ).astype(object)
    found = clades(table, ("order", "family"))
    assert found[0] == found[5] == "taxon:a"
    assert found[6] == "specimen:s6"
    assert clades(table, ("order",)).tolist() == table["specimen_id"].tolist()


def test_no_stratum_is_left_out_of_the_learning():
    strata = np.array(["known species", "unknown genus", "unknown genus"])
    weights = learning_weights(strata, {"known species": 1.0}, np.array(["s", "g", "g"]))
    np.testing.assert_allclose(weights, [1.0, 0.005, 0.005])
