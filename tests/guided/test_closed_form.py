"""Ridges with clades left out against refits, and the skill that settings are chosen by."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from phylolens.guided.learners.closed_form import (
    Dual,
    inner_skill,
    left_out_means,
    left_out_residuals,
    parts_of,
)

STRENGTHS = (0.01, 0.3, 10.0)
GROUPS = np.array([2, 0, 1, 1, 0, 3, 3, 3, 0, 4, 5, 0])


@pytest.fixture
def data():
    rng = np.random.default_rng(4)
    return rng.normal(size=(12, 30)) + 5, rng.normal(size=(4, 30)) + 5, rng.normal(size=(12, 3))


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("width", [30, 5])  # more features than taxa, and fewer
def test_dual_equals_scikit_learns_primal_ridge(data, strength, width):
    known, new, targets = data[0][:, :width], data[1][:, :width], data[2]
    dual = Dual(known @ known.T)
    primal = Ridge(alpha=strength * dual.scale, solver="svd").fit(known, targets)
    weights = dual.weights(new @ known.T, strength)
    np.testing.assert_allclose(weights @ targets, primal.predict(new), atol=1e-8)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    residuals = strength * dual.scale * dual.residual_maker(strength) @ targets
    np.testing.assert_allclose(residuals, targets - primal.predict(known), atol=1e-8)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_clades_left_out_without_refits_equal_refits(data, strength):
    known, _, targets = data
    dual = Dual(known @ known.T)
    parts = [np.flatnonzero(clade == GROUPS) for clade in np.unique(GROUPS)]
    found = left_out_residuals(dual.residual_maker(strength), targets, parts)
    for part in parts:
        kept = np.setdiff1d(np.arange(len(known)), part)
        refit = Ridge(alpha=strength * dual.scale, solver="svd").fit(known[kept], targets[kept])
        wanted = targets[part] - refit.predict(known[part])
        np.testing.assert_allclose(found[part], wanted, atol=1e-8)


def test_stacked_strengths_equal_one_by_one(data):
    known, _, targets = data
    dual = Dual(known @ known.T)
    parts = [np.flatnonzero(clade == GROUPS) for clade in np.unique(GROUPS)]
    makers = np.stack([dual.residual_maker(one) for one in STRENGTHS])
    found = left_out_residuals(makers, targets, parts)
    for place, maker in enumerate(makers):
        np.testing.assert_allclose(found[place], left_out_residuals(maker, targets, parts))


def test_taxa_of_no_part_have_no_residual(data):
    known, _, targets = data
    maker = Dual(known @ known.T).residual_maker(1.0)
    found = left_out_residuals(maker, targets, [np.array([3, 4])])
    assert np.isfinite(found[3:5]).all()
    assert np.isnan(np.delete(found, [3, 4], axis=0)).all()


def test_features_that_are_all_equal_predict_the_mean():
    dual = Dual(np.full((5, 5), 7.0))
    np.testing.assert_allclose(dual.weights(np.full((2, 5), 7.0), 0.3), 0.2)


CLADES = np.array([0, 0, 1, 2, 2, 2, 3, 1])


@pytest.fixture
def genetic():
    points = np.random.default_rng(1).normal(size=(8, 3))
    return ((points[:, None] - points) ** 2).sum(axis=2)


def test_column_means_leave_the_rows_clade_out(genetic):
    found = left_out_means(genetic, parts_of(CLADES))
    for row, clade in enumerate(CLADES):
        np.testing.assert_allclose(found[row], genetic[clade != CLADES].mean(axis=0))


def test_skill_equals_two_least_squares_fits(genetic):
    candidate = genetic + np.random.default_rng(2).normal(size=genetic.shape)
    known = CLADES[:, None] != CLADES
    columns = left_out_means(genetic, parts_of(CLADES))[known]
    alone = np.column_stack([np.ones(known.sum()), columns])
    both = np.column_stack([alone, candidate[known]])
    errors = [np.linalg.lstsq(one, genetic[known], rcond=None)[1][0] for one in (both, alone)]
    [found] = inner_skill(genetic, CLADES, [candidate])
    assert found == pytest.approx(1 - errors[0] / errors[1], rel=1e-9)


def test_scale_and_offset_do_not_count_and_truth_is_one(genetic):
    candidates = [genetic, 5 + 2 * genetic, -genetic, np.ones_like(genetic)]
    found = inner_skill(genetic, CLADES, candidates)
    np.testing.assert_allclose(found, [1, 1, 0, 0], atol=1e-9)


def test_equal_distances_have_no_skill():
    found = inner_skill(1 - np.eye(8), CLADES, [np.random.default_rng(0).normal(size=(8, 8))])
    assert found == pytest.approx([0])
