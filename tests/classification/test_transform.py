"""Transforms against scikit-learn and loops, fitted on training rows only."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline

from phylolens.classification.heads import fit_head, make_head, probabilities
from phylolens.classification.transform import (
    STEPS,
    BlockUnit,
    Pca,
    SignedRoot,
    feature_steps,
    with_steps,
)
from phylolens.errors import InputError


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(30, 12)).astype(np.float32)


def test_signed_root_by_hand():
    X = np.array([[4.0, -9.0, 0.0], [-0.25, 1.0, 16.0]])
    wanted = [[2.0, -3.0, 0.0], [-0.5, 1.0, 4.0]]
    np.testing.assert_allclose(SignedRoot().fit_transform(X), wanted)


def test_blocks_are_scaled_one_by_one(values):
    values[3, 2:7] = 0
    found = BlockUnit((2, 5, 5)).fit_transform(values)
    for row, given in zip(found, values, strict=True):
        for start, end in ((0, 2), (2, 7), (7, 12)):
            length = np.sqrt(sum(float(each) ** 2 for each in given[start:end]))
            wanted = given[start:end] / length if length else np.zeros(end - start)
            np.testing.assert_allclose(row[start:end], wanted, rtol=1e-5)


def test_without_blocks_the_row_is_one(values):
    lengths = np.linalg.norm(BlockUnit().fit_transform(values), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)


def test_blocks_must_add_up(values):
    with pytest.raises(InputError, match="add up to 11; the features have 12"):
        BlockUnit((5, 6)).fit(values)


@pytest.mark.parametrize("shape", [(40, 9), (9, 40), (20, 20), (5000, 6)])
def test_components_agree_with_scikit_learn(shape):
    rng = np.random.default_rng(1)
    X = rng.normal(size=shape) * rng.uniform(0.5, 3, shape[1]) + rng.normal(size=shape[1])
    count = min(5, shape[0] - 1, shape[1])
    ours, theirs = Pca(count).fit(X), PCA(count, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_)
    agreement = (ours.components_ * theirs.components_).sum(axis=1)
    np.testing.assert_allclose(np.abs(agreement), 1)
    test = rng.normal(size=(7, shape[1]))
    np.testing.assert_allclose(
        np.abs(ours.transform(test)), np.abs(theirs.transform(test)), atol=1e-8
    )


@pytest.mark.parametrize(("shape", "kept"), [((6, 40), 5), ((40, 6), 6)])
def test_components_are_capped_by_rows_and_columns(shape, kept):
    X = np.random.default_rng(2).normal(size=shape)
    assert Pca(300).fit_transform(X).shape == (shape[0], kept)
    # All components kept: distances between rows stay what they are.
    scores = Pca(300).fit_transform(X)
    np.testing.assert_allclose(np.linalg.norm(scores[0] - scores[1]), np.linalg.norm(X[0] - X[1]))


def test_components_of_repeated_rows():
    X = np.repeat(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), 4, axis=0)
    assert Pca(3).fit_transform(X).shape == (8, 1)
    np.testing.assert_array_equal(Pca(3).fit_transform(np.ones((4, 3))), np.zeros((4, 1)))


def test_float32_gives_nearly_the_same_components(values):
    one, two = Pca(4).fit(values), Pca(4).fit(values.astype(np.float64))
    np.testing.assert_allclose(one.transform(values), two.transform(values), atol=1e-4)


def test_steps_are_built_in_order():
    steps = feature_steps(("root", "unit", "standardise", "pca:7", "select:3"), blocks=(4, 8))
    kinds = [type(step).__name__ for _, step in steps]
    assert kinds == ["SignedRoot", "BlockUnit", "StandardScaler", "Pca", "SelectRanked"]
    assert steps[1][1].blocks == (4, 8)
    assert (steps[3][1].n_components, steps[4][1].k) == (7, 3)
    assert len({name for name, _ in steps}) == 5


def test_blocks_end_where_columns_change():
    steps = feature_steps(("pca:7", "unit"), blocks=(4, 8))
    assert steps[1][1].blocks is None


@pytest.mark.parametrize("name", ["sqrt", "pca:", "pca:0", "pca:-3", "pca:x", "root:2", "pca:2.5"])
def test_steps_that_cannot_be_read_are_refused(name):
    with pytest.raises(InputError, match="step"):
        feature_steps((name,))


@pytest.mark.parametrize("name", sorted(STEPS))
def test_steps_see_training_rows_only(values, name):
    """Rows transformed later change nothing; the fit itself is a clone away."""
    labels = np.repeat(["a", "b"], 15)
    pipeline = Pipeline(feature_steps((name,)))
    before = pipeline.fit(values, labels).transform(values[:5])
    pipeline.transform(values[10:] * 100)
    np.testing.assert_array_equal(pipeline.transform(values[:5]), before)
    np.testing.assert_array_equal(clone(pipeline).fit(values, labels).transform(values[:5]), before)


def test_standardised_columns_have_unit_variance(values):
    found = Pipeline(feature_steps(("standardise",))).fit_transform(values)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=0), 1, rtol=1e-5)


def test_a_head_behind_steps_is_the_head_on_transformed_rows(values):
    labels = np.repeat(["a", "b", "c"], 10)
    joined = fit_head(with_steps(("root", "pca:4"), make_head("rf", 3), 3), values, labels)
    steps = Pipeline(feature_steps(("root", "pca:4"), seed=3)).fit(values, labels)
    alone = fit_head(make_head("rf", 3), steps.transform(values), labels)
    np.testing.assert_array_equal(
        probabilities(joined, values), probabilities(alone, steps.transform(values))
    )
    head = make_head("rf", 3)
    assert with_steps((), head, 3) is head


def test_heads_behind_components_forget_their_blocks(values):
    labels = np.repeat(["a", "b"], 15)
    head = with_steps(("pca:4",), make_head("svm", 0, blocks=(2, 10)), 0, blocks=(2, 10))
    assert probabilities(fit_head(head, values, labels), values).shape == (30, 2)
    kept = with_steps(("root",), make_head("svm", 0, blocks=(2, 10)), 0, blocks=(2, 10))
    assert (2, 10) in kept.get_params().values()
