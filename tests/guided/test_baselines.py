"""Means over other clades: a baseline without images, and stronger than column means."""

import numpy as np
import pytest

from phylolens.guided.baselines import OtherClades
from phylolens.guided.held_out import leave_clades_out, share_saved, skill


def test_means_over_other_clades_equal_a_naive_loop(world):
    sample, genetic, groups = world
    found = leave_clades_out(OtherClades, sample, genetic, groups)
    n = len(groups)
    for h in (0, 11, 35):
        for j in range(n):
            if groups[j] != groups[h]:
                others = [k for k in range(n) if groups[k] not in (groups[h], groups[j])]
                assert found.raw[h, j] == pytest.approx(np.mean(genetic[j, others]))


def test_no_picture_counts(world):
    sample, genetic, groups = world
    order = np.random.default_rng(0).permutation(len(sample))
    one, other = (
        leave_clades_out(OtherClades, some, genetic, groups)
        for some in (sample, sample.permuted(order))
    )
    np.testing.assert_array_equal(one.guided, other.guided)


def test_a_far_lineage_gives_skill_without_a_picture():
    """Column means of a large clade's taxa count their own clade: they are too low for others."""
    groups = np.repeat(np.arange(6), [12, 2, 2, 2, 2, 2])
    height = np.random.default_rng(0).uniform(1, 3, len(groups))
    genetic = np.where(groups[:, None] == groups, 0.5, height[:, None] + height)
    np.fill_diagonal(genetic, 0.0)

    class Sized:
        def __init__(self, places):
            self.places = places

        def __len__(self):
            return len(self.places)

        def take(self, places):
            return Sized(self.places[places])

    sample = Sized(np.arange(len(groups)))
    found = leave_clades_out(OtherClades, sample, genetic, groups)
    assert share_saved(found.guided, found.column_means, genetic) > 0.1
    assert abs(skill(found, genetic)) < 0.05, "the best prediction without images knows it"


def test_taxa_held_out_one_by_one_have_column_means_alone(world):
    sample, genetic, _ = world
    found = leave_clades_out(OtherClades, sample, genetic, np.arange(len(sample)))
    assert skill(found, genetic) == pytest.approx(0, abs=1e-9)
