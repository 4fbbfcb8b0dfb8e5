"""Scores against a table worked out by hand, and guessing against its closed form."""

import numpy as np
import pytest
from sklearn.metrics import classification_report

from phylolens.classification.evaluate import (
    AVERAGES,
    evaluate,
    majority_baseline,
    random_baseline,
)

# Ten tests of classes a, b, c; d is predicted once and never true; c is never predicted.
TRUTH = np.array(list("aaaaabbbcc"))
GUESS = np.array(list("aaabdbbaab"))
#           predicted a  b  c  d
# true a (5)          3  1  0  1      precision a 3/5, recall 3/5, F1 3/5
# true b (3)          1  2  0  0      precision b 2/4, recall 2/3, F1 4/7
# true c (2)          1  1  0  0      precision c 0,   recall 0,   F1 0
# true d (0)          0  0  0  0      precision d 0,   recall 0,   F1 0
CONFUSION = [[3, 1, 0, 1], [1, 2, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]


def test_scores_equal_the_table_by_hand():
    found = evaluate(TRUTH, GUESS).to_dict()
    assert found["confusion"] == {"labels": list("abcd"), "matrix": CONFUSION}
    precision, recall = [3 / 5, 2 / 4, 0, 0], [3 / 5, 2 / 3, 0, 0]
    f1 = [3 / 5, 4 / 7, 0, 0]
    assert [row["label"] for row in found["per_class"]] == list("abcd")
    assert [row["support"] for row in found["per_class"]] == [5, 3, 2, 0]
    for name, wanted in (("precision", precision), ("recall", recall), ("f1", f1)):
        assert [row[name] for row in found["per_class"]] == pytest.approx(wanted)
    assert found["accuracy"] == pytest.approx(5 / 10)
    assert found["balanced_accuracy"] == pytest.approx((3 / 5 + 2 / 3 + 0) / 3)
    assert found["macro_recall"] == pytest.approx((3 / 5 + 2 / 3) / 4)
    assert found["macro_f1"] == pytest.approx((3 / 5 + 4 / 7) / 4)
    assert found["weighted_f1"] == pytest.approx((5 * 3 / 5 + 3 * 4 / 7) / 10)


@pytest.mark.parametrize("seed", range(4))
def test_averages_equal_those_of_scikit_learns_report(seed):
    """Eight classes of uneven size; some are never named, one is named and never true."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(list("abcdefg"), 150, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.04, 0.01])
    guess = np.where(rng.random(150) < 0.5, truth, rng.choice(list("abcdz"), 150))
    found = evaluate(truth, guess)
    report = classification_report(truth, guess, output_dict=True, zero_division=0)
    for kind in ("macro", "weighted"):
        for score in ("precision", "recall", "f1"):
            wanted = report[f"{kind} avg"][score if score != "f1" else "f1-score"]
            assert getattr(found, f"{kind}_{score}") == pytest.approx(wanted)
    assert found.weighted_recall == pytest.approx(found.accuracy)
    for row in found.per_class:
        assert row.support == report[row.label]["support"]
        assert row.precision == pytest.approx(report[row.label]["precision"])


def test_all_right_is_one():
    found = evaluate(TRUTH, TRUTH).to_dict()
    assert [found[key] for key in AVERAGES] == [1.0] * len(AVERAGES)


def test_a_single_class_is_scored_without_warning():
    found = evaluate(np.array(["a", "a"]), np.array(["a", "a"])).to_dict()
    assert found["confusion"] == {"labels": ["a"], "matrix": [[2]]}
    assert found["accuracy"] == 1.0


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_majority_closed_form_of_equal_classes(classes):
    truth = np.repeat([f"c{place}" for place in range(classes)], 4)
    found = majority_baseline(truth, truth).to_dict()
    assert found["accuracy"] == pytest.approx(1 / classes)
    assert found["balanced_accuracy"] == pytest.approx(1 / classes)
    # One class has recall 1 and precision 1/K, hence F1 2/(K+1); the others have none.
    assert found["macro_f1"] == pytest.approx(2 / (classes + 1) / classes)


def test_majority_is_of_the_training_part():
    found = majority_baseline(np.array(list("aab")), np.array(list("bbba"))).to_dict()
    assert found["label"] == "a"
    assert found["accuracy"] == 1 / 4


@pytest.mark.parametrize("classes", [2, 5])
def test_random_closed_form_whatever_the_frequencies(classes):
    labels = [f"c{place}" for place in range(classes)]
    truth = np.repeat(labels, [400, *[20] * (classes - 1)])
    found = random_baseline(truth, truth, seed=0).to_dict()
    assert found["expected_accuracy"] == 1 / classes
    error = np.sqrt(1 / classes * (1 - 1 / classes) / (20 * len(truth)))
    assert abs(found["accuracy"] - 1 / classes) < 4 * error
    assert found["balanced_accuracy"] == pytest.approx(1 / classes, abs=0.05)


def test_classes_never_trained_are_never_guessed():
    found = random_baseline(np.array(list("aabb")), np.array(list("abzz") * 200), seed=0).to_dict()
    assert found["expected_accuracy"] == 1 / 4
    assert found["accuracy"] == pytest.approx(1 / 4, abs=0.02)
