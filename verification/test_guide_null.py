"""Does held-out skill keep its level where traits know nothing of the tree, and is it found else?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. At lambda 0 the p-value of 99
refits should be at most 0.05 in a twentieth of worlds. Closed forms have a thousand worlds each,
where the share has a standard error of 0.007, and must stay within [0.03, 0.07]. Learners that
iterate have 200, of which a learner at its level leaves [0.03, 0.07] in one of seven such checks:
they are judged by the range of 99.8% of all draws (2 to 21 worlds).
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from guide_null_worlds import LEVEL, draw_world, p_of_skill
from null_worlds import in_worlds
from scipy.stats import binom

from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import LEARNERS
from phylolens.guided.null import null_of_refits

CLOSED = ["default", "gp", "kernel-ridge", "phylo-ridge", "unguided"]
ITERATED = ["attention"]  # the others take hours
WORLDS = dict.fromkeys(CLOSED, 1000) | dict.fromkeys(ITERATED, 200)
KNOWN_WORLDS, KNOWN_REFITS = 20, 39
OUTSIDE = 0.001  # share of draws on either side that a learner at its level is allowed to leave
LOWEST, HIGHEST = 0.03, 0.07


def below(found: pd.DataFrame) -> pd.Series:
    return found["p"] <= LEVEL + 1e-12


@pytest.mark.parametrize("learner", [*CLOSED, *ITERATED])
def test_without_signal_a_twentieth_of_worlds_is_significant(learner):
    world = partial(p_of_skill, learner=learner, lambda_=0.0)
    found = in_worlds(world, range(WORLDS[learner]))
    count, n = int(below(found).sum()), len(found)
    print(f"{learner}: p <= 0.05 in {count} of {n} worlds ({count / n:.3f}), lambda 0")
    fewest, most = LOWEST * n, HIGHEST * n
    if learner in ITERATED:
        fewest, most = binom.ppf([OUTSIDE, 1 - OUTSIDE], n, LEVEL)
    assert fewest <= count <= most


@pytest.mark.parametrize("learner", CLOSED)
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
