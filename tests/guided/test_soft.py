"""Soft placement: votes of images against a naive discriminant, the limits, the contract."""

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.image_free import columns_of, floor_of
from phylolens.guided.learners import make_learner
from phylolens.guided.learners.soft import Soft
from phylolens.guided.sample import deviations_within


def parts(world, clade=3):
    sample, genetic, groups = world
    kept, out = np.flatnonzero(groups != clade), np.flatnonzero(groups == clade)
    return sample.take(kept), genetic[np.ix_(kept, kept)], groups[kept], sample.take(out)


def naive_shares(known, groups, new, temperature, shrinkage, balance):
    """Posterior of each image by Bayes' rule, with the covariance written out."""
    images = min(5, int(known.sizes.max()))
    deviations = deviations_within(known.features, known.means, known.starts, known.stops, images)
    spread = deviations.T @ deviations
    ridge = shrinkage * np.trace(spread) / len(spread)
    inverse = ridge * np.linalg.inv(spread + ridge * np.eye(len(spread)))
    within = np.trace(inverse @ spread) / len(known)
    apart = [
        (one - other) @ inverse @ (one - other) for one in known.means for other in known.means
    ]
    unit = np.mean(apart)
    rows = []
    for place in range(len(new)):
        votes = []
        for x in new.features[new.starts[place] : new.stops[place]].astype(float):
            score = []
            for k, mean in enumerate(known.means):
                squared = (x - mean) @ inverse @ (x - mean) - within / known.sizes[k]
                prior = -balance * np.log((groups == groups[k]).sum())
                score.append(-squared / 2 / unit / temperature + prior)
            score = np.exp(np.array(score) - max(score))
            votes.append(score / score.sum())
        rows.append(np.mean(votes, axis=0))
    return np.array(rows)


def test_predictions_equal_a_naive_discriminant(world):
    known, genetic, groups, new = parts(world)
    temperatures, shrinkages = (0.5, 0.05), (20.0, 3.0)
    learner = Soft(temperatures=temperatures, shrinkages=shrinkages).fit(known, genetic, groups)
    shares = np.mean(
        [
            naive_shares(known, groups, new, temperature, shrinkage, 1.0)
            for temperature in temperatures
            for shrinkage in shrinkages
        ],
        axis=0,
    )
    floored = np.maximum(genetic, floor_of(genetic, groups))
    np.testing.assert_allclose(learner.predict(new), shares @ floored, rtol=1e-4)
    between = shares @ genetic @ shares.T
    np.fill_diagonal(between, 0.0)
    np.testing.assert_allclose(learner.between(new), between, rtol=1e-4, atol=1e-8)


def test_leaving_out_equals_naive_votes_among_the_others(world):
    """Scaling and covariance are those of all training taxa; the votes are not."""
    sample, genetic, groups = world
    learner = Soft(temperatures=(0.1,), shrinkages=(20.0,)).fit(sample, genetic, groups)
    out, kept = np.flatnonzero(groups == 3), np.flatnonzero(groups != 3)
    found = learner.left_out([out])
    scores = learner._models[0].scores(sample.take(out).matrix().astype(float))[:, kept] / 0.1
    sizes = np.array([(groups[kept] == group).sum() for group in groups[kept]])
    votes = np.exp(scores - scores.max(axis=1, keepdims=True)) / sizes
    votes /= votes.sum(axis=1, keepdims=True)
    some = genetic[np.ix_(kept, kept)]
    floored = np.maximum(some, floor_of(some, groups[kept]))
    expected = sample.take(out).average(votes) @ floored
    np.testing.assert_allclose(found[np.ix_(out, kept)], expected)
    assert np.isnan(found[kept]).all()


@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_votes_that_do_not_tell_give_means_over_taxa_or_clades(world, balance):
    known, genetic, groups, new = parts(world)
    learner = Soft(temperatures=(1e9,), balance=balance).fit(known, genetic, groups)
    floored = np.maximum(genetic, floor_of(genetic, groups))
    clades = [floored[groups == clade].mean(axis=0) for clade in np.unique(groups)]
    wanted = np.mean(clades, axis=0) if balance else floored.mean(axis=0)
    np.testing.assert_allclose(learner.predict(new), np.tile(wanted, (len(new), 1)), rtol=1e-6)
    assert np.corrcoef(wanted, columns_of(genetic, groups)[2])[0, 1] > 0.5


def test_sharp_votes_take_the_row_of_the_nearest_taxon(world):
    known, genetic, groups, _ = parts(world)
    learner = Soft(temperatures=(1e-9,)).fit(known, genetic, groups)
    floored = np.maximum(genetic, floor_of(genetic, groups))
    np.testing.assert_allclose(learner.predict(known), floored, rtol=1e-6)


def test_images_that_follow_the_tree_have_skill_and_others_none(worlds):
    def of(signal):
        sample, genetic, groups = worlds(signal=signal)
        return skill(leave_clades_out(Soft, sample, genetic, groups), genetic)

    assert of(1.0) > 0.3
    assert abs(of(0.0)) < 0.1


def test_images_land_where_their_votes_put_them(world):
    known, genetic, groups, new = parts(world)
    learner = Soft().fit(known, genetic, groups)
    places = learner.transform(new.matrix())
    assert places.shape[0] == len(new.matrix())
    middle = new.average(places)
    shares = learner._shares(new)
    np.testing.assert_allclose(middle, shares @ learner._places, atol=1e-8)


@pytest.mark.parametrize("name", ["temperatures", "shrinkages"])
def test_settings_are_positive(world, name):
    with pytest.raises(InputError, match=name):
        make_learner("soft", **{name: (0.0,)}).fit(*world)


def test_one_image_a_taxon_will_do(worlds):
    sample, genetic, groups = worlds(images=1)
    found = leave_clades_out(Soft, sample, genetic, groups)
    assert skill(found, genetic) > 0.1
