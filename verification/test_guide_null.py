"""Does held-out skill keep its level where traits know nothing of the tree, and is it found else?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. At lambda 0 the p-value of 99
refits should be at most 0.05 in a twentieth of worlds. Of 200 worlds the share has a standard
error of 0.015: a learner that keeps the level leaves [0.03, 0.07] in one of seven such checks. Each
learner is therefore judged by the range of 99.8% of all draws (2 to 21 of 200 worlds), and all
together by [0.03, 0.07]: each has worlds of its own, so that the standard error is 0.007.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from guide_null_worlds import LEVEL, draw_world, p_of_skill
from null_worlds import in_worlds
from scipy.stats import binom

from phylolens.guide.held_out import leave_clades_out, skill
from phylolens.guide.learners import LEARNERS
from phylolens.guide.null import null_of_refits

# Those of which a world takes a second; the others' fits are judged by the same procedure.
LEARNED = ["default", "gp", "kernel-ridge", "phylo-ridge", "unguided"]
NULL_WORLDS = 200
KNOWN_WORLDS, KNOWN_REFITS = 20, 39
OUTSIDE = 0.001  # share of draws on either side that a learner at its level is allowed to leave
LOWEST, HIGHEST = 0.03, 0.07  # of all learners together


@pytest.fixture(scope="module")
def null_worlds() -> dict[str, pd.DataFrame]:
    """By learner; one row a world at lambda 0."""
    return {
        name: in_worlds(partial(p_of_skill, learner=name, lambda_=0.0), range(NULL_WORLDS))
        for name in LEARNED
    }


def below(found: pd.DataFrame) -> pd.Series:
    return found["p"] <= LEVEL + 1e-12


@pytest.mark.parametrize("learner", LEARNED)
def test_without_signal_a_twentieth_of_worlds_is_significant(null_worlds, learner):
    found = null_worlds[learner]
    count, n = int(below(found).sum()), len(found)
    print(f"{learner}: p <= 0.05 in {count} of {n} worlds ({count / n:.3f}), lambda 0")
    fewest, most = binom.ppf([OUTSIDE, 1 - OUTSIDE], n, LEVEL)
    assert fewest <= count <= most


def test_all_learners_together_are_within_three_and_seven_in_a_hundred(null_worlds):
    share = float(below(pd.concat(null_worlds.values())).mean())
    print(f"all learners: share {share:.4f}")
    assert LOWEST <= share <= HIGHEST


@pytest.mark.parametrize("learner", LEARNED)
def test_traits_that_follow_the_tree_are_found(learner):
    world = partial(p_of_skill, learner=learner, lambda_=1.0, refits=KNOWN_REFITS)
    found = in_worlds(world, range(KNOWN_WORLDS))
    share, median = float(below(found).mean()), float(found["skill"].median())
    print(f"{learner}: p <= 0.05 in {share:.2f} of worlds, median skill {median:.2f}, lambda 1")
    assert share >= 0.8
    assert median > 0.05


def test_ending_refits_early_changes_no_decision():
    make = LEARNERS["unguided"]
    for number in range(6):
        world = draw_world(number, 0.0, stream=sum(map(ord, "unguided")))
        observed = leave_clades_out(make, *world, inner_folds=2)
        whole = null_of_refits(make, *world, observed, refits=99, inner_folds=2, seed=number)
        early = p_of_skill(number, "unguided", 0.0)
        assert (whole["p_value"] <= LEVEL) == (early["p"] <= LEVEL)
        assert early["skill"] == skill(observed, world[1])
        assert np.isfinite(early["skill"])
