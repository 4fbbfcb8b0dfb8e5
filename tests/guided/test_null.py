"""Refits to permuted taxa: they repeat everything, reject a planted world and spare the others."""

from dataclasses import replace

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.null import null_of_refits, statistics


def null(make, world, **options):
    sample, genetic, groups = world
    observed = leave_clades_out(make, sample, genetic, groups)
    return null_of_refits(make, sample, genetic, groups, observed, **options)


def test_equals_a_naive_loop(world, ridge):
    sample, genetic, groups = world
    found = null(ridge, world, refits=9, seed=3)
    skills = []
    for k in range(9):
        order = np.random.default_rng([3, k]).permutation(len(sample))
        again = leave_clades_out(ridge, sample.permuted(order), genetic, groups)
        skills.append(skill(again, genetic))
    assert found["skill_mean"] == pytest.approx(np.mean(skills))
    assert found["skill_q95"] == pytest.approx(np.quantile(skills, 0.95))
    assert found["quantiles"]["0.5"] == pytest.approx(np.median(skills))
    assert sum(found["histogram"]["counts"]) == found["n_refits"] == 9
    observed = skill(leave_clades_out(ridge, sample, genetic, groups), genetic)
    assert found["p_value"] == (sum(value >= observed for value in skills) + 1) / 10


def test_pictures_that_follow_the_tree_are_told(world, ridge):
    found = null(ridge, world, refits=39)
    assert found["p_value"] == found["smallest_p"] == 1 / 40
    assert found["p_pearson"] == 1 / 40
    assert found["skill_q95"] < 0.1


def test_pictures_that_do_not_are_spared(worlds, ridge):
    p = [null(ridge, worlds(signal=0.0, seed=seed), refits=19)["p_value"] for seed in range(6)]
    assert min(p) > 0.05 or sum(value <= 0.05 for value in p) == 1
    assert max(p) > 0.5


def test_number_of_jobs_changes_nothing(world, ridge):
    one, two = (null(ridge, world, refits=6, jobs=jobs) for jobs in (1, 2))
    assert one == two


def test_a_stopped_run_goes_on(world, ridge):
    kept = {}

    def keep(name, make):
        if len(kept) == 1 and not stopped:
            stopped.append(name)
            raise KeyboardInterrupt
        if name not in kept:
            kept[name] = make()
        return kept[name]

    stopped = []
    with pytest.raises(KeyboardInterrupt):
        null(ridge, world, refits=30, keep=keep)
    assert len(kept) == 1
    first = dict(kept)
    assert null(ridge, world, refits=30, keep=keep) == null(ridge, world, refits=30)
    assert kept[next(iter(first))] is next(iter(first.values()))


def test_few_taxa_are_enumerated(worlds, ridge):
    found = null(ridge, worlds(sizes=(2, 2, 1)), refits=120)
    assert (found["n_refits"], found["exact"]) == (120, True)
    assert found["p_value"] * 120 == pytest.approx(round(found["p_value"] * 120))
    assert found["p_value"] >= found["smallest_p"] >= 1 / 120


def test_no_refit_is_refused(world, ridge):
    with pytest.raises(InputError, match="at least one"):
        null(ridge, world, refits=0)


def test_predictions_that_do_not_vary_have_no_correlation(world, ridge):
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    apart = groups[:, None] != groups
    flat = replace(found, guided=np.where(apart, 1.0, np.nan))
    assert statistics(flat, genetic)["pearson"] == 0.0
