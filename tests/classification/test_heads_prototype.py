"""The nearest class mean, against loops."""

import numpy as np
import pytest

from phylolens.classification.heads.base import fit_scale
from phylolens.classification.heads.prototype import Prototype


def units(X, centre):
    return np.array([(row - centre) / np.linalg.norm(row - centre) for row in X])


@pytest.fixture
def world():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), [6, 4, 3, 1])
    return rng.normal(size=(14, 5)) + 2 * np.eye(4, 5)[codes], codes


def test_the_nearest_mean_answers(world):
    X, codes = world
    test = np.random.default_rng(1).normal(size=(20, 5))
    head = Prototype().fit(X, codes)
    centre = X.mean(axis=0)
    unit = units(X, centre)
    means = [unit[codes == code].mean(axis=0) for code in range(4)]
    for row, answer in zip(units(test, centre), head.predict(test), strict=True):
        assert answer == np.argmin([np.linalg.norm(row - mean) for mean in means])


@pytest.mark.parametrize("grouped", [False, True])
def test_the_scale_leaves_out_the_specimen(world, grouped):
    X, codes = world
    groups = np.array([0, 0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 6, 6, 7]) if grouped else np.arange(14)
    head = Prototype().fit(X, codes, groups if grouped else None)
    unit = units(X, X.mean(axis=0))
    scores, truth = [], []
    for row in range(14):
        means = []
        for code in range(4):
            members = codes == code
            if code == codes[row]:
                members &= groups != groups[row]
            means.append(unit[members].mean(axis=0) if members.any() else None)
        if means[codes[row]] is None:
            continue  # the only specimen of its class
        scores.append([-np.sum((unit[row] - mean) ** 2) for mean in means])
        truth.append(codes[row])
    np.testing.assert_allclose(head.scale_, fit_scale(np.array(scores), np.array(truth)), rtol=1e-6)


def test_one_image_a_class_is_enough():
    X = np.eye(5)
    head = Prototype().fit(X, np.arange(5))
    assert head.scale_ == 1.0
    np.testing.assert_array_equal(head.predict(X), np.arange(5))


def test_length_is_of_no_matter(world):
    """After centring: an image twice as far from the mean is the same image."""
    X, codes = world
    head = Prototype().fit(X, codes)
    far = head.centre_ + 3 * (X - head.centre_)
    np.testing.assert_allclose(head.predict_proba(far), head.predict_proba(X))
