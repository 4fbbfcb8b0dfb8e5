"""Patristic distances, covariance and coordinates against ape; similarity against its formula."""

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import coordinates, covariance, read_distances, read_tree, similarity
from phylolens.phylogeny.rank import patristic


@pytest.fixture
def tree(reference) -> TreeNode:
    return read_tree(reference / "small_tree.nwk")


def test_patristic_equals_ape(tree, reference_matrix):
    known = reference_matrix("patristic")
    np.testing.assert_allclose(patristic(tree).filter(known.ids).data, known.data, atol=1e-12)


def test_covariance_equals_ape(tree, reference):
    known = pd.read_csv(reference / "vcv.csv", index_col=0)
    found = covariance(tree)
    assert set(found.index) == set(known.index)
    aligned = found.loc[known.index, known.columns].to_numpy()
    np.testing.assert_allclose(aligned, known.to_numpy(), atol=1e-12)


def test_covariance_gives_the_patristic_distances_back(tree):
    shared = covariance(tree)
    depth = np.diag(shared)
    distances = depth[:, None] + depth[None, :] - 2 * shared.to_numpy()
    known = patristic(tree).filter(list(shared.index)).data
    np.testing.assert_allclose(distances, known, atol=1e-12)


def test_covariance_leaves_the_root_branch_out():
    tree = TreeNode.read(["((a:1,b:2):3,c:4)root:100;"], convert_underscores=False)
    np.testing.assert_array_equal(covariance(tree), [[4, 3, 0], [3, 5, 0], [0, 0, 4]])


def test_coordinates_equal_ape_up_to_sign(reference, reference_matrix):
    known = pd.read_csv(reference / "pcoa.csv", index_col=0)
    found = coordinates(reference_matrix("patristic")).loc[known.index]
    assert found.shape == known.shape
    for ours, theirs in zip(found.to_numpy().T, known.to_numpy().T, strict=True):
        sign = np.sign(ours @ theirs)
        np.testing.assert_allclose(sign * ours, theirs, atol=1e-7)


def test_coordinates_rebuild_the_distances(tree):
    known = patristic(tree)
    points = coordinates(known).to_numpy()
    squared = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared, known.data, atol=1e-9)


def test_few_coordinates_are_the_first_ones(tree):
    known = patristic(tree)
    whole, few = coordinates(known), coordinates(known, dimensions=2)
    assert list(few.columns) == ["axis1", "axis2"]
    pd.testing.assert_frame_equal(few, whole[["axis1", "axis2"]])
    assert (whole.var().diff().dropna() <= 1e-12).all()


def test_negative_axes_are_left_out():
    """Four points no Euclidean space holds: three corners far apart, one too near to all."""
    values = np.full((4, 4), 4.0)
    values[3] = values[:, 3] = 1.0
    np.fill_diagonal(values, 0)
    found = coordinates(DistanceMatrix(values, list("abcd")))
    assert 1 <= found.shape[1] <= 2
    assert np.isfinite(found.to_numpy()).all()


def test_similarity_is_linear():
    values = np.array([[0, 1, 4], [1, 0, 2], [4, 2, 0.0]])
    found = similarity(DistanceMatrix(values, list("abc")))
    np.testing.assert_array_equal(found, [[1, 0.5, -1], [0.5, 1, 0], [-1, 0, 1]])
    other = similarity(DistanceMatrix(values, list("abc")), divisor=8)
    np.testing.assert_array_equal(other, 1 - values / 4)


def test_similarity_of_equal_distances_is_refused():
    star = DistanceMatrix(0.3 * (1 - np.eye(4)), list("abcd"))
    with pytest.raises(InputError, match=r"equal \(0\.3\)"):
        similarity(star)


@pytest.mark.data
def test_known_targets_of_the_bivalves(shared_data):
    folder = shared_data / "bivalvia"
    families = (folder / "families.txt").read_text().split()
    genetic = read_distances(folder / "edge_lengths.csv").filter(families)
    upper = np.triu_indices(74, k=1)
    target = similarity(genetic)[upper]
    assert genetic.data.max() == pytest.approx(1.7794, abs=5e-5)
    assert target.mean() == pytest.approx(-0.185, abs=5e-4)
    assert target.var() == pytest.approx(0.158, abs=5e-4)
    assert similarity(genetic, divisor=1.7)[upper].var() == pytest.approx(0.173, abs=5e-4)
    assert coordinates(genetic).shape[1] == 73  # a tree of n tips spans n - 1 axes
