"""Features of another network are told from those of a fit."""

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.sample import to_sample
from phylolens.guided.visual_similarity import correlations, visual_similarity_of
from phylolens.values import Features

WIDTH = 60


def features(seed: int, network: int = 0, n: int = 80) -> np.ndarray:
    """Rows of a network: its own mean activity, and what images change of it."""
    profile = np.random.default_rng(network).gamma(0.5, 1.0, WIDTH)
    noise = np.random.default_rng([seed, network]).normal(0, 0.6, (n, WIDTH))
    return np.maximum(profile + noise, 0).astype(np.float32)


def sample_of(matrix):
    ids = [f"i{row:02}" for row in range(len(matrix))]
    taxa = pd.Series([f"t{row // 4:02}" for row in range(len(matrix))], ids)
    return to_sample(Features(tuple(ids), matrix), taxa, pd.Series(ids, ids), sorted(set(taxa)))


def test_correlations_are_those_of_numpy_and_zero_for_constant_rows():
    matrix = features(0)
    matrix[3] = 0.5
    mean = matrix.mean(axis=0)
    expected = [0.0 if k == 3 else np.corrcoef(row, mean)[0, 1] for k, row in enumerate(matrix)]
    np.testing.assert_allclose(correlations(matrix, mean), expected, atol=1e-6)


def test_new_pictures_of_the_same_network_pass_and_another_network_is_named():
    found = visual_similarity_of(sample_of(features(0)))
    assert found.low > 0.5
    assert found.reason(features(1)) == ""
    assert found.unlike(features(1)).mean() < 0.02
    why = found.reason(features(1, network=1))
    assert "another network" in why
    assert f"more than {found.low:.2f}" in why


def test_a_few_odd_pictures_do_not_stop_the_others():
    found = visual_similarity_of(sample_of(features(0)))
    mixed = np.concatenate([features(1, n=20), features(1, network=1, n=20)])
    assert found.reason(mixed) == ""
    np.testing.assert_array_equal(found.unlike(mixed), np.arange(40) >= 20)


@pytest.mark.parametrize("seed", range(3))
def test_centred_features_say_nothing_and_are_not_refused(seed):
    rng = np.random.default_rng(seed)
    found = visual_similarity_of(sample_of(rng.normal(size=(80, WIDTH)).astype(np.float32)))
    assert found.reason(rng.normal(size=(9, WIDTH)).astype(np.float32)) == ""
