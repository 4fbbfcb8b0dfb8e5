"""Visual distances without sampling noise: against a naive loop, and where nothing is known."""

import numpy as np
import pandas as pd
import pytest

from phylolens.stats import debiased_distances, taxon_distances, visual_distances
from phylolens.stats.debiased import VisualDistances, sampling_variance
from phylolens.stats.means import specimen_means
from phylolens.values import Features

SIZES = (1, 2, 3, 5, 8, 4)


def world(seed=0, sizes=SIZES, width=20, spread=1.5, offset=2.0):
    rng = np.random.default_rng(seed)
    taxa = [f"t{place}" for place, size in enumerate(sizes) for _ in range(size)]
    centres = rng.normal(size=(len(sizes), width)) + offset
    rows = centres[np.repeat(np.arange(len(sizes)), sizes)]
    rows = rows + spread * rng.normal(size=rows.shape)
    ids = tuple(f"i{place:02d}" for place in range(len(rows)))
    own = pd.Series(ids, index=list(ids))
    return Features(ids, rows), pd.Series(taxa, index=list(ids)), own, centres


def naive_variances(features, taxa):
    """Variance of each taxon's mean by the formula, taxon by taxon."""
    squares, sizes = [], []
    for _, rows in pd.DataFrame(features.matrix.astype(float)).groupby(taxa.to_numpy()):
        squares.append(((rows - rows.mean()) ** 2).to_numpy().sum())
        sizes.append(len(rows))
    pooled = sum(squares) / sum(size - 1 for size in sizes)
    return [
        (4 * pooled + own) / (4 + size - 1) / size for own, size in zip(squares, sizes, strict=True)
    ]


def test_euclidean_squares_lose_the_variance_of_both_means():
    features, taxa, specimens, _ = world()
    found = debiased_distances(features, taxa, specimens, "euclidean")
    noise = naive_variances(features, taxa)
    plain = taxon_distances(features, taxa, specimens, "euclidean").data
    for i in range(len(SIZES)):
        for j in range(len(SIZES)):
            if i != j:
                assert found.squares[i, j] == pytest.approx(
                    plain[i, j] ** 2 - noise[i] - noise[j], rel=1e-5
                )
    np.testing.assert_allclose(found.noise, noise, rtol=1e-4)
    np.testing.assert_array_equal(found.plain.data, plain)


def test_chords_are_between_means_of_their_true_length():
    features, taxa, specimens, _ = world()
    found = debiased_distances(features, taxa, specimens, "chord")
    noise = naive_variances(features, taxa)
    means = [rows.mean().to_numpy() for _, rows in
             pd.DataFrame(features.matrix.astype(float)).groupby(taxa.to_numpy())]  # fmt: skip
    lengths = [np.sqrt(mean @ mean - own) for mean, own in zip(means, noise, strict=True)]
    for i in range(len(SIZES)):
        for j in range(i):
            cosine = means[i] @ means[j] / (lengths[i] * lengths[j])
            assert found.squares[i, j] == pytest.approx(2 - 2 * cosine, abs=1e-5)
    half = debiased_distances(features, taxa, specimens, "cosine").matrix.data
    np.testing.assert_allclose(half, np.maximum(found.squares, 0) / 2, atol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "chord", "polynomial", "rbf"])
