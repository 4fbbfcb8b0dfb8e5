"""Intervals and sign tests of scores, against closed forms, scipy and a plain loop."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from phylolens.classification.evaluate import evaluate, majority_baseline
from phylolens.classification.intervals import (
    beside_majority,
    interval,
    spread,
    wilson,
    with_intervals,
)
from phylolens.results.classification import SplitResult


def sd_of(truth, named, units, **settings):
    return spread(truth, {"m": named}, units, **settings)["m"]


def test_accuracy_of_independent_images_has_the_binomial_deviation():
    truth = np.array(["a"] * 150 + ["b"] * 250)
    named = np.where(np.arange(400) % 4 == 0, "c", truth)  # three quarters right
    found = sd_of(truth, named, np.arange(400))
    assert found.accuracy == pytest.approx(np.sqrt(0.75 * 0.25 / 400), rel=0.08)
    assert found.n_units == 400


def test_alike_images_of_a_specimen_count_once():
    truth = np.repeat(["a", "b"], 20)
    named = np.where(np.arange(40) % 4 == 0, "c", truth)
    once = sd_of(truth, named, np.arange(40))
    ten = sd_of(np.repeat(truth, 10), np.repeat(named, 10), np.repeat(np.arange(40), 10))
    assert ten.accuracy == pytest.approx(once.accuracy)  # the same draws, the same specimens
    assert ten.macro_f1 == pytest.approx(once.macro_f1)
    assert sd_of(np.repeat(truth, 10), np.repeat(named, 10), np.arange(400)).accuracy < (
        0.5 * ten.accuracy
    )


def test_macro_f1_of_a_draw_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    truth = rng.choice(list("abcdef"), 60, p=[0.4, 0.2, 0.2, 0.1, 0.05, 0.05])
    named = np.where(rng.random(60) < 0.6, truth, rng.choice(list("abcdef"), 60))
    units = rng.integers(0, 25, 60)
    names, members = np.unique(units), []
    for _ in range(1000):
        drawn = rng.choice(names, len(names))
        rows = np.concatenate([np.flatnonzero(units == unit) for unit in drawn])
        members.append(f1_score(truth[rows], named[rows], average="macro", zero_division=0))
    found = sd_of(truth, named, units, seed=5)
    assert found.macro_f1 == pytest.approx(np.std(members), rel=0.12)


def test_models_share_draws_and_a_seed_gives_the_same():
    truth = np.array(list("aabbccdd") * 5)
    named = np.roll(truth, 1)
    both = spread(truth, {"one": named, "two": named}, np.arange(40), draws=50, seed=3)
    assert both["one"] == both["two"] == sd_of(truth, named, np.arange(40), draws=50, seed=3)
    assert both["one"] != sd_of(truth, named, np.arange(40), draws=50, seed=4)


def test_draws_beyond_what_is_held_at_once_are_all_used(monkeypatch):
    truth = np.array(list("ab") * 30)
    named = np.where(np.arange(60) % 3 == 0, "a", truth)
    whole = sd_of(truth, named, np.arange(60), draws=700)
    monkeypatch.setattr("phylolens.classification.intervals.AT_ONCE", 60 * 64)
    assert sd_of(truth, named, np.arange(60), draws=700) == whole


def test_the_interval_covers_where_classes_are_many_and_small():
    """200 classes of two tested images: percentiles of the draws miss even the score itself."""
    rng, truth = np.random.default_rng(0), np.repeat(np.arange(200), 2)
    right = np.clip(rng.normal(0.6, 0.15, 200), 0.05, 0.95)

    def answers():
        other = rng.integers(0, 200, 400)
        return np.where(rng.random(400) < right[truth], truth, other)

    def score(named):
        return f1_score(truth, named, average="macro", zero_division=0)

    target = np.mean([score(answers()) for _ in range(40)])
    hits = 0
    for _ in range(60):
        named = answers()
        low, high = interval(score(named), sd_of(truth, named, np.arange(400), draws=150).macro_f1)
        hits += low <= target <= high
    assert hits >= 52  # 57 expected; fewer than 52 of 60 with probability 0.01 at 95%


def test_intervals_stay_within_zero_and_one():
    assert interval(0.99, 0.02) == (pytest.approx(0.9508, abs=1e-4), 1.0)
    assert interval(0.01, 0.02) == (0.0, pytest.approx(0.0492, abs=1e-4))


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 7), (45, 50), (50, 50)])
def test_wilson_against_scipy(hits, n):
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(hits / n, n), [expected.low, expected.high], atol=1e-12)


def test_weighted_units_may_be_no_whole_number():
    low, high = wilson(0.4, 22.5)
    more, fewer = (binomtest(2 * n // 5, n).proportion_ci(method="wilson") for n in (25, 20))
    assert more.high - more.low < high - low < fewer.high - fewer.low


@pytest.mark.parametrize(
    ("gained", "lost", "p"), [(5, 0, 2 / 32), (6, 0, 2 / 64), (0, 6, 2 / 64), (0, 0, 1.0)]
)
def test_beside_majority_is_a_paired_test(gained, lost, p):
    """Exact sign test, images of different specimens."""
    truth = ["a"] * 90 + ["b"] * 10
    named = ["a"] * (90 - lost) + ["b"] * lost + ["a"] * (10 - gained) + ["b"] * gained
    rows = pd.DataFrame({"truth": truth, "predicted": named, "specimen_id": range(100)})
    found = beside_majority(rows, "a")
    assert (found.n_better, found.n_worse, found.p_value) == (gained, lost, pytest.approx(p))


@pytest.mark.parametrize("seed", range(5))
def test_one_image_a_specimen_is_mcnemar(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.choice(["a", "b", "c"], size=(2, 40), p=[0.5, 0.3, 0.2])
    predicted = np.where(rng.random(40) < 0.2 * seed, truth, predicted)
    rows = pd.DataFrame({"truth": truth, "predicted": predicted, "specimen_id": range(40)})
    found = beside_majority(rows, "a")
    right, constant = truth == predicted, truth == "a"
    gained, lost = int((right & ~constant).sum()), int((constant & ~right).sum())
    assert (found.n_better, found.n_worse) == (gained, lost)
    assert found.p_value == binomtest(gained, gained + lost).pvalue


def test_shares_of_specimens_decide_and_ties_are_left_out():
    # Each of 6 specimens: two images gained, one lost. A seventh: one gained, one lost.
    rows = [(s, t, p) for s in range(6) for t, p in (("b", "b"), ("b", "b"), ("a", "b"))]
    rows += [(6, "b", "b"), (6, "a", "b")]
    table = pd.DataFrame(rows, columns=["specimen_id", "truth", "predicted"])
    assert beside_majority(table, "a").p_value == pytest.approx(2 / 64)  # 6 of 6
    fewer = table[table["specimen_id"] != 5]
    assert beside_majority(fewer, "a").p_value == pytest.approx(2 / 32)  # 5 of 5


def judged(held_out=None, *, n_species=8, right=0.8):
    """Scores of 20 specimens a species, two images each, half of the species of either order."""
    n = 40 * n_species
    species = np.repeat([f"s{k}" for k in range(n_species)], 40)
    truth = np.where(np.arange(n) < n // 2, "a", "b")
    specimen = [f"i{row // 2}" for row in range(n)]
    named = np.where(np.arange(n) // 2 % 10 < 10 * right, truth, np.where(truth == "a", "b", "a"))
    files = [f"{row:04d}.jpg" for row in range(n)]
    table = pd.DataFrame({"file": files, "specimen_id": specimen, "species": species})
    rows = {"file": files, "rank": "order", "model": "rf", "truth": truth, "predicted": named}
    predictions = pd.DataFrame(rows)
    found = SplitResult.model_validate({
        "n_train": 1, "n_test": n, "ranks": {"order": {"n_test": n}},
        "models": {"rf": {"order": evaluate(truth, named)}},
        "baselines": {"majority": {"order": majority_baseline(truth, truth)}},
    })  # fmt: skip
    mixed = predictions.sample(frac=1, random_state=0)
    return with_intervals(found, mixed, table, held_out), truth, named, species, specimen


def test_a_random_split_has_wilson_over_specimens():
    found, truth, named, _, specimen = judged()
    own, counts = found.models["rf"]["order"], found.ranks["order"]
    ends = binomtest(128, 160).proportion_ci(method="wilson")  # 160 specimens, four fifths right
    assert own.accuracy_interval == pytest.approx((ends.low, ends.high))
    sd = spread(truth, {"rf": named}, specimen)["rf"].macro_f1
    assert own.macro_f1_interval == pytest.approx(interval(own.macro_f1, sd))
    assert (counts.n_specimens, counts.interval_unit, counts.n_interval_units) == (
        160, "specimen", 160,
    )  # fmt: skip
    assert (own.beside_majority.n_better, own.beside_majority.n_worse) == (64, 16)


def test_taxa_held_out_are_what_is_drawn():
    found, truth, named, species, _ = judged("species")
    own, counts = found.models["rf"]["order"], found.ranks["order"]
    drawn = spread(truth, {"rf": named}, species)["rf"]
    assert drawn.accuracy == pytest.approx(0, abs=1e-6)  # all species are alike
    assert own.accuracy_interval[0] <= own.accuracy <= own.accuracy_interval[1]
    assert (counts.interval_unit, counts.n_interval_units) == ("species", 8)


def test_few_held_out_taxa_give_no_interval():
    own = judged("species", n_species=4)[0].models["rf"]["order"]
    assert own.accuracy_interval is None
    assert own.macro_f1_interval is None


def test_without_a_mistake_the_number_of_taxa_still_counts():
    own = judged("species", right=1.0)[0].models["rf"]["order"]
    ends = binomtest(8, 8).proportion_ci(method="wilson")
    assert own.accuracy_interval == pytest.approx((ends.low, ends.high))
