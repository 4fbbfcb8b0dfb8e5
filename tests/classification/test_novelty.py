"""Novelty scores and their measures against scikit-learn and plain loops."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors

from phylolens.classification import novelty
from phylolens.classification.novelty import (
    auroc,
    auroc_interval,
    combined,
    fpr_at_95,
    knn_distance,
    msp,
    novelty_summary,
    p_value,
)
from phylolens.errors import InputError


@pytest.fixture(scope="module")
def scored():
    """Known and unknown scores with ties."""
    rng = np.random.default_rng(0)
    return rng.normal(size=300).round(1), rng.normal(1, 1, size=120).round(1)


def test_unsure_rows_score_high():
    assert msp(np.array([[0.5, 0.5], [0.9, 0.1]])) == pytest.approx([0.5, 0.1])


@pytest.mark.parametrize("at_once", [20_000_000, 1000, 1])
def test_neighbours_against_scikit_learn(monkeypatch, at_once):
    """Whatever the size of the chunks."""
    monkeypatch.setattr(novelty, "AT_ONCE", at_once)
    rng = np.random.default_rng(1)
    rows, reference = rng.normal(size=(40, 7)), rng.normal(size=(90, 7))
    finder = NearestNeighbors(n_neighbors=5, metric="cosine").fit(reference)
    expected = finder.kneighbors(rows)[0].mean(axis=1)
    np.testing.assert_allclose(knn_distance(rows, reference, 5), expected, atol=1e-6)
    np.testing.assert_allclose(knn_distance(rows * 9, reference / 3, 5), expected, atol=1e-6)


def test_pictures_of_the_same_specimen_are_no_neighbours():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(12, 4))
    groups = np.repeat(np.arange(4), 3)
    found = knn_distance(rows, rows, 2, groups=groups, reference_groups=groups)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    for row in range(12):
        others = [1 - unit[row] @ unit[k] for k in range(12) if groups[k] != groups[row]]
        assert found[row] == pytest.approx(np.mean(sorted(others)[:2]), abs=1e-6)
    assert knn_distance(rows, rows, 1).max() < 1e-6  # without groups each finds itself


def test_few_or_no_neighbours():
    rows = np.eye(3)
    assert knn_distance(rows[:1], rows[:2], 5) == pytest.approx([0.5])
    alone = knn_distance(rows, rows, 5, groups=np.zeros(3), reference_groups=np.zeros(3))
    assert alone.tolist() == [2, 2, 2]
    one = knn_distance(rows[:1], rows, 2, groups=[7], reference_groups=[7, 7, 8])
    assert one == pytest.approx([1.0])
    for reference, k in ((rows[:0], 5), (rows, 0)):
        with pytest.raises(InputError, match="neighbours"):
            knn_distance(rows, reference, k)


def test_p_values_against_a_loop(scored):
    known, unknown = scored
    for score, p in zip(unknown, p_value(unknown, known), strict=True):
        assert p == (1 + sum(known >= score)) / 301
    for row, p in enumerate(p_value(known, known, among=True)):
        others = np.delete(known, row)
        assert p == (1 + sum(others >= known[row])) / 300


def test_p_values_of_known_taxa_are_even():
    rng = np.random.default_rng(4)
    found = np.array([p_value(rng.random(50), rng.random(39)) for _ in range(400)])
    for level in (0.05, 0.1, 0.5):
        assert abs((found <= level).mean() - level) < 0.01


def test_combined_weighs_scores_alike():
    p = {"one": np.array([0.1, 0.8]), "two": np.array([0.3, 1.0])}
    assert combined(p) == pytest.approx([-np.log(0.03) / 2, -np.log(0.8) / 2])
    assert combined({"only": np.array([1.0, 0.5])}) == pytest.approx([0, np.log(2)])


def test_auroc_against_scikit_learn_and_all_pairs(scored):
    known, unknown = scored
    labels = np.repeat([0, 1], [300, 120])
    assert auroc(known, unknown) == pytest.approx(
        roc_auc_score(labels, np.concatenate([known, unknown]))
    )
    pairs = [(u > k) + (u == k) / 2 for u in unknown for k in known]
    assert auroc(known, unknown) == pytest.approx(np.mean(pairs))
    assert auroc(known, known) == 0.5
    assert auroc(known, known + 100) == 1


def test_flagged_share_against_the_roc_curve(scored):
    known, unknown = scored
    labels = np.repeat([0, 1], [300, 120])
    flagged, caught, _ = roc_curve(
        labels, np.concatenate([known, unknown]), drop_intermediate=False
    )
    assert fpr_at_95(known, unknown) == pytest.approx(flagged[np.argmax(caught >= 0.95)])
    assert fpr_at_95(np.arange(10), np.arange(10) + 10) == 0
    assert fpr_at_95(np.zeros(10), np.zeros(5)) == 1
    same = np.random.default_rng(0).random((2, 20_000))
    assert fpr_at_95(*same) == pytest.approx(0.95, abs=0.01)


def test_interval_draws_taxa_not_pictures():
    """Thirty taxa of ten alike images are thirty taxa."""
    rng = np.random.default_rng(5)
    known, means = rng.normal(size=200), rng.normal(1, 1, size=30)
    unknown, taxa = np.repeat(means, 10), np.repeat(np.arange(30), 10)
    specimens = np.arange(200)
    by_taxon = auroc_interval(known, unknown, specimens, taxa, seed=0)
    as_rows = auroc_interval(known, unknown, specimens, np.arange(300), seed=0)
    assert by_taxon[0] < auroc(known, unknown) < by_taxon[1]
    assert by_taxon[1] - by_taxon[0] > 1.5 * (as_rows[1] - as_rows[0])
    one_each = auroc_interval(known, means, specimens, np.arange(30), seed=0)
    np.testing.assert_allclose(by_taxon, one_each, atol=1e-12)
    assert auroc_interval(known, unknown, specimens, np.zeros(300), seed=0) is None


def test_interval_covers():
    """True AUROC of N(0, 1) against taxa N(1, 1) is the normal distribution at 1 / sqrt 2."""
    covered = []
    for seed in range(100):
        rng = np.random.default_rng([6, seed])
        known, unknown = rng.normal(size=80), rng.normal(1, 1, size=40)
        low, high = auroc_interval(
            known, unknown, np.arange(80), np.arange(40), seed=seed, draws=300
        )
        covered.append(low <= 0.7602 <= high)
    assert np.mean(covered) >= 0.88


@pytest.fixture(scope="module")
def summary_input():
    rng = np.random.default_rng(7)
    strata = np.repeat(["known species", "unknown species", "unknown family"], [200, 60, 40])
    shift = np.repeat([0, 0.5, 2], [200, 60, 40])
    scores = {"msp": rng.normal(shift), "knn": rng.normal(shift)}
    lineage = pd.DataFrame(
        {
            "family": [f"f{k // 10}" for k in range(300)],
            "species": [f"s{k // 5}" for k in range(300)],
        }
    ).astype(object)
    return scores, strata, np.array([f"u{k // 2}" for k in range(300)]), lineage


def test_summary_by_rank(summary_input):
    scores, strata, specimens, lineage = summary_input
    found = novelty_summary(scores, strata, specimens, lineage, seed=1).to_dict()
    assert set(found["by_rank"]) == {"family", "species"}
    family = found["by_rank"]["family"]
    known = strata == "known species"
    for name in ("msp", "knn"):
        expected = roc_auc_score(
            strata[known | (strata == "unknown family")] == "unknown family",
            scores[name][known | (strata == "unknown family")],
        )
        assert family[name]["auroc"] == pytest.approx(expected)
    assert (family["n_known"], family["n_unknown"], family["n_unknown_taxa"]) == (100, 20, 4)
    assert (found["rank"], found["score"]) == ("family", "combined")
    assert found["auroc"] == family["combined"]["auroc"] > family["msp"]["auroc"]
    assert found["by_rank"]["species"]["combined"]["auroc"] < found["auroc"]
    json.dumps(found, allow_nan=False)
    assert novelty_summary(scores, strata, specimens, lineage, seed=1).to_dict() == found
    other = novelty_summary(scores, strata, specimens, lineage, seed=1, rank="species").to_dict()
    assert (other["rank"], other["by_rank"]) == ("species", found["by_rank"])


def test_nothing_unknown_gives_no_summary(summary_input):
    scores, _, specimens, lineage = summary_input
    strata = np.full(300, "known species")
    assert novelty_summary(scores, strata, specimens, lineage, seed=1) is None


def test_scores_that_know_nothing_are_at_chance(summary_input):
    _, strata, specimens, lineage = summary_input
    rng = np.random.default_rng(8)
    noise = {"msp": rng.random(300), "knn": rng.random(300)}
    found = novelty_summary(noise, strata, specimens, lineage, seed=1).to_dict()
    low, high = found["by_rank"]["species"]["combined"]["interval"]
    assert low < 0.5 < high
