"""Jackknife over clades of the skill: a naive loop, one that misses zero, one that does not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from phylolens.guided.by_clade import skill_interval
from phylolens.guided.held_out import HeldOut, leave_clades_out, share_saved, skill
from phylolens.guided.scores import held_out_scores


def interval_of(found: HeldOut, genetic: np.ndarray) -> list[float] | None:
    return skill_interval(found.guided, found.image_free, genetic, found.groups)


def test_equals_a_naive_loop(world, ridge):
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    clades = sorted(set(groups))
    logs = []
    for clade in clades:
        left = np.flatnonzero(groups != clade)
        block = np.ix_(left, left)
        one, free = found.guided[block], found.image_free[block]
        logs.append(np.log(1 - share_saved(one, free, genetic[block])))
    spread = (len(clades) - 1) * np.var(logs)
    reach = t.ppf(0.975, len(clades) - 1) * np.sqrt(spread)
    middle = np.log(1 - skill(found, genetic))
    expected = [1 - np.exp(middle + reach), 1 - np.exp(middle - reach)]
    assert interval_of(found, genetic) == pytest.approx(expected)
    assert held_out_scores(found, genetic)["skill_interval"] == pytest.approx(expected)


@pytest.mark.parametrize(("signal", "above"), [(1.0, True), (0.0, False)])
def test_it_lies_above_zero_where_features_follow_the_tree(worlds, ridge, signal, above):
    sample, genetic, groups = worlds(signal=signal)
    found = leave_clades_out(ridge, sample, genetic, groups)
    low, high = interval_of(found, genetic)
    assert (low > 0) == above
    assert low <= skill(found, genetic) <= high < 1


def test_skill_that_one_clade_carries_is_not_sure():
    """Nine clades without any skill, and a far one that is predicted without error."""
    groups = np.repeat(np.arange(10), 3)
    apart = groups[:, None] != groups
    far = (groups[:, None] == 0) | (groups == 0)
    genetic = np.where(apart, np.where(far, 9.0, 3.0), 0.0)
    noise = np.random.default_rng(0).normal(size=genetic.shape)
    free = np.where(apart, genetic + np.where(far, 5.0, noise), np.nan)
    guided = np.where(apart, genetic + np.where(far, 0.1, noise), np.nan)
    found = HeldOut(guided, free, free, noise, groups)
    assert skill(found, genetic) > 0.8
    assert interval_of(found, genetic)[0] < 0


def test_order_of_taxa_and_numbers_of_clades_do_not_matter(world, ridge):
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    order = np.random.default_rng(1).permutation(len(groups))
    block = np.ix_(order, order)
    moved = (found.guided[block], found.image_free[block], genetic[block], 7 * groups[order])
    assert skill_interval(*moved) == pytest.approx(interval_of(found, genetic))


def test_few_clades_or_no_error_have_none(worlds, ridge):
    sample, genetic, groups = worlds(sizes=(3, 3, 3, 3))
    assert interval_of(leave_clades_out(ridge, sample, genetic, groups), genetic) is None
    sample, genetic, groups = worlds()
    found = leave_clades_out(ridge, sample, genetic, groups)
    exact = np.where(np.isfinite(found.guided), genetic, np.nan)
    assert interval_of(replace(found, guided=exact), genetic) is None
