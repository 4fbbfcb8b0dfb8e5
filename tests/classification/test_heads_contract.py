"""One contract for every head."""

import importlib

import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from phylolens.classification.heads import HEADS, choice_of, fit_head, make_head, probabilities
from phylolens.classification.imbalance import with_imbalance
from phylolens.classification.skops_file import KNOWN_TYPES
from phylolens.classification.transform import STEPS, with_steps
from phylolens.errors import InputError

NETWORKS = ("hgnn", "hgnn-dual", "sequential", "parallel")
NAMES = [
    pytest.param(name, marks=pytest.mark.vision) if name in NETWORKS else name for name in HEADS
]
PARENTS = {"c0": "left", "c1": "left", "c2": "right", "c3": "right"}

each_head = pytest.mark.parametrize("name", NAMES)


def head_of(name, seed=0):
    few = {"rf-tuned": "rf-tuned:tries=1,trees=50"}  # the contract is the same, the time is not
    return make_head(few.get(name, name), seed, parents=PARENTS)


def blobs(counts, *, distance=6.0, seed=0, noise=8):
    """Gaussian classes, each shifted along a dimension of its own; pairs of rows are specimens."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(counts)), counts)
    X = rng.normal(size=(len(codes), len(counts) + noise)).astype(np.float32)
    X[np.arange(len(codes)), codes] += distance
    labels = np.array([f"c{code}" for code in codes])
    return X, labels, np.arange(len(codes)) // 2


def accuracy(head, X, labels):
    return float((head.classes_[probabilities(head, X).argmax(axis=1)] == labels).mean())


@each_head
def test_parameters_survive_a_clone(name):
    head = head_of(name, 3)
    twin = clone(head)
    assert type(twin) is type(head)
    plain = (int, float, str, bool, tuple, dict, type(None))
    for key, value in head.get_params().items():
        if isinstance(value, plain):
            assert twin.get_params()[key] == value
    twin.set_params(**{k: v for k, v in head.get_params().items() if isinstance(v, plain)})


@each_head
def test_same_seed_same_answers(name):
    X, labels, groups = blobs([20, 15, 10], distance=2.0)
    one, two = (probabilities(fit_head(head_of(name, 5), X, labels, groups), X) for _ in "ab")
    np.testing.assert_array_equal(one, two)
    twin = fit_head(clone(fit_head(head_of(name, 5), X, labels, groups)), X, labels, groups)
    np.testing.assert_array_equal(one, probabilities(twin, X))


@each_head
def test_probabilities_are_probabilities(name):
    X, labels, groups = blobs([20, 15, 10], distance=2.0)
    order = np.random.default_rng(1).permutation(len(X))
    head = fit_head(head_of(name), X[order], labels[order], groups[order])
    found = probabilities(head, X)
    assert list(head.classes_) == ["c0", "c1", "c2"]
    assert found.shape == (45, 3)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


@each_head
@pytest.mark.parametrize("classes", [2, 4])
def test_separable_classes_are_learned(name, classes):
    X, labels, groups = blobs([30] * classes)
    test, answers, _ = blobs([25] * classes, seed=1)
    head = fit_head(head_of(name), X, labels, groups)
    assert accuracy(head, test, answers) >= 0.95
    # The columns belong to the classes: the true one is the likeliest.
    found = probabilities(head, test)
    own = found[np.arange(len(test)), np.searchsorted(head.classes_, answers)]
    assert own.mean() > 0.8 if name not in ("rf-balanced-bagging",) else own.mean() > 0.6
    assert (head.predict(test) == head.classes_[found.argmax(axis=1)]).all()


@each_head
def test_permuted_labels_teach_nothing(name):
    X, labels, _ = blobs([50] * 4)
    rng = np.random.default_rng(2)
    test, answers, _ = blobs([100] * 4, seed=3)
    head = fit_head(head_of(name), X, rng.permutation(labels))
    # The test labels are permuted too: rows of one class share their answer.
    error = np.sqrt(0.25 * 0.75 / 400)
    assert abs(accuracy(head, test, rng.permutation(answers)) - 0.25) < 3.5 * error


@each_head
@pytest.mark.parametrize("counts", [[40, 1], [40, 1, 1, 2], [1, 1, 1], [12, 9, 2]])
def test_classes_of_one_image_are_allowed(name, counts):
    X, labels, groups = blobs(counts, distance=8.0)
    head = fit_head(head_of(name), X, labels, groups)
    found = probabilities(head, X)
    assert found.shape == (len(X), len(counts))
    assert np.isfinite(found).all()
    # A frequent class is not drowned by classes of one image.
    assert accuracy(head, X[labels == "c0"], "c0") >= 0.6


@each_head
def test_a_specimen_of_everything_is_allowed(name):
    """A single group: no fold can be made, nothing can be tried out."""
    X, labels, _ = blobs([6, 6])
    head = fit_head(head_of(name), X, labels, np.zeros(12, dtype=int))
    assert accuracy(head, X, labels) >= 0.9


@each_head
def test_what_is_given_is_not_changed(name):
    X, labels, groups = blobs([12, 9, 6])
    for array in (X, labels, groups):
        array.flags.writeable = False
    before = X.copy()
    probabilities(fit_head(head_of(name), X, labels, groups), X)
    np.testing.assert_array_equal(X, before)


@each_head
def test_constant_and_repeated_features_are_harmless(name):
    X, labels, groups = blobs([15, 15])
    dull = np.hstack([X, X[:, :2], np.zeros((30, 2), dtype=np.float32), np.ones((30, 1), "f4")])
    head = fit_head(head_of(name), dull, labels, groups)
    assert accuracy(head, dull, labels) >= 0.95


@each_head
def test_a_single_class_is_refused(name):
    X, _, groups = blobs([6])
    with pytest.raises(InputError, match="at least two classes") as caught:
        fit_head(head_of(name), X, np.full(6, "only"), groups)
    assert caught.value.ids == ("only",)


@each_head
def test_rows_and_labels_must_match(name):
    X, labels, groups = blobs([6, 6])
    with pytest.raises(InputError, match="as many labels"):
        fit_head(head_of(name), X, labels[:-1], groups)


@each_head
def test_a_stored_head_answers_the_same(name, tmp_path):
    X, labels, groups = blobs([20, 15, 10], distance=2.0)
    head = fit_head(head_of(name), X, labels, groups)
    skops.io.dump(head, tmp_path / "head.skops")
    unknown = skops.io.get_untrusted_types(file=tmp_path / "head.skops")
    assert set(unknown) <= KNOWN_TYPES
    again = skops.io.load(tmp_path / "head.skops", trusted=unknown)
    np.testing.assert_array_equal(probabilities(again, X), probabilities(head, X))
    assert list(again.classes_) == list(head.classes_)
    assert choice_of(again) == choice_of(head)


def test_whatever_stands_around_a_head_is_stored_too(tmp_path):
    X, labels, groups = blobs([20, 15, 10], distance=2.0)
    head = with_steps(tuple(STEPS), with_imbalance("rf", "logit-adjustment", 0), 0)
    fit_head(head, X, labels, groups)
    skops.io.dump(head, tmp_path / "head.skops")
    unknown = skops.io.get_untrusted_types(file=tmp_path / "head.skops")
    assert "phylolens.classification.imbalance.LogitAdjusted" in unknown
    assert set(unknown) <= KNOWN_TYPES
    again = skops.io.load(tmp_path / "head.skops", trusted=unknown)
    np.testing.assert_array_equal(probabilities(again, X), probabilities(head, X))


def test_known_types_are_estimators_that_exist():
    for name in KNOWN_TYPES - {"sklearn.tree._tree.Tree"}:
        module, _, kind = name.rpartition(".")
        assert hasattr(getattr(importlib.import_module(module), kind), "get_params")


@each_head
def test_many_classes_of_few_images_give_no_warning(name):
    """Warnings are errors here; scikit-learn asks whether few images a class are regression."""
    rng = np.random.default_rng(0)
    labels = np.repeat([f"family {place:02d}" for place in range(30)], 2)[:-1]
    X = rng.normal(size=(len(labels), 5)).astype(np.float32)
    fit_head(head_of(name), X, labels)
