"""Skill clade by clade: sums of errors, the jackknife against loops, changes beyond noise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from phylolens.guided.about_skill import about_skill, draw_traits
from phylolens.guided.by_clade import (
    DrawnErrors,
    by_clade,
    change_of_skill,
    heaviest,
    skill_interval,
)
from phylolens.guided.clades import Clades
from phylolens.guided.held_out import HeldOut, leave_clades_out, share_saved, skill
from phylolens.guided.learners.phylo_ridge import PhyloRidge
from phylolens.guided.sample import Sample, to_sample
from phylolens.guided.scores import held_out_scores
from phylolens.values import Features

NAMES = tuple("abcdefghij")


def lone_lineage(seed: int = 0) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Twenty-four species in eight clades alike, and two of an old lineage in two more.

    Images tell the old lineage from the others, and nothing else.
    """
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.repeat(np.arange(8), 3), [8, 9]])
    old = groups >= 8
    genetic = 4.0 + rng.uniform(0, 2, (26, 26))
    genetic = np.where(groups[:, None] == groups, 2.0, (genetic + genetic.T) / 2)
    genetic[old[:, None] != old] = 30.0
    np.fill_diagonal(genetic, 0.0)
    means = rng.standard_normal((26, 12))
    means[old, :4] += 5.0
    matrix = np.repeat(means, 3, axis=0) + 0.3 * rng.standard_normal((78, 12))
    names = [f"T{place:02}" for place in range(26)]
    ids = tuple(f"{name}/{k}" for name in names for k in range(3))
    taxa = pd.Series(np.repeat(names, 3), index=ids)
    features = Features(ids, matrix.astype(np.float32))
    return to_sample(features, taxa, pd.Series(ids, index=ids), names), genetic, groups


def test_equals_a_naive_loop(world, ridge):
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    free, guided = dict.fromkeys(range(10), 0.0), dict.fromkeys(range(10), 0.0)
    for i, one in enumerate(groups):
        for j, other in enumerate(groups):
            if one != other:
                free[one] += (found.image_free[i, j] - genetic[i, j]) ** 2
                guided[one] += (found.guided[i, j] - genetic[i, j]) ** 2
    total = sum(free.values())
    told = by_clade(found, genetic, NAMES)
    rows = {row["clade"]: row for row in told}
    for clade, name in enumerate(NAMES):
        assert rows[name]["share"] == pytest.approx(free[clade] / total)
        assert rows[name]["skill"] == pytest.approx(1 - guided[clade] / free[clade])
        assert rows[name]["n_taxa"] == (groups == clade).sum()
    assert [row["share"] for row in told] == sorted((row["share"] for row in told), reverse=True)
    # The whole is the mean of the parts, weighted by their shares.
    whole = sum(row["share"] * row["skill"] for row in told)
    assert whole == pytest.approx(skill(found, genetic))


def test_clades_of_like_weight_are_not_left_out(world, ridge):
    found = leave_clades_out(ridge, *world)
    assert len(heaviest(found, world[1])) == 0
    told = about(ridge, world)
    assert told["beyond"] is None


def about(make, world, refits: int = 0, draws: int = 1):
    found = leave_clades_out(make, *world)
    clades = Clades("order", world[2], (), NAMES)
    return about_skill(make, *world[:2], clades, found, refits=refits, draws=draws)


def test_skill_of_one_old_lineage_is_not_that_of_the_others():
    world = lone_lineage()
    found = leave_clades_out(PhyloRidge, *world)
    assert sorted(heaviest(found, world[1])) == [8, 9]
    assert skill(found, world[1]) > 0.15
    told = about(PhyloRidge, world, refits=19)["beyond"]
    assert sorted(told["without"]) == ["i", "j"]
    assert told["share"] > 0.5
    assert (told["n_taxa"], told["n_clades"], told["n_refits"]) == (24, 8, 19)
    assert told["skill"] < 0.05
    assert told["p_value"] > 0.05


