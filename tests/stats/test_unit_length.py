"""Directions of taxa from a common centre."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.centred import double_centre
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.unit_length import directions, noisy_squares, unit_distances


def named(points):
    found = cdist(points, points)
    return DistanceMatrix((found + found.T) / 2, [f"t{row:02d}" for row in range(len(points))])


def naive_directions(points):
    """The same centre and cosines from coordinates, taxon by taxon."""
    n = len(points)
    weights = np.full(n, 1 / n)
    for _ in range(50):
        away = []
        for row in range(n):
            others = np.delete(np.arange(n), row)
            mean = weights[others] @ points[others] / weights[others].sum()
            away.append(((points[row] - mean) ** 2).sum())
        weights = 1 / np.array(away)
        weights /= weights.sum()
    rows = points - weights @ points
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    return rows @ rows.T


def test_directions_equal_a_naive_loop():
    points = np.random.default_rng(3).normal(size=(12, 5)) * np.linspace(0.3, 3, 12)[:, None] + 7
    found = directions(cdist(points, points) ** 2)
    np.testing.assert_allclose(found, naive_directions(points), atol=1e-8)


def test_scale_and_place_do_not_count():
    points = np.random.default_rng(4).normal(size=(10, 4))
    one = unit_distances(VisualDistances.of_matrix(named(points))).data
    other = unit_distances(VisualDistances.of_matrix(named(1e-6 * points + 1))).data
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert one.max() <= 2


def test_a_variable_clade_is_no_cluster_of_its_own():
    """Ten taxa vary ten times less: as measured they are a cluster, by direction they are none."""
    rng = np.random.default_rng(5)
    points = rng.normal(size=(20, 200))
    points[:10] *= 0.1
    visual = VisualDistances.of_matrix(named(points))
    plain, unit = visual.plain.data, unit_distances(visual).data
    within = np.triu_indices(10, k=1)
    assert plain[:10, :10][within].mean() < 0.3 * plain[10:, 10:][within].mean()
    # The centre lies among the ten, so that they point away from it and from each other.
    assert 1.0 <= unit[:10, :10][within].mean() / unit[10:, 10:][within].mean() < 1.1


def test_a_taxon_upon_the_centre_has_some_direction():
    points = np.vstack([np.eye(4), -np.eye(4), np.zeros((1, 4))])
    assert np.isfinite(unit_distances(VisualDistances.of_matrix(named(points))).data).all()


def test_taxa_in_one_place_are_refused():
    nothing = DistanceMatrix(np.zeros((3, 3)), list("abc"))
    with pytest.raises(InputError, match="all visual distances are zero"):
        unit_distances(VisualDistances.of_matrix(nothing))


def test_directions_are_those_of_features_where_they_are_known():
    """On a sphere all taxa that stray far lie low; their features do not."""
    chords, features = [], []
    far = np.triu_indices(10, k=1)
    for seed in range(20):
        points = np.random.default_rng([6, seed]).normal(size=(20, 300))
        points[:10] *= 2.5
        points[:, 0] += 30
        unit = points / np.linalg.norm(points, axis=1)[:, None]
        visual = VisualDistances.of_matrix(named(unit), "chord", raw=named(points).data ** 2)
        for found, squares in ((chords, visual.squares), (features, noisy_squares(visual))):
            left = double_centre(directions(squares / squares.max()))
            found.append(left[:10, :10][far].mean())
    assert np.mean(chords) > 5 * abs(np.mean(features))
    known = cdist(points, points) ** 2
    np.testing.assert_allclose(noisy_squares(visual), known / known.max(), atol=1e-9)
