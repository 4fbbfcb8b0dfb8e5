"""Ridge in dual form against scikit-learn's primal one, and clades left out against refits."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from phylolens.guided.learners.closed_form import Dual, left_out_residuals

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
