"""Losses of cosines: values by loops, gradients by finite differences."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from phylolens.errors import InputError
from phylolens.guided.learners.pair_losses import LOSSES, by_vectors, cosines_of, pair_loss

N = 7
PAIRS = [(i, j) for i in range(N) for j in range(i + 1, N)]


@pytest.fixture
def genetic():
    values = np.random.default_rng(0).uniform(0.2, 3, (N, N))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 0)
    return values


@pytest.fixture
def vectors():
    return np.random.default_rng(1).normal(size=(N, 4)) + 0.5


def cosine(a, b):
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def looped(name, vectors, genetic, unit):
    """Definitions, one pair or triplet at a time; ``unit`` is that of the rank loss."""
    cosines = np.array([cosine(vectors[i], vectors[j]) for i, j in PAIRS])
    distances = np.array([genetic[i, j] for i, j in PAIRS])
    if name == "mse":
        return np.mean((cosines - (1 - 2 * distances / distances.max())) ** 2)
    if name == "pearson":
        return 1 + pearsonr(cosines, distances)[0]
    if name == "stress":
        chords = np.sqrt(2 - 2 * cosines)
        best = (chords @ distances) / (chords @ chords)
        return np.sum((distances - best * chords) ** 2) / np.sum(distances**2)
    values = []
    for i in range(N):
        for j in range(N):
            for k in range(N):
                if i not in (j, k) and genetic[i, j] < genetic[i, k]:
                    margin = cosine(vectors[i], vectors[j]) - cosine(vectors[i], vectors[k])
                    values.append(np.log(1 + np.exp(-margin / unit)))
    return np.mean(values)


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


@pytest.mark.parametrize("name", LOSSES)
def test_values_equal_loops(name, genetic, vectors):
    start = cosines_of(np.random.default_rng(2).normal(size=(N, 4)))
    found, _ = by_vectors(vectors, pair_loss(name, genetic, start, seed=0))
    expected = looped(name, vectors, genetic, off_diagonal(start).std())
    assert found == pytest.approx(expected, rel=1e-5)  # chords are a little longer


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_equal_finite_differences(name, genetic, vectors):
    loss = pair_loss(name, genetic, cosines_of(vectors), seed=0)
    _, gradient = by_vectors(vectors, loss)
    numeric = np.empty_like(vectors)
    for place in np.ndindex(vectors.shape):
        nudge = np.zeros_like(vectors)
        nudge[place] = 1e-6
        up, down = (by_vectors(moved, loss)[0] for moved in (vectors + nudge, vectors - nudge))
        numeric[place] = (up - down) / 2e-6
    np.testing.assert_allclose(gradient, numeric, atol=1e-7)
    assert np.abs(numeric).max() > 1e-3


@pytest.mark.parametrize("name", ["pearson", "stress", "rank"])
def test_the_unit_of_distances_does_not_count(name, genetic, vectors):
    cosines = cosines_of(vectors)
    one, other = (
        pair_loss(name, unit * genetic, cosines, seed=0)(cosines)[0] for unit in (1, 1e-6)
    )
    assert one == pytest.approx(other)


def test_best_affine_map_of_cosines_errs_by_pearson(genetic, vectors):
    """Fitting a + b cos by least squares leaves the variance times 1 - r^2."""
    cosines = cosines_of(vectors)
    upper = np.triu_indices(N, k=1)
    design = np.column_stack([np.ones(len(upper[0])), cosines[upper]])
    _, left, *_ = np.linalg.lstsq(design, genetic[upper], rcond=None)
    r = 1 - pair_loss("pearson", genetic, cosines, seed=0)(cosines)[0]
    assert left[0] / len(upper[0]) == pytest.approx(genetic[upper].var() * (1 - r**2))


def test_many_triplets_are_drawn_by_seed():
    rng = np.random.default_rng(3)
    places = rng.normal(size=(80, 2))
    genetic = np.linalg.norm(places[:, None] - places[None], axis=-1)
    cosines = cosines_of(rng.normal(size=(80, 5)))
    one, same, other = (pair_loss("rank", genetic, cosines, seed)(cosines)[0] for seed in (0, 0, 1))
    assert one == same
    assert one != other
    assert one == pytest.approx(other, abs=0.02)


def test_taxa_that_look_the_same_give_finite_slopes(genetic):
    vectors = np.ones((N, 3))
    for name in LOSSES:
        value, slope = by_vectors(vectors, pair_loss(name, genetic, cosines_of(vectors), 0))
        assert np.isfinite(value)
        assert np.isfinite(slope).all()


def test_unusable_input_is_refused(genetic):
    with pytest.raises(InputError, match="unknown loss 'huber'"):
        pair_loss("huber", genetic, genetic, 0)
    with pytest.raises(InputError, match="equal"):
        pair_loss("mse", 2 - 2 * np.eye(4), np.eye(4), 0)
