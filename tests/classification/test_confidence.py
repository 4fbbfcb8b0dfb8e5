"""Calibration measured against scikit-learn, closed forms and plain loops."""

import json

import numpy as np
import pytest
from scipy.optimize import brentq
from sklearn.metrics import brier_score_loss, log_loss

from phylolens.classification.confidence import (
    apply_temperature,
    bin_of,
    brier,
    confidence_summary,
    ece,
    ece_by_chance,
    ece_interval,
    extrapolate_temperature,
    fit_temperature,
    nll,
    reliability,
    risk_coverage,
)
from phylolens.errors import InputError

CLASSES = np.array(["b", "a", "d", "c"])  # columns need no order


def softmax(logits):
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def world(n: int, seed: int, temperature: float = 1.0):
    """Probabilities, and truths drawn from them after tempering."""
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(size=(n, 4)) * 2)
    honest = softmax(np.log(probabilities) / temperature)
    return probabilities, np.array([rng.choice(4, p=row) for row in honest])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found(temperature):
    probabilities, truth = world(20_000, 1, temperature)
    found = fit_temperature(np.log(probabilities), truth)
    assert found == pytest.approx(temperature, rel=0.04)
    cooled = apply_temperature(probabilities, found)
    assert nll(cooled, truth) <= nll(probabilities, truth)
    assert (cooled.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    np.testing.assert_allclose(cooled.sum(axis=1), 1)


def test_the_best_temperature_makes_confidence_match_two_classes():
    """For rows of odds (1 + e^m) right in a share r, the likelihood peaks where m / t = logit r."""
    logs = np.log(softmax(np.tile([4.0, 0.0], (10, 1))))
    truth = np.array([0] * 8 + [1] * 2)
    exact = brentq(lambda t: 1 / (1 + np.exp(-4 / t)) - 0.8, 0.1, 40)
    assert fit_temperature(logs, truth) == pytest.approx(exact, rel=1e-4)
    # The same shares from two rows with weights.
    assert fit_temperature(logs[7:9], truth[7:9], np.array([4, 1])) == pytest.approx(
        exact, rel=1e-4
    )


def test_rows_without_a_class_leave_the_temperature_alone():
    probabilities, truth = world(400, 2, 2.0)
    expected = fit_temperature(np.log(probabilities), truth)
    more = np.vstack([probabilities, np.tile([0.97, 0.01, 0.01, 0.01], (50, 1)), [[1, 0, 0, 0]]])
    with np.errstate(divide="ignore"):
        logs = np.log(more)
    assert fit_temperature(logs, np.append(truth, [-1] * 50 + [3])) == expected
    assert fit_temperature(logs[-51:], np.array([-1] * 50 + [3])) == 1.0


def test_the_temperature_of_all_rows_is_extrapolated():
    """Log temperatures a + b / share give a + b at the whole."""
    curve = {share: float(np.exp(0.2 + 0.3 / share)) for share in (0.5, 2 / 3, 0.8)}
    assert extrapolate_temperature(curve) == pytest.approx(np.exp(0.5))
    assert extrapolate_temperature({0.5: 9.0, 0.75: 2.0, 0.9: 2.0}) == pytest.approx(2)
    assert extrapolate_temperature({0.8: 1.7}) == pytest.approx(1.7)
    for shares in ({}, {0.0: 1.0}, {0.5: 1.0, 1.5: 1.0}):
        with pytest.raises(InputError, match="shares"):
            extrapolate_temperature(shares)


def test_a_head_of_all_rows_needs_less_heat_than_its_folds():
    """Nearest means of few rows in many dimensions, by class counts of a half, most and all."""
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(30, 40)) * 0.7

    def logs(means, rows):
        logits = -((rows[:, None] - means) ** 2).sum(axis=2) / 2
        return np.log(softmax(logits) + 1e-300)

    truth = np.repeat(np.arange(30), 100)
    rows = centres[truth] + rng.normal(size=(3000, 40))
    found = {}
    for share, count in ((0.5, 5), (0.8, 8), (1.0, 10)):
        means = centres + rng.normal(size=centres.shape) / np.sqrt(count)
        found[share] = fit_temperature(logs(means, rows), truth)
    whole = found.pop(1.0)
    guess = extrapolate_temperature(found)
    assert found[0.5] > found[0.8] > whole
    assert abs(np.log(guess / whole)) < 0.5 * abs(np.log(found[0.8] / whole))


def test_impossible_classes_stay_impossible():
    hot = apply_temperature(np.array([[0.9, 0.1, 0.0], [1.0, 0.0, 0.0]]), 50.0)
    assert (hot[:, 2] == 0).all()
    assert hot[1].tolist() == [1, 0, 0]
    assert hot[0, 1] == pytest.approx(1 / (1 + 9 ** (1 / 50)))
    with pytest.raises(InputError, match="temperature"):
        apply_temperature(hot, 0.0)


def test_ece_against_a_loop():
    rng = np.random.default_rng(5)
    confidence, right = rng.random(150), rng.random(150) < 0.5
    order = np.argsort(confidence)
    naive = 0.0
    for rows in np.array_split(order, 15):
        naive += len(rows) / 150 * abs(right[rows].mean() - confidence[rows].mean())
    assert ece(confidence, right) == pytest.approx(naive)
    shuffled = rng.permutation(150)
    assert ece(confidence[shuffled], right[shuffled]) == pytest.approx(naive)


def test_equal_values_share_a_bin():
    confidence = np.repeat([0.2, 0.6, 1.0], [40, 5, 55])
    right = np.arange(100) % 2 == 0
    assert len(np.unique(bin_of(confidence))) == 3
    gaps = [40 * abs(0.5 - 0.2), 5 * abs(3 / 5 - 0.6), 55 * abs(27 / 55 - 1)]
    assert ece(confidence, right) == pytest.approx(sum(gaps) / 100)
    assert ece(np.ones(7), np.ones(7, dtype=bool)) == 0


