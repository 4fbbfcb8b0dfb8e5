"""Places of taxa held out: one frame for all models, and no distance of their own clade."""

import numpy as np
import pytest

from phylolens.guided.held_out import HeldOutPlaces, leave_clades_out, taxon_places


def placed(make, world):
    sample, genetic, groups = world
    places = HeldOutPlaces(sample)
    leave_clades_out(make, sample, genetic, groups, watch=places)
    return places.places


def test_turning_the_axes_of_a_model_changes_nothing(world, ridge):
    class Turned(ridge):
        def transform(self, matrix):
            found = super().transform(matrix)
            turn = np.linalg.qr(np.random.default_rng(len(self.known)).normal(size=(36, 36)))[0]
            return found @ turn[: found.shape[1]] + 7

        def predict(self, new):
            return self.columns + super().transform(new.means)

    np.testing.assert_allclose(placed(Turned, world), placed(ridge, world), atol=1e-8)


def test_distances_of_a_clade_do_not_change_its_places(world, ridge):
    sample, genetic, groups = world
    out = groups == 3
    changed = genetic.copy()
    noise = np.random.default_rng(0).uniform(0, 50, genetic.shape)
    changed[out], changed[:, out] = noise[out], noise.T[:, out]
    one, other = (placed(ridge, (sample, d, groups)) for d in (genetic, changed))
    np.testing.assert_array_equal(one[out], other[out])
    assert np.abs(one[~out] - other[~out]).max() > 0.01


def test_products_within_a_model_are_its_own(world, ridge):
    sample, genetic, groups = world
    out = groups == 0
    learner = ridge().fit(sample.take(np.flatnonzero(~out)), genetic[~out][:, ~out], groups[~out])
    places = HeldOutPlaces(sample)
    places(learner, np.flatnonzero(out))
    found = taxon_places(learner, sample)
    found = found - found.mean(axis=0)
    products = found @ found.T * len(sample) / (found**2).sum()
    rows = places.places[out]
    np.testing.assert_allclose(rows @ rows.T, products[out][:, out], atol=1e-9)


def test_places_that_do_not_differ_are_zero(world, ridge):
    class Flat(ridge):
        def transform(self, matrix):
            return np.ones((len(matrix), 3))

        def predict(self, new):
            return np.tile(self.columns, (len(new), 1))

    assert not placed(Flat, world).any()


def test_a_learner_may_place_taxa_its_own_way(world, ridge):
    class Own(ridge):
        def place(self, sample):
            return sample.means[:, :2]

    sample, genetic, groups = world
    learner = Own().fit(sample, genetic, groups)
    np.testing.assert_array_equal(taxon_places(learner, sample), sample.means[:, :2])
    plain = taxon_places(ridge().fit(sample, genetic, groups), sample)
    assert plain == pytest.approx(learner.transform(sample.means), abs=1e-4)
