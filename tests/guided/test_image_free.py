"""The best prediction without images: against a naive version, and what it must not do."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from phylolens.guided.clades import clade_folds
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.image_free import (
    added,
    columns_of,
    floor_of,
    image_free,
    with_names,
)


def naive_columns(genetic, groups):
    """Four predictors and the floor, taxon by taxon."""
    rows = []
    for j in range(len(groups)):
        every = [genetic[j, k] for k in range(len(groups)) if k != j]
        other = {}
        for k in range(len(groups)):
            if groups[k] != groups[j]:
                other.setdefault(groups[k], []).append(genetic[j, k])
        distances = [one for own in other.values() for one in own]
        floor = min(distances)
        balanced = np.mean([np.mean(own) for own in other.values()])
        rows.append(
            [np.mean(every), np.mean(distances), balanced, max(np.mean(every), floor), floor]
        )
    return np.array(rows).T


def test_predictors_equal_a_naive_loop(world):
    _, genetic, groups = world
    expected = naive_columns(genetic, groups)
    np.testing.assert_allclose(columns_of(genetic, groups), expected[:4])
    np.testing.assert_allclose(floor_of(genetic, groups), expected[4])


def test_the_stack_equals_a_naive_version(world, ridge):
    """Calibrated one by one, with and without the floor, then weighed without negative weights."""
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    kept, out = np.flatnonzero(groups != 3), np.flatnonzero(groups == 3)
    distances, clades = genetic[np.ix_(kept, kept)], groups[kept]
    tried, wanted, told = [], [], []
    for fold in clade_folds(clades, 5):
        rest = np.setdiff1d(np.arange(len(kept)), fold)
        columns = naive_columns(distances[np.ix_(rest, rest)], clades[rest])
        learner = ridge().fit(sample.take(kept[rest]), distances[np.ix_(rest, rest)], clades[rest])
        raw = learner.predict(sample.take(kept[fold]))
        for a, i in enumerate(fold):
            tried += list(columns.T)
            wanted += list(distances[i, rest])
            told += list(raw[a])
    tried, wanted = np.array(tried), np.array(wanted)
    new = naive_columns(distances, clades)
    old, fresh = [], []
    for values, others in zip(tried.T[:4], new[:4], strict=True):
        slope, offset = np.polyfit(values, wanted, 1)
        old.append(offset + slope * values)
        fresh.append(offset + slope * others)
    old += [np.maximum(one, tried[:, 4]) for one in old]
    fresh += [np.maximum(one, new[4]) for one in fresh]

    def weights(*columns):
        found = lsq_linear(np.column_stack(columns), wanted, (0, np.inf), tol=1e-12).x
        return found / found.sum()

    own = weights(*old)
    free, inner = own @ fresh, own @ old
    np.testing.assert_allclose(
        found.image_free[np.ix_(out, kept)], np.tile(free, (len(out), 1)), rtol=1e-3
    )
    slope, offset = np.polyfit(told, wanted, 1)
    own = offset + slope * np.array(told)
    share = weights(inner, own, np.maximum(own, tried[:, 4]))
    raw = offset + slope * found.raw[np.ix_(out, kept)]
    guided = share[0] * free + share[1] * raw + share[2] * np.maximum(raw, new[4])
    np.testing.assert_allclose(found.guided[np.ix_(out, kept)], guided, rtol=2e-3)


def test_it_looks_at_no_image(world, ridge):
    sample, genetic, groups = world
    order = np.random.default_rng(0).permutation(len(sample))
    one, other = (
        leave_clades_out(ridge, some, genetic, groups) for some in (sample, sample.permuted(order))
    )
    np.testing.assert_array_equal(one.image_free, other.image_free)
    assert skill(one, genetic) > skill(other, genetic) + 0.1


def test_predictions_turned_over_add_nothing(world):
    _, genetic, groups = world
    free = image_free(genetic, groups, 5)
    for sign, better in ((1.0, True), (-1.0, False)):
        told = np.where(np.isfinite(free.inner), sign * genetic, np.nan)
        predicted, inner = added(free, told, sign * genetic[:2], genetic)
        known = np.isfinite(free.inner)
        if better:
            np.testing.assert_allclose(inner[known], genetic[known])
        else:
            np.testing.assert_array_equal(inner, free.inner)
            np.testing.assert_array_equal(predicted, np.tile(free.predicted, (2, 1)))


@pytest.mark.parametrize("told", [True, False])
def test_names_of_ranks_tell_what_they_hold(world, ridge, told):
    """Clades join two and two: a rank of these pairs tells; one that all clades share does not."""
    sample, genetic, groups = world
    above = groups // 2 if told else np.zeros(len(groups))
    steps = 1.0 * (groups[:, None] != groups) + (above[:, None] != above)
    found = leave_clades_out(ridge, sample, genetic, groups, steps=steps)
    known = np.isfinite(found.named)
    free, named = (
        np.mean((one[known] - genetic[known]) ** 2) for one in (found.image_free, found.named)
    )
    if told:
        assert named < 0.8 * free
    else:
        assert named == pytest.approx(free, rel=0.05)
    # Names that are known leave less to images.
    both = np.mean((found.guided_named[known] - genetic[known]) ** 2)
    assert both < 1.05 * named


def test_one_clade_left_has_no_floor():
    genetic = np.array([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]])
    np.testing.assert_array_equal(floor_of(genetic, np.zeros(3, dtype=int)), 0.0)
    means = [1.5, 2.0, 2.5]
    np.testing.assert_allclose(columns_of(genetic, np.zeros(3, dtype=int)), [means] * 4)


def test_names_need_no_pair_of_the_same_steps(world):
    _, genetic, groups = world
    free = image_free(genetic, groups, 5)
    steps = np.where(groups[:, None] != groups, 1.0, 0.0)
    found = with_names(free, genetic, groups, steps, np.full((1, len(groups)), 7.0), 5)
    assert np.isfinite(found.predicted).all()
