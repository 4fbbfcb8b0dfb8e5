"""Intervals from drawing specimens again, against closed forms and a plain loop."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from phylolens.report.intervals import interval, spread


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
    monkeypatch.setattr("phylolens.report.intervals.AT_ONCE", 60 * 64)
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
