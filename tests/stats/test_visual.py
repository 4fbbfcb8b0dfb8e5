"""Taxon means and visual distances against naive loops."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics.pairwise import euclidean_distances, polynomial_kernel, rbf_kernel

from phylolens.errors import InputError
from phylolens.stats import taxon_distances, taxon_means, visual_distances
from phylolens.stats.visual import VISUAL_DISTANCES
from phylolens.values import Features

IDS = tuple("abcdefg")
TAXA = pd.Series(["X", "X", "X", "Y", "Y", None, "Z"], index=list(IDS))
SPECIMENS = pd.Series(["s1", "s1", "s2", "s1", "s3", "s4", "s5"], index=list(IDS))


@pytest.fixture
def features():
    return Features(IDS, np.random.default_rng(0).normal(size=(7, 4)))


def naive_means(features: Features) -> dict[str, np.ndarray]:
    """Image by image, specimen by specimen, taxon by taxon."""
    means = {}
    for taxon in ("X", "Y", "Z"):
        specimens = []
        for specimen in sorted(set(SPECIMENS[taxon == TAXA])):
            rows = [
                features.matrix[row]
                for row, name in enumerate(IDS)
                if TAXA[name] == taxon and SPECIMENS[name] == specimen
            ]
            specimens.append(sum(rows) / len(rows))
        means[taxon] = sum(specimens) / len(specimens)
    return means


def test_taxon_means_equal_a_naive_loop(features):
    found = taxon_means(features, TAXA, SPECIMENS)
    assert found.ids == ("X", "Y", "Z")
    for taxon, mean in naive_means(features).items():
        np.testing.assert_allclose(found.take([taxon]).matrix[0], mean, rtol=1e-6)


def test_a_specimen_of_many_images_weighs_as_much_as_one_of_few():
    matrix = [[0.0], [0.0], [0.0], [1.0]]
    names = list("abcd")
    found = taxon_means(
        Features(tuple(names), np.array(matrix)),
        pd.Series("X", index=names),
        pd.Series(["s", "s", "s", "t"], index=names),
    )
    assert found.matrix[0, 0] == 0.5


def test_order_of_labels_changes_nothing(features):
    shuffled = list("gbfdcea")
    one = taxon_means(features, TAXA, SPECIMENS)
    two = taxon_means(features, TAXA[shuffled], SPECIMENS[list("cafedbg")])
    np.testing.assert_array_equal(one.matrix, two.matrix)


def test_an_image_without_a_specimen_is_its_own(features):
    specimens = SPECIMENS.copy()
    specimens[["a", "g"]] = None
    found = taxon_means(features, TAXA, specimens)
    assert found.ids == ("X", "Y", "Z")
    np.testing.assert_allclose(found.matrix[0], features.matrix[:3].mean(axis=0), rtol=1e-6)


def test_images_of_no_known_taxon_are_refused(features):
    with pytest.raises(InputError, match="no image"):
        taxon_means(features, pd.Series(dtype=object), SPECIMENS)


def naive_distance(metric: str, x: np.ndarray, y: np.ndarray) -> float:
    x, y = x.astype(float), y.astype(float)
    cosine = float(x @ y / np.sqrt(x @ x) / np.sqrt(y @ y))
    return {
        "chord": np.sqrt(max(0, 2 - 2 * cosine)),
        "cosine": 1 - cosine,
        "euclidean": np.sqrt(((x - y) ** 2).sum()),
        "manhattan": np.abs(x - y).sum(),
    }[metric]


@pytest.mark.parametrize("metric", ["chord", "cosine", "euclidean", "manhattan"])
def test_visual_distances_equal_a_naive_loop(features, metric):
    found = visual_distances(features, metric)
    assert found.ids == IDS
    for i, x in enumerate(features.matrix):
        for j, y in enumerate(features.matrix):
            assert found.data[i, j] == pytest.approx(naive_distance(metric, x, y), abs=1e-7)


def test_rbf_is_the_distance_of_scikit_learns_kernel(features):
    rows = features.matrix.astype(float)
    bandwidth = np.median(euclidean_distances(rows)[np.triu_indices(7, k=1)])
    kernel = rbf_kernel(rows, gamma=1 / (2 * bandwidth**2))
    found = visual_distances(features, "rbf").data
    np.testing.assert_allclose(found, np.sqrt(2 - 2 * kernel), atol=1e-7)
    larger = Features(IDS, 1000 * features.matrix)
    np.testing.assert_allclose(visual_distances(larger, "rbf").data, found, atol=1e-6)


def test_polynomial_is_the_distance_of_scikit_learns_normalised_kernel(features):
    rows = features.matrix.astype(float)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    kernel = polynomial_kernel(rows, degree=3, gamma=1, coef0=1)
    kernel = kernel / np.sqrt(np.outer(np.diag(kernel), np.diag(kernel)))
    found = visual_distances(features, "polynomial").data
    np.testing.assert_allclose(found, np.sqrt(np.maximum(2 - 2 * kernel, 0)), atol=1e-7)


def test_opposite_directions_are_as_far_as_the_polynomial_kernel_goes():
    found = visual_distances(Features(("a", "b"), np.array([[1.0, 2], [-1, -2]])), "polynomial")
    assert found.data[0, 1] == pytest.approx(np.sqrt(2))


def test_euclidean_keeps_its_digits_among_near_and_far_rows():
    rng = np.random.default_rng(1)
    centres = 100 * rng.normal(size=(4, 6))
    rows = (np.repeat(centres, 3, axis=0) + 1e-3 * rng.normal(size=(12, 6))).astype(np.float32)
    found = visual_distances(Features(tuple("abcdefghijkl"), rows), "euclidean").data
    exact = [[np.sqrt(sum((float(a) - float(b)) ** 2 for a, b in zip(x, y, strict=True)))
              for y in rows] for x in rows]  # fmt: skip
    np.testing.assert_allclose(found, exact, rtol=1e-8)


@pytest.mark.parametrize("metric", list(VISUAL_DISTANCES))
def test_taxon_distances_are_those_of_taxon_means(features, metric):
    found = taxon_distances(features, TAXA, SPECIMENS, metric)
    assert found == visual_distances(taxon_means(features, TAXA, SPECIMENS), metric)


def test_chord_keeps_its_digits_near_zero():
    angle = 1e-6
    rows = [[1.0, 0.0], [np.cos(angle), np.sin(angle)], [0.0, 1.0]]
    found = visual_distances(Features(tuple("abc"), np.array(rows)))
    assert found.data[0, 1] == pytest.approx(angle, rel=1e-6)


@pytest.mark.parametrize("metric", ["chord", "cosine", "polynomial"])
def test_length_of_rows_does_not_matter_for_directions(features, metric):
    longer = Features(IDS, features.matrix * np.arange(1, 8)[:, None] * 4)
    np.testing.assert_allclose(
        visual_distances(longer, metric).data, visual_distances(features, metric).data, atol=1e-6
    )


@pytest.mark.parametrize("metric", ["chord", "cosine", "polynomial"])
def test_a_row_of_zeros_has_no_direction(metric):
    rows = np.array([[1.0, 2.0], [0.0, 0.0]])
    with pytest.raises(InputError, match="'zero'"):
        visual_distances(Features(("one", "zero"), rows), metric)
    assert visual_distances(Features(("one", "zero"), rows), "euclidean").data[0, 1] > 0


@pytest.mark.parametrize("metric", list(VISUAL_DISTANCES))
def test_equal_rows_are_refused(metric):
    rows = np.array([[0.1, 0.7, 0.3]] * 3)
    with pytest.raises(InputError, match="equal"):
        visual_distances(Features(tuple("abc"), rows), metric)


def test_rows_on_one_ray_are_refused_for_chord_only():
    rows = np.array([[1.0, 3.0], [2.0, 6.0], [8.0, 24.0]])
    with pytest.raises(InputError, match="equal"):
        visual_distances(Features(tuple("abc"), rows))
    assert visual_distances(Features(tuple("abc"), rows), "manhattan").data[0, 1] == 4


def test_small_features_are_not_taken_for_equal():
    rows = 1e-20 * np.eye(3)
    assert visual_distances(Features(tuple("abc"), rows), "euclidean").data[0, 1] > 0


def test_unknown_metric_is_refused():
    with pytest.raises(InputError, match="manhattan"):
        visual_distances(Features(("a",), np.ones((1, 1))), "hamming")
    with pytest.raises(InputError, match="gaussian-kl"):
        taxon_distances(Features(("a",), np.ones((1, 1))), TAXA, SPECIMENS, "hamming")
