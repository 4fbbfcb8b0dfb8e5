"""The skill that settings are chosen by, against least squares written out."""

import numpy as np
import pytest

from phylolens.guided.learners.closed_form import inner_skill, left_out_means, parts_of

GROUPS = np.array([0, 0, 1, 2, 2, 2, 3, 1])


@pytest.fixture
def genetic():
    points = np.random.default_rng(1).normal(size=(8, 3))
    return ((points[:, None] - points) ** 2).sum(axis=2)


def test_column_means_leave_the_rows_clade_out(genetic):
    found = left_out_means(genetic, parts_of(GROUPS))
    for row, clade in enumerate(GROUPS):
        np.testing.assert_allclose(found[row], genetic[clade != GROUPS].mean(axis=0))


def test_skill_equals_two_least_squares_fits(genetic):
    candidate = genetic + np.random.default_rng(2).normal(size=genetic.shape)
    known = GROUPS[:, None] != GROUPS
    columns = left_out_means(genetic, parts_of(GROUPS))[known]
    alone = np.column_stack([np.ones(known.sum()), columns])
    both = np.column_stack([alone, candidate[known]])
    errors = [np.linalg.lstsq(one, genetic[known], rcond=None)[1][0] for one in (both, alone)]
    [found] = inner_skill(genetic, GROUPS, [candidate])
    assert found == pytest.approx(1 - errors[0] / errors[1], rel=1e-9)


def test_scale_and_offset_do_not_count_and_truth_is_one(genetic):
    candidates = [genetic, 5 + 2 * genetic, -genetic, np.ones_like(genetic)]
    found = inner_skill(genetic, GROUPS, candidates)
    np.testing.assert_allclose(found, [1, 1, 0, 0], atol=1e-9)


def test_equal_distances_have_no_skill():
    found = inner_skill(1 - np.eye(8), GROUPS, [np.random.default_rng(0).normal(size=(8, 8))])
    assert found == pytest.approx([0])