def test_bins_of_the_diagram_hold_every_row():
    probabilities, truth = world(500, 3)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = [one.to_dict() for one in reliability(confidence, right)]
    assert sum(part["n"] for part in bins) == 500
    assert max(part["n"] for part in bins) - min(part["n"] for part in bins) <= 1
    for part in bins:
        rows = (confidence >= part["low"]) & (confidence <= part["high"])
        assert part["n"] == rows.sum()
        assert part["accuracy"] == pytest.approx(right[rows].mean())
        assert part["confidence"] == pytest.approx(confidence[rows].mean())
    summed = sum(part["n"] * abs(part["accuracy"] - part["confidence"]) for part in bins)
    assert summed / 500 == pytest.approx(ece(confidence, right))


def test_brier_and_nll_against_scikit_learn():
    probabilities, truth = world(300, 4)
    expected = brier_score_loss(truth, probabilities, labels=range(4), scale_by_half=False)
    assert brier(probabilities, truth) == pytest.approx(expected)
    assert nll(probabilities, truth) == pytest.approx(log_loss(truth, probabilities))


def test_what_rows_lack_to_one_is_a_class():
    rows = np.array([[0.6, 0.1], [0.2, 0.2]])
    full = np.column_stack([rows, [0.3, 0.6]])
    for truth, other in ((np.array([0, 1]), [0, 1]), (np.array([0, -1]), [0, 2])):
        naive = np.mean(((full - np.eye(3)[other]) ** 2).sum(axis=1))
        assert brier(rows, truth) == pytest.approx(naive)
    assert nll(rows, np.array([0, -1])) == pytest.approx(-(np.log(0.6) + np.log(1e-12)) / 2)


def test_interval_resamples_specimens_not_pictures():
    """Ten images that say the same are no more evidence than one."""
    probabilities, truth = world(120, 6, 2.0)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    names = np.array([f"s{row}" for row in range(120)])
    one = ece_interval(confidence, right, names, seed=1)
    again = [np.repeat(values, 10) for values in (confidence, right, names)]
    np.testing.assert_allclose(ece_interval(*again, seed=1), one, atol=1e-9)
    as_pictures = ece_interval(again[0], again[1], np.arange(1200).astype(str), seed=1)
    assert as_pictures[1] - as_pictures[0] < 0.6 * (one[1] - one[0])
    assert one[0] <= ece(confidence, right) <= one[1]


def test_interval_covers_the_true_error():
    """Answers of confidence 0.7 to 0.9 that are right 15 points less often."""
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.7, 0.9, 600)
        right = rng.random(600) < confidence - 0.15
        low, high = ece_interval(
            confidence, right, np.arange(600).astype(str), seed=seed, draws=200
        )
        covered.append(low <= 0.15 <= high)
    assert np.mean(covered) >= 0.85


def test_perfect_probabilities_show_an_error_by_chance():
    probabilities, truth = world(600, 7)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    expected = ece_by_chance(confidence, seed=0)
    assert 0.5 * expected < ece(confidence, right) < 2 * expected
    wrong = world(600, 7, 5.0)[1]
    assert ece(confidence, probabilities.argmax(axis=1) == wrong) > 3 * expected


def test_risk_and_coverage_against_a_loop():
    rng = np.random.default_rng(8)
    confidence, right = rng.permutation(40) / 40, rng.random(40) < 0.6
    found = risk_coverage(confidence, right).to_dict()
    order = np.argsort(-confidence)
    risks = [1 - right[order[: k + 1]].mean() for k in range(40)]
    np.testing.assert_allclose(found["risk"], risks)
    np.testing.assert_allclose(found["coverage"], np.arange(1, 41) / 40)
    assert found["aurc"] == pytest.approx(np.mean(risks))


def test_equally_sure_answers_count_as_their_mean():
    found = risk_coverage(np.ones(4), np.array([True, True, True, False])).to_dict()
    assert found["risk"] == [0.25] * 4
    long = risk_coverage(np.linspace(0, 1, 5000), np.ones(5000, dtype=bool)).to_dict()
    assert len(long["risk"]) == 101
    assert (long["coverage"][-1], long["aurc"]) == (1, 0)


def test_summary_says_what_the_parts_say():
    probabilities, truth = world(250, 9, 2.0)
    names = np.append(CLASSES, "new")[truth]
    names[:10] = "new"  # taxa the model does not know are wrong answers
    columns = np.where(names == "new", -1, truth)
    units = np.array([f"s{row // 2}" for row in range(250)])
    raw = apply_temperature(probabilities, 0.5)
    found = confidence_summary(
        probabilities, CLASSES, names, units, seed=3, uncalibrated=raw
    ).to_dict()
    right = probabilities.argmax(axis=1) == columns
    assert found["accuracy"] == right.mean()
    assert found["n"] == 250
    assert found["ece"] == ece(probabilities.max(axis=1), right)
    assert found["brier"] == brier(probabilities, columns)
    assert found["uncalibrated"]["nll"] == nll(raw, columns) > found["nll"]
    assert found["risk_coverage"]["risk"][-1] == pytest.approx(1 - right.mean())
    json.dumps(found, allow_nan=False)
    again = confidence_summary(
        probabilities, CLASSES, names, units, seed=3, uncalibrated=raw
    ).to_dict()
    assert again == found
    with pytest.raises(InputError, match="no tested row"):
        confidence_summary(probabilities[:0], CLASSES, names[:0], units[:0], seed=0)
