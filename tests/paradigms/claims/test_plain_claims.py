"""Claims tested on features alone: a world in which each holds, and one in which it does not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from phylolens.errors import TooFew
from phylolens.paradigms.agreement import distances_of, row_agreement
from phylolens.paradigms.claims import (
    cosine_magnitude,
    cosine_noise,
    kmeans_spheres,
    prototypes_multimodal,
    tsne_global,
)
from phylolens.paradigms.claims.prototypes_multimodal import merge_distant, right_share

PLANE = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), axis=-1).reshape(-1, 2)


def images(means: np.ndarray, each: int, noise: float) -> np.ndarray:
    rows = np.repeat(means, each, axis=0)
    return rows + noise * np.random.default_rng(0).standard_normal(rows.shape)


def test_agreement_is_spearmans_row_by_row():
    rng = np.random.default_rng(0)
    before, after = (distances_of(rng.normal(size=(9, 3)), "euclidean") for _ in range(2))
    others = np.arange(9) != 4
    wanted = spearmanr(before[4, others], after[4, others]).statistic
    assert row_agreement(before, after)[4] == pytest.approx(wanted)
    assert row_agreement(before, np.ones((9, 9)))[4] == 0


def test_cosine_distance_is_one_less_the_cosine():
    rows = np.array([[3.0, 0], [1, 1], [0, 0]])
    wanted = [[0, 1 - np.sqrt(0.5), 1], [1 - np.sqrt(0.5), 0, 1], [1, 1, 1]]
    np.testing.assert_allclose(distances_of(rows, "cosine"), wanted, atol=1e-12)


def test_cosine_ignores_lengths_exactly_and_euclid_does_not(tiny):
    data, material = tiny(images(np.random.default_rng(1).normal(size=(20, 6)), 3, 0.3), 3)
    verdict = cosine_magnitude.CLAIM.test(material, data)
    assert verdict.holds == "holds"
    assert verdict.values["largest change of a cosine distance"] < 1e-11
    swapped = cosine_magnitude.compare(material, data, "euclidean", "cosine")
    assert swapped.holds == "does not hold"
    assert swapped.values["largest change of a euclidean distance"] > 0.1


def test_noise_drowns_directions_where_lengths_differ_and_not_where_they_are_alike(tiny):
    rng = np.random.default_rng(2)
    rows = images(rng.normal(size=(40, 12)), 3, 0.3)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    lengths = np.exp(2 * rng.standard_normal((len(rows), 1)))
    data, material = tiny(rows * lengths, 3)
    assert cosine_noise.CLAIM.test(material, data).holds == "holds"
    data, material = tiny(rows, 3)
    assert cosine_noise.CLAIM.test(material, data).holds == "does not hold"


def test_prototypes_fail_where_merged_taxa_leave_others_between_them(tiny):
    data, material = tiny(images(PLANE, 6, 0.1), 6)
    verdict = prototypes_multimodal.CLAIM.test(material, data)
    assert verdict.holds == "holds"
    assert verdict.values["nearest neighbours"] == pytest.approx(0, abs=0.05)


def test_merging_helps_prototypes_that_had_failed_before(tiny):
    # Every taxon has two opposite modes of its own: all means are equal, merged or not.
    rng = np.random.default_rng(3)
    signs = np.tile([1.0, -1.0], 6)[None, :, None]
    rows = (5 * np.eye(10)[:, None] * signs).reshape(-1, 10)
    data, material = tiny(rows + 0.3 * rng.standard_normal(rows.shape), 12)
    verdict = prototypes_multimodal.CLAIM.test(replace(material, budget="full"), data)
    assert verdict.holds == "does not hold"
    assert verdict.values["prototypes"] < 0


def test_distant_taxa_are_paired():
    places = np.array([[0.0], [1], [10], [11], [5]])
    classes = merge_distant(places, np.random.default_rng(0))
    names, sizes = np.unique(classes, return_counts=True)
    assert sorted(sizes) == [1, 2, 2]
    for name in names[sizes == 2]:
        pair = places[classes == name].ravel()
        assert abs(pair[0] - pair[1]) >= 4


def test_sorting_is_that_of_a_loop():
    rng = np.random.default_rng(4)
    known, new = rng.normal(size=(12, 2)), rng.normal(size=(8, 2))
    codes, taxa, classes = (
        np.repeat(np.arange(4), 3),
        np.repeat(np.arange(4), 2),
        np.array([0, 1, 0, 3]),
    )
    right = {"prototype": np.zeros(4), "neighbour": np.zeros(4)}
    for row, taxon in zip(new, taxa, strict=True):
        own = classes[codes]
        means = {name: known[own == name].mean(axis=0) for name in (0, 1, 3)}
        nearest = min(means, key=lambda name: np.sum((means[name] - row) ** 2))
        right["prototype"][taxon] += (nearest == classes[taxon]) / 2
        neighbour = own[np.argmin(((known - row) ** 2).sum(axis=1))]
        right["neighbour"][taxon] += (neighbour == classes[taxon]) / 2
    for by, wanted in right.items():
        np.testing.assert_allclose(right_share(known, new, codes, classes, taxa, by=by), wanted)


def long_clusters() -> np.ndarray:
    rng = np.random.default_rng(5)
    means = np.hstack([PLANE[:30], np.zeros((30, 2))])
    rows = np.repeat(means, 20, axis=0)
    return rows + rng.standard_normal(rows.shape) * [0.1, 0.1, 2, 2]


def test_k_means_gains_by_spheres_where_clusters_are_long(tiny):
    data, material = tiny(long_clusters(), 20)
    verdict = kmeans_spheres.CLAIM.test(material, data)
    assert verdict.holds == "holds"
    assert verdict.values["k-means as they are"] < 0.4 < 0.9 < verdict.values["k-means on spheres"]


def test_k_means_has_nothing_to_gain_where_clusters_are_spheres(tiny):
    rng = np.random.default_rng(6)
    data, material = tiny(images(10 * rng.normal(size=(30, 4)), 20, 1.0), 20)
    verdict = kmeans_spheres.CLAIM.test(material, data)
    assert verdict.holds == "cannot be said"
    assert verdict.values["k-means as they are"] > 0.9


def test_a_mixture_that_assumed_spheres_would_contradict_the_claim(tiny, monkeypatch):
    data, material = tiny(long_clusters(), 20)
    own = kmeans_spheres.scores
    monkeypatch.setattr(kmeans_spheres, "scores", lambda *given: own(*given)[::-1])
    assert kmeans_spheres.CLAIM.test(material, data).holds == "does not hold"


def test_whitening_makes_the_covariance_within_taxa_one():
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(3), 50)
    rows = rng.normal(size=(150, 3)) @ rng.normal(size=(3, 3)) + 9 * codes[:, None]
    found = kmeans_spheres.to_spheres(rows, codes)
    within = found - np.stack([found[codes == taxon].mean(axis=0) for taxon in codes])
    np.testing.assert_allclose(within.T @ within / 150, np.eye(3), atol=1e-8)


def test_few_images_say_nothing_of_k_means(tiny):
    data, material = tiny(images(PLANE, 3, 0.1), 3)
    with pytest.raises(TooFew, match="taxa of 10 images; there are 0"):
        kmeans_spheres.CLAIM.test(material, data)


def test_t_sne_bends_a_plane_and_two_components_do_not(tiny):
    data, material = tiny(images(PLANE * [1, 0.7], 4, 0.05), 4)
    verdict = tsne_global.CLAIM.test(material, data)
    assert verdict.holds == "holds"
    assert verdict.values["far pairs, two components"] > 0.98


def test_t_sne_wins_where_the_two_components_lie_within_taxa(tiny, monkeypatch):
    # Images of each taxon stand at the corners of a large square: its components say nothing.
    monkeypatch.setattr(tsne_global, "standardised", lambda sample: lambda matrix: matrix)
    corners = 3.0 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    rows = np.hstack([np.tile(corners, (36, 1)), np.repeat(PLANE, 4, axis=0)])
    rows += 0.02 * np.random.default_rng(8).standard_normal(rows.shape)
    data, material = tiny(rows, 4)
    assert tsne_global.CLAIM.test(material, data).holds == "does not hold"


def test_halves_are_correlated_row_by_row():
    rng = np.random.default_rng(9)
    apart, mapped = (distances_of(rng.normal(size=(11, 3)), "euclidean") for _ in range(2))
    others = np.argsort(apart[2])[1:]
    for far, half in ((True, others[5:]), (False, others[:5])):
        wanted = spearmanr(apart[2, half], mapped[2, half]).statistic
        found = tsne_global.row_correlations(apart, mapped, far=far)
        assert found[2] == pytest.approx(wanted)
    assert np.isnan(tsne_global.row_correlations(apart[:5, :5], mapped[:5, :5], far=True)).all()


@pytest.mark.parametrize(
    "claim",
    [
        module.CLAIM
        for module in (
            cosine_magnitude,
            cosine_noise,
            kmeans_spheres,
            prototypes_multimodal,
            tsne_global,
        )
    ],
    ids=lambda claim: claim.name,
)
def test_equal_seeds_give_equal_verdicts(claim, tiny):
    data, material = tiny(images(PLANE[:24], 10, 0.4), 10)
    one, again = (claim.test(material, data) for _ in range(2))
    assert one == again
    if claim.name != "tsne-global":  # its map starts from components: the seed hardly matters
        assert claim.test(replace(material, seed=1), data) != one