def test_a_tree_that_pictures_tell_is_told_without_the_old_lineage_too():
    sample, genetic, groups = lone_lineage()
    genetic = genetic.copy()
    near = (groups // 2)[:, None] == groups // 2
    young = groups < 8
    genetic[near & (groups[:, None] != groups) & young & young[:, None]] = 2.5
    rng = np.random.default_rng(5)
    world = draw_traits(sample, genetic, 60, rng), genetic, groups
    told = about(PhyloRidge, world, refits=19)["beyond"]
    assert sorted(told["without"]) == ["i", "j"]
    assert told["skill"] > 0.2
    assert told["p_value"] == 1 / 20


def test_what_is_left_out_is_as_if_it_had_never_been_there():
    sample, genetic, groups = lone_lineage()
    told = about(PhyloRidge, (sample, genetic, groups))["beyond"]
    young = np.arange(24)
    alone = leave_clades_out(
        PhyloRidge, sample.take(young), genetic[np.ix_(young, young)], groups[young]
    )
    assert told["skill"] == skill(alone, genetic[np.ix_(young, young)])


def test_the_heaviest_do_not_depend_on_pictures(ridge):
    sample, genetic, groups = lone_lineage()
    order = np.random.default_rng(0).permutation(len(sample))
    one, other = (
        heaviest(leave_clades_out(ridge, some, genetic, groups), genetic)
        for some in (sample, sample.permuted(order))
    )
    assert list(one) == list(other)


def test_learners_that_iterate_are_not_fitted_again(world, ridge):
    told = about(ridge, world)
    assert told["attainable"] == []
    assert len(told["by_clade"]) == 10


def interval_of(found: HeldOut, genetic: np.ndarray) -> list[float] | None:
    return skill_interval(found.guided, found.image_free, genetic, found.groups)


def test_equals_a_naive_loop_interval(world, ridge):
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


def test_equals_the_skills_and_the_jackknife_of_a_mean():
    """Where all clades have the same column means' error, the jackknife is that of a mean."""
    before = DrawnErrors(np.array([[8.0, 6.0, 9.0, 5.0]]), np.full(4, 10.0))
    after = DrawnErrors(np.array([[7.0, 5.0, 5.0, 5.0]]), np.full(4, 10.0))
    np.testing.assert_allclose(before.skills, [0.3])
    found = change_of_skill(after, before)
    saved = np.array([0.1, 0.1, 0.4, 0.0])
    assert found["skill"] == pytest.approx(0.15)
    assert found["skill"] == pytest.approx(after.skills[0] - before.skills[0])
    assert found["se_clades"] == pytest.approx(saved.std(ddof=1) / 2)
    assert (found["se_draws"], found["se"]) == (0.0, found["se_clades"])
    assert found["beyond_noise"] is False, "t = 1.73 of 3.18"


def test_draws_add_their_standard_error():
    free = np.array([10.0, 20.0])
    before = DrawnErrors(np.array([[5.0, 10.0]]), free)
    after = DrawnErrors(np.array([[4.0, 8.0], [2.0, 4.0], [3.0, 6.0]]), free)
    found = change_of_skill(after, before)
    assert found["skill"] == pytest.approx(0.2)
    assert found["se_draws"] == pytest.approx(0.1 / np.sqrt(3))
    assert found["se_clades"] == pytest.approx(0.0, abs=1e-12), "every clade gains alike"


def worlds(gain: float, n: int = 1500, clades: int = 12):
    """Methods whose error differs by ``gain``, up to what clades and draws bring by chance."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        free = rng.uniform(5.0, 15.0, clades)
        own = free * (0.7 + 0.1 * rng.standard_normal(clades))
        other = own - free * (gain + 0.05 * rng.standard_normal(clades))
        drawn = other + free * 0.05 * rng.standard_normal((10, 1))
        yield DrawnErrors(drawn, free), DrawnErrors(own[None], free)


def test_noise_is_called_a_difference_at_the_level_only():
    found = [change_of_skill(*pair) for pair in worlds(0.0)]
    assert 0.03 < np.mean([one["beyond_noise"] for one in found]) < 0.075
    gains, errors = (np.array([one[key] for one in found]) for key in ("skill", "se"))
    assert errors.mean() == pytest.approx(gains.std(), rel=0.1)
    many = [change_of_skill(*pair, comparisons=8)["beyond_noise"] for pair in worlds(0.0)]
    assert np.mean(many) < 0.02


def test_a_difference_is_found():
    assert np.mean([change_of_skill(*pair)["beyond_noise"] for pair in worlds(0.1, 200)]) > 0.95
