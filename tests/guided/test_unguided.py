"""Sampling noise of taxon means, against the debiased distances of the statistics."""

import numpy as np
import pandas as pd
import pytest

from phylolens.guided.learners.unguided import sampling_noise
from phylolens.guided.sample import to_sample
from phylolens.stats import debiased_distances
from phylolens.values import Features


def uneven(seed: int = 0, sizes=(1, 2, 3, 9, 5, 2)):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    matrix = rng.normal(size=(len(sizes), 8))[codes] + rng.normal(size=(len(codes), 8))
    ids = tuple(f"i{place:02}" for place in range(len(codes)))
    taxa = pd.Series([f"T{code}" for code in codes], index=ids)
    features = Features(ids, matrix)
    specimens = pd.Series(ids, index=ids)
    return features, taxa, specimens, to_sample(features, taxa, specimens, sorted(set(taxa)))


def test_equals_that_of_debiased_distances():
    features, taxa, specimens, sample = uneven()
    found = debiased_distances(features, taxa, specimens, "euclidean")
    noise = sampling_noise(sample, np.ones(8)).of(sample)
    np.testing.assert_allclose(noise, found.noise, rtol=1e-5)
    squares = ((sample.means[:, None] - sample.means) ** 2).sum(axis=2) - noise[:, None] - noise
    np.fill_diagonal(squares, 0.0)
    np.testing.assert_allclose(squares, found.squares, rtol=1e-5, atol=1e-5)


def test_single_images_have_no_noise_that_could_be_known():
    sample = uneven(sizes=(1, 1, 1, 1))[-1]
    np.testing.assert_array_equal(sampling_noise(sample, np.ones(8)).of(sample), 0.0)


@pytest.mark.parametrize("few", [1, 2])
def test_taxa_of_few_images_do_not_stand_apart(few):
    """Six taxa of like means, three with few images: debiased distances do not tell which."""
    gaps, surplus = [], []
    for seed in range(60):
        sample = uneven(seed, sizes=(few,) * 3 + (20,) * 3)[-1]
        noise = sampling_noise(sample, np.ones(8)).of(sample)
        found = ((sample.means[:, None] - sample.means) ** 2).sum(axis=2)
        plain = found[~np.eye(6, dtype=bool)].reshape(6, 5)
        found = (found - noise[:, None] - noise)[~np.eye(6, dtype=bool)].reshape(6, 5)
        surplus.append(plain[:3].mean() - plain[3:].mean())
        gaps.append(found[:3].mean() - found[3:].mean())
    assert np.mean(surplus) > 3 * np.std(surplus) / np.sqrt(len(surplus))
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps))
