"""Phylogenetic ridge: what it predicts, what it recovers, and what it refuses."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from skbio import DistanceMatrix
from sklearn.base import clone
from sklearn.linear_model import Ridge

from phylolens.errors import InputError
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.guided.learners.phylo_ridge import PhyloRidge
from phylolens.phylogeny import coordinates


def split(sample, genetic, groups, clade):
    kept, out = np.flatnonzero(groups != clade), np.flatnonzero(groups == clade)
    known = (sample.take(kept), genetic[np.ix_(kept, kept)], groups[kept])
    return known, sample.take(out)


def test_equals_ridge_of_scikit_learn_to_coordinates_and_heights(world):
    known, new = split(*world, 3)
    sample, genetic, _ = known
    found = PhyloRidge(strength=0.3).fit(*known)
    mean, deviation = sample.scale()
    inputs = (sample.means - mean) / deviation
    places = coordinates(DistanceMatrix(genetic, sample.taxa)).to_numpy()
    heights = (places**2).sum(axis=1)
    spread = ((inputs - inputs.mean(axis=0)) ** 2).sum(axis=1).mean()
    ridge = Ridge(alpha=0.3 * spread, solver="svd").fit(inputs, np.column_stack([places, heights]))
    wanted = ridge.predict((new.means - mean) / deviation)
    distances = wanted[:, -1:] + heights - 2 * wanted[:, :-1] @ places.T
    np.testing.assert_allclose(found.predict(new), distances, atol=1e-8)
    embedded = new.average(found.transform(new.matrix()))
    np.testing.assert_allclose(embedded, wanted[:, :-1], atol=1e-6)  # float32 images


def test_between_new_taxa_is_the_distance_of_their_heights_and_places(world):
    known, new = split(*world, 3)
    found = PhyloRidge().fit(*known)
    between, rows = found.between(new), found.predict(new)
    places = new.average(found.transform(new.matrix()))
    known_places = known[0].average(found.transform(known[0].matrix()))
    assert known_places.mean(axis=0) == pytest.approx(np.zeros(places.shape[1]), abs=1e-5)
    own = (known[1].mean(axis=0) - known[1].mean() / 2).mean()  # mean height of known taxa
    heights = rows.mean(axis=1) - own
    wanted = heights[:, None] + heights - 2 * places @ places.T
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(between, wanted, atol=1e-5)
    assert (between == between.T).all()


@pytest.mark.parametrize("signal", [1.0, 0.5])
def test_recovers_a_tree_nearly_as_well_as_from_endless_traits(worlds, signal):
    few, many = worlds(signal, width=400), worlds(1.0, width=4000, images=1)
    found, best = (skill(leave_clades_out(PhyloRidge, *one), one[1]) for one in (few, many))
    assert found > 0.5
    assert found > best - 0.1


def test_features_that_do_not_follow_the_tree_have_no_skill(worlds):
    sizes = 2 * (5, 4, 3, 6, 2, 4, 3, 5, 1, 3)
    null = [worlds(0.0, seed=seed, sizes=sizes) for seed in range(4)]
    skills = [skill(leave_clades_out(PhyloRidge, *one), one[1]) for one in null]
    np.testing.assert_allclose(skills, 0, atol=0.05)


def test_strength_is_chosen_by_clades_left_out(worlds):
    clear = PhyloRidge().fit(*worlds(1.0, width=400))
    none = PhyloRidge().fit(*worlds(0.0))
    assert clear.chosen_["inner_skill"] > 0.3 > 0.1 > none.chosen_["inner_skill"]
    assert clear.strength_ == clear.chosen_["strength"] < none.strength_


def test_the_order_of_taxa_and_a_second_run_change_nothing(world):
    sample, genetic, groups = world
    order = np.random.default_rng(3).permutation(len(sample))
    first = PhyloRidge().fit(sample, genetic, groups)
    again = PhyloRidge().fit(sample, genetic, groups)
    other = PhyloRidge().fit(sample.take(order), genetic[np.ix_(order, order)], groups[order])
    assert (first.predict(sample) == again.predict(sample)).all()
    assert (first.transform(sample.matrix()) == again.transform(sample.matrix())).all()
    np.testing.assert_allclose(other.predict(sample), first.predict(sample)[:, order], atol=1e-9)
    assert other.strength_ == first.strength_


@pytest.mark.parametrize("sizes", [(2, 2, 2), (7, 2, 3)])
def test_three_clades_and_one_image_a_taxon_do(worlds, sizes):
    sample, genetic, groups = worlds(sizes=sizes, images=1)
    found = leave_clades_out(PhyloRidge, sample, genetic, groups)
    outside = groups[:, None] != groups
    assert np.isfinite(found.raw).all()
    assert np.isfinite(found.guided[outside]).all()


def test_distances_that_are_no_trees_keep_their_negative_axes(world):
    sample, genetic, groups = world
    noise = np.random.default_rng(0).uniform(0, 5, genetic.shape)
    rough = genetic + squareform(pdist(noise))
    found = PhyloRidge(strength=1e-6).fit(sample, rough, groups)
    np.testing.assert_allclose(found.predict(sample), rough, rtol=0.05, atol=0.05)
    assert np.isfinite(found.transform(sample.matrix())).all()


def test_features_that_do_not_vary_are_left_out(world):
    sample, genetic, groups = world
    sample.features[:, 3] = 2.0
    sample.moments[0, :, 3], sample.moments[1, :, 3] = 2.0, 4.0
    found = PhyloRidge().fit(sample, genetic, groups)
    assert (found.map_[0][3] == 0).all()
    assert np.isfinite(found.predict(sample)).all()


def test_what_cannot_be_learned_from_is_refused(world):
    sample, genetic, groups = world
    with pytest.raises(InputError, match="36 taxa need 36 x 36 distances and 36 clades"):
        PhyloRidge().fit(sample, genetic[:-1, :-1], groups)
    with pytest.raises(InputError, match="a penalty is positive"):
        PhyloRidge(strength=0.0).fit(sample, genetic, groups)
    genetic[2, 3] = np.nan
    with pytest.raises(InputError, match="must be finite"):
        PhyloRidge().fit(sample, genetic, groups)


def test_made_by_name_and_cloned():
    found = make_learner("phylo-ridge", seed=3, strength=0.5)
    assert isinstance(found, Learner)
    assert clone(found).get_params() == {"strength": 0.5}
    with pytest.raises(InputError, match="unknown learner 'nonsense'"):
        make_learner("nonsense")
    with pytest.raises(InputError, match="no such setting"):
        make_learner("phylo-ridge", colour=3)


def test_unguided_is_the_squared_distance_of_standardised_means(world):
    known, new = split(*world, 3)
    mean, deviation = known[0].scale()
    scale = deviation * np.sqrt(len(mean))
    rows, others = (new.means - mean) / scale, (known[0].means - mean) / scale
    found = make_learner("unguided").fit(*known)
    wanted = ((rows[:, None] - others) ** 2).sum(axis=2)

    def squares(one, place):
        images = one.features[one.starts[place] : one.stops[place]]
        return ((images - images.mean(axis=0)) ** 2 / scale**2).sum()

    pooled = sum(squares(known[0], place) for place in range(len(others)))
    pooled /= (known[0].sizes - 1).sum()
    own, others_own = (
        np.array(
            [(squares(one, k) + 4 * pooled) / (n - 1 + 4) / n for k, n in enumerate(one.sizes)]
        )
        for one in (new, known[0])
    )
    wanted -= own[:, None] + others_own
    np.testing.assert_allclose(found.predict(new), wanted, atol=1e-6)
    between = squareform(pdist(rows, "sqeuclidean")) - own[:, None] - own
    np.fill_diagonal(between, 0.0)
    np.testing.assert_allclose(found.between(new), between, atol=1e-6)
    np.testing.assert_allclose(new.average(found.transform(new.matrix())), rows, atol=1e-6)