def test_the_mean_over_many_samples_is_the_distance_of_many_specimens(metric):
    """Plain squares are too large; without noise they are right on average."""
    rng, n, width, squares, plain = np.random.default_rng(5), 6, 60, [], []
    centres = rng.normal(size=(n, width)) + 1
    taxa = tuple(f"t{place}" for place in range(n))
    given = Features(taxa, centres)
    upper = np.triu_indices(n, k=1)
    for _ in range(60):
        sizes = rng.permutation([1, 2, 2, 3, 9, 20])
        rows = np.repeat(centres, sizes, axis=0)
        rows = rows + rng.normal(size=rows.shape)
        ids = tuple(f"i{place}" for place in range(len(rows)))
        own = pd.Series(ids, index=list(ids))
        names = pd.Series(np.repeat(taxa, sizes), index=list(ids))
        found = debiased_distances(Features(ids, rows), names, own, metric)
        both = found.squares[upper], found.plain.data[upper] ** 2
        if metric == "rbf":  # its scale differs from sample to sample: back to distances
            lengths = taxon_distances(Features(ids, rows), names, own, "euclidean").condensed_form()
            both = tuple(-2 * np.median(lengths) ** 2 * np.log1p(-side / 2) for side in both)
        squares.append(both[0].mean())
        plain.append(both[1].mean())
    truth = visual_distances(given, "euclidean" if metric == "rbf" else metric).data[upper] ** 2
    # A length is a root: of a third of noise its inverse keeps a bias of some percent.
    tolerance = 0.03 if metric in ("euclidean", "rbf") else 0.05
    assert np.mean(squares) == pytest.approx(truth.mean(), rel=tolerance)
    assert np.mean(plain) > 1.05 * truth.mean()


def test_single_specimens_borrow_the_pooled_variance():
    features, taxa, specimens, _ = world()
    found = specimen_means(features, taxa, specimens)
    noise = sampling_variance(found)
    assert found.sizes[0] == 1
    pooled = found.squares().sum() / (found.sizes - 1).sum()
    assert noise[0] == pytest.approx(pooled)


def test_what_is_not_debiased_says_why():
    features, taxa, specimens, _ = world()
    for metric in ("manhattan", "gaussian-kl"):
        found = debiased_distances(features, taxa, specimens, metric)
        assert not found.debiased
        assert metric in found.why
        known = taxon_distances(features, taxa, specimens, metric)
        assert found.matrix.ids == known.ids
        np.testing.assert_array_equal(found.matrix.data, known.data)
    alone = debiased_distances(*world(sizes=(1, 1, 1))[:3])
    assert not alone.debiased
    assert "two specimens" in alone.to_dict()["why_not"]
    assert not alone.noise.any()


def test_images_of_one_specimen_are_no_specimens():
    features, taxa, _, _ = world()
    one_each = taxa.copy()
    assert not debiased_distances(features, taxa, one_each).debiased


def test_taxa_that_do_not_differ_are_left_as_measured():
    """Five taxa of one and the same cloud, whose noise is overestimated by one odd specimen."""
    rng = np.random.default_rng(1)
    rows = np.tile(rng.normal(size=(1, 4)), (10, 1))
    rows[::2] += 3
    rows[1::2] -= 3
    ids = tuple("abcdefghij")
    taxa = pd.Series(np.repeat(list("vwxyz"), 2), index=list(ids))
    rows += 0.01 * rng.normal(size=rows.shape)
    found = debiased_distances(Features(ids, rows), taxa, pd.Series(ids, index=list(ids)),
                               "euclidean")  # fmt: skip
    assert not found.debiased
    assert "no more than" in found.why


def test_filter_follows_names():
    found = debiased_distances(*world()[:3])
    some = found.filter(["t4", "t1", "t2"])
    assert some.ids == ("t4", "t1", "t2")
    assert some.squares[0, 2] == found.squares[4, 2]
    assert some.matrix[0, 1] == pytest.approx(found.matrix[4, 1])


def test_some_taxa_that_do_not_differ_are_left_as_measured():
    """Three of six taxa are one cloud: alone they have no distance without noise."""
    whole = debiased_distances(*world()[:3], "euclidean")
    squares = whole.squares.copy()
    squares[:3, :3] = -0.1 * (1 - np.eye(3))
    found = VisualDistances(whole.plain, squares, "euclidean", debiased=True)
    some = found.filter(["t0", "t1", "t2"])
    assert not some.debiased
    assert some.matrix == whole.plain.filter(["t0", "t1", "t2"])
    assert found.filter(["t0", "t1", "t5"]).debiased


def test_of_matrix_takes_distances_as_they_are():
    found = debiased_distances(*world()[:3])
    given = VisualDistances.of_matrix(found.plain)
    assert given.matrix is found.plain
    np.testing.assert_allclose(given.squares, found.plain.data**2)
