"""Where skill comes from: clade by clade, and without those that hold most of the error."""

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.about_skill import about_skill, draw_traits
from phylolens.guided.by_clade import by_clade, heaviest
from phylolens.guided.clades import Clades
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners.phylo_ridge import PhyloRidge
from phylolens.guided.sample import Sample, to_sample
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
