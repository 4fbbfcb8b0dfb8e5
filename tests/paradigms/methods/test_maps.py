import numpy as np
import pytest
from scipy.spatial.distance import cdist

from phylolens.guided.sample import with_rows
from phylolens.paradigms.methods.maps import TSNEMap
from phylolens.paradigms.methods.pca import Principal

pytest.importorskip("openTSNE")


def test_new_images_land_among_those_of_their_taxon(related):
    data, _ = related
    rng = np.random.default_rng(0)
    new = rng.random(len(data.sample.matrix())) < 0.2
    training = with_rows(data.sample, ~new)
    learner = TSNEMap(seed=0)
    learner.learn(training)
    known, placed = learner.embed(training), learner.transform(data.sample.matrix()[new])
    assert placed.shape == (int(new.sum()), 2)
    names = np.array(training.taxa)[training.codes]
    wanted = np.array(data.sample.taxa)[data.sample.codes[new]]
    nearest = names[cdist(placed, known).argmin(axis=1)]
    assert (nearest == wanted).mean() > 0.5  # one in 45 by chance


def test_equal_seeds_give_equal_maps(related):
    data, _ = related
    rows = data.sample.matrix()
    one, other = (TSNEMap(steps=60, seed=2) for _ in range(2))
    for each in (one, other):
        each.learn(data.sample)
    assert np.array_equal(one.transform(rows), other.transform(rows))


def test_principal_axes_are_those_of_the_decomposition(related):
    data, _ = related
    codes = data.sample.codes
    place_in_taxon = np.arange(len(codes)) - np.searchsorted(codes, codes)
    few = with_rows(data.sample, place_in_taxon < 3)  # of more images some would be drawn
    learner = Principal(dimensions=4, seed=0)
    learner.learn(few)
    rows = learner._map.scaled(few.matrix())
    _, _, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    for place, axis in enumerate(learner._map.axes.T):
        assert abs(axes[place] @ axis) / np.linalg.norm(axis) == pytest.approx(1.0, abs=1e-3)
