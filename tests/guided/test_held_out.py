"""Clades left out: nothing of them leaks, and column means are what they say."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from phylolens.errors import TooFew
from phylolens.guided.clades import clade_folds
from phylolens.guided.held_out import HeldOutPlaces, leave_clades_out, skill, taxon_places
from phylolens.guided.sample import to_sample
from phylolens.phylogeny import read_tree, to_rank
from phylolens.values import Features


def test_learners_see_no_taxon_of_the_clade_left_out(world, ridge):
    sample, genetic, groups = world
    seen = []

    class Recorder(ridge):
        def fit(self, training, distances, clades):
            places = [sample.taxa.index(name) for name in training.taxa]
            np.testing.assert_array_equal(distances, genetic[np.ix_(places, places)])
            np.testing.assert_array_equal(clades, groups[places])
            self.clades = set(clades)
            seen.append(self.clades)
            return super().fit(training, distances, clades)

        def predict(self, new):
            places = [sample.taxa.index(name) for name in new.taxa]
            assert self.clades.isdisjoint(groups[places])
            return super().predict(new)

    leave_clades_out(Recorder, sample, genetic, groups)
    clades = set(groups)
    outer = [one for one in seen if len(one) == len(clades) - 1]
    assert len(outer) == len(clades)
    assert set.intersection(*outer) == set()
    assert len(seen) == 6 * len(clades), "one fit and five inner ones a clade"


@pytest.mark.parametrize("clade", [0, 3, 8])
def test_distances_of_a_clade_do_not_change_its_own_predictions(world, ridge, clade):
    sample, genetic, groups = world
    out = groups == clade
    changed = genetic.copy()
    noise = np.random.default_rng(0).uniform(0, 50, genetic.shape)
    changed[out], changed[:, out] = noise[out], noise.T[:, out]
    one, other = (leave_clades_out(ridge, sample, d, groups) for d in (genetic, changed))
    for name in ("guided", "image_free", "column_means", "raw"):
        np.testing.assert_array_equal(getattr(one, name)[out], getattr(other, name)[out])
    assert not np.array_equal(one.raw[~out][:, ~out], other.raw[~out][:, ~out], equal_nan=True)


def test_column_means_equal_a_naive_loop(world, ridge):
    """Calibrated on training pairs whose row was left out again, and no other."""
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    n = len(groups)
    for clade in (0, 4):
        kept = [j for j in range(n) if groups[j] != clade]
        rows, wanted = [], []
        folds = clade_folds(groups[kept], 5)
        for fold in folds:
            inside = [kept[place] for place in fold]
            rest = [j for j in kept if j not in inside]
            for i in inside:
                for j in rest:
                    mean = sum(genetic[j, k] for k in rest if k != j) / (len(rest) - 1)
                    rows.append([1.0, mean])
                    wanted.append(genetic[i, j])
        design = np.array(rows)
        alone = np.linalg.lstsq(design, np.array(wanted), rcond=None)[0]
        for h in np.flatnonzero(groups == clade):
            for j in kept:
                mean = sum(genetic[j, k] for k in kept if k != j) / (len(kept) - 1)
                assert found.column_means[h, j] == pytest.approx(alone[0] + alone[1] * mean)


def test_every_pair_of_different_clades_is_predicted(world, ridge):
    sample, genetic, groups = world
    found = leave_clades_out(ridge, sample, genetic, groups)
    apart = groups[:, None] != groups
    np.testing.assert_array_equal(np.isfinite(found.guided), apart)
    np.testing.assert_array_equal(np.isfinite(found.image_free), apart)
    np.testing.assert_array_equal(np.isfinite(found.column_means), apart)
    assert np.isfinite(found.raw).all()


def test_pictures_that_follow_the_tree_have_skill_and_others_none(worlds, ridge):
    def of(signal):
        sample, genetic, groups = worlds(signal=signal)
        return skill(leave_clades_out(ridge, sample, genetic, groups), genetic)

    assert of(1.0) > 0.5
    assert abs(of(0.0)) < 0.1


def test_watch_is_told_each_learner_and_what_it_has_not_seen(world, ridge):
    sample, genetic, groups = world
    told = []
    leave_clades_out(
        ridge, sample, genetic, groups, watch=lambda learner, out: told.append((learner, out))
    )
    for learner, out in told:
        assert len(set(groups[out])) == 1
        assert len(learner.known) == len(groups) - len(out)
    assert sorted(np.concatenate([out for _, out in told])) == list(range(len(groups)))


def test_folds_hold_whole_clades():
    groups = np.repeat(np.arange(7), [9, 1, 4, 2, 6, 3, 1])
    folds = clade_folds(groups, 3)
    assert sorted(np.concatenate(folds)) == list(range(len(groups)))
    assert all(set(groups[a]).isdisjoint(groups[b]) for a in folds for b in folds if a is not b)
    assert max(map(len, folds)) - min(map(len, folds)) <= 1


def test_two_clades_are_too_few(world, ridge):
    sample, genetic, groups = world
    with pytest.raises(TooFew, match="at least three"):
        leave_clades_out(ridge, sample, genetic, groups % 2)


def test_a_clade_that_leaves_too_few_taxa(worlds, ridge):
    with pytest.raises(TooFew, match="too few to learn"):
        leave_clades_out(ridge, *worlds(sizes=(2, 1, 1)))
    assert np.isfinite(skill(leave_clades_out(ridge, *worlds(sizes=(2, 2, 1))), np.ones((5, 5))))


@pytest.mark.parametrize(
    ("name", "rank", "clade", "low", "high"),
    [("birds525", "family", "order", 0.53, 0.57), ("leaf99", "species", "family", 0.55, 0.59)],
)
def test_column_means_of_real_trees(shared_data, ridge, name, rank, clade, low, high):
    """They need no image and reach 0.54 and 0.57: what any guided embedding has to beat."""
    meta = pd.read_csv(shared_data / name / "meta.csv")
    ranks = tuple(
        one for one in ("class", "order", "family", "genus", "species") if one in meta.columns
    )
    ranked = to_rank(read_tree(shared_data / name / "tree.nwk"), meta, ranks, rank)
    taxa = list(ranked.distances.ids)
    lineage = meta.drop_duplicates(rank).set_index(rank)[clade].loc[taxa]
    groups = pd.factorize(lineage, sort=True)[0]
    features = Features(tuple(taxa), np.random.default_rng(0).normal(size=(len(taxa), 5)))
    named = pd.Series(taxa, index=taxa)
    sample = to_sample(features, named, named, taxa)
    found = leave_clades_out(ridge, sample, ranked.distances.data, groups)
    known = np.isfinite(found.column_means)
    r = pearsonr(found.column_means[known], ranked.distances.data[known])[0]
    assert low < r < high


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
