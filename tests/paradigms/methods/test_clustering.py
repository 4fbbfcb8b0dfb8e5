import numpy as np
import pytest
from sklearn.manifold import SpectralEmbedding

from phylolens.paradigms.methods.clustering import KMeansPlaces, SpectralPlaces


def test_triangle_activation_against_a_loop(related):
    data, _ = related
    learner = KMeansPlaces(seed=3).fit(data.sample, data.genetic, data.folds)
    rows = data.sample.matrix()[:7]
    found = learner.transform(rows)
    for row, place in zip(learner._map(rows), found, strict=True):
        apart = [np.sqrt(((row - centre) ** 2).sum()) for centre in learner.centres_]
        expected = [max(np.mean(apart) - one, 0.0) for one in apart]
        assert place == pytest.approx(expected, abs=1e-4)
    assert learner.trained_parameters == learner.centres_.size
    assert len(learner.centres_) == len(data.sample)


def test_nystrom_gives_training_images_their_eigenvectors(related):
    data, _ = related
    learner = SpectralPlaces(seed=0).fit(data.sample, data.genetic, data.folds)
    found = learner.transform(data.sample.matrix())
    squared = ((learner._rows[:, None] - learner._rows[None]) ** 2).sum(axis=2)
    affinity = np.exp(-squared / learner._width)
    other = SpectralEmbedding(
        3, affinity="precomputed", random_state=0, eigen_solver="arpack"
    ).fit_transform(affinity)
    degree = np.sqrt(learner._degree)
    for axis in range(3):
        r = np.corrcoef(found[:, axis] / degree, other[:, axis])[0, 1]
        assert abs(r) > 0.99


@pytest.mark.parametrize("kind", [KMeansPlaces, SpectralPlaces])
def test_equal_seeds_give_equal_places(kind, related):
    data, _ = related
    one, other = (
        kind(seed=1).fit(data.sample, data.genetic, data.folds).embed(data.sample) for _ in range(2)
    )
    assert np.array_equal(one, other)
