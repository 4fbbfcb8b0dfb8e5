"""Linear heads against scikit-learn and closed forms, and what scale their probabilities have."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_sample_weight

from phylolens.classification.heads.base import fit_scale, softmax_rows
from phylolens.classification.heads.mlp import WeightedMlp, epochs_of, root_mean_square
from phylolens.classification.heads.shrunken_lda import ShrunkenLda, class_means
from phylolens.classification.heads.svm import LinearSvm


def clouds(counts, *, distance=1.5, seed=0, d=6):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(counts)), counts)
    centres = rng.normal(size=(len(counts), d)) * distance
    mixing = rng.normal(size=(d, d)) / 2 + np.eye(d)
    return rng.normal(size=(len(codes), d)) @ mixing + centres[codes], codes


@pytest.mark.parametrize("shrinkage", [0.05, 0.5, 1.0])
def test_shrunken_lda_agrees_with_scikit_learn(shrinkage):
    """Of classes of equal size: scikit-learn's covariance weighs classes, ours rows."""
    X, codes = clouds([25] * 4)
    ours = ShrunkenLda(shrinkage, scaled=False).fit(X, codes)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[0.25] * 4).fit(
        X, codes
    )
    freedom = (100 - 4) / 100  # ours divides by n - K, theirs by n
    np.testing.assert_allclose(ours.coef_, theirs.coef_ * freedom, rtol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    scores = theirs.decision_function(X) - np.log(0.25)
    np.testing.assert_allclose(ours.predict_proba(X), softmax(freedom * scores, axis=1), atol=1e-8)


def test_shrunken_lda_of_uneven_classes_by_a_loop():
    X, codes = clouds([30, 5, 1])
    S = np.zeros((6, 6))
    for row, code in zip(X, codes, strict=True):
        off = row - X[codes == code].mean(axis=0)
        S += np.outer(off, off) / (36 - 3)
    shrunk = 0.7 * S + 0.3 * np.trace(S) / 6 * np.eye(6)
    found = ShrunkenLda(0.3, scaled=False).fit(X, codes)
    for code in range(3):
        mean = X[codes == code].mean(axis=0)
        np.testing.assert_allclose(found.coef_[code], np.linalg.solve(shrunk, mean), rtol=1e-6)
        wanted = -0.5 * mean @ np.linalg.solve(shrunk, mean)
        np.testing.assert_allclose(found.intercept_[code], wanted, rtol=1e-6)


def test_class_means_by_a_loop():
    X, codes = clouds([4, 1, 7])
    order = np.random.default_rng(3).permutation(12)
    found = class_means(X[order], codes[order], 3)
    for code in range(3):
        np.testing.assert_allclose(found[code], X[codes == code].mean(axis=0))


@pytest.mark.parametrize("counts", [[40, 12, 5], [30, 9]])
def test_machines_are_those_of_scikit_learn(counts):
    X, codes = clouds(counts)
    ours = LinearSvm(0.7).fit(X, codes)
    theirs = LinearSVC(C=0.7, class_weight="balanced", dual=False).fit(X, codes)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(ours.coef_[-1], theirs.coef_[-1])


def test_the_scale_is_the_likeliest():
    """Of scores that are half the true logits; found against a fine grid."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3)) * 2
    truth = np.array([rng.choice(3, p=row) for row in softmax_rows(logits)])
    found = fit_scale(logits / 2, truth)
    assert abs(found - 2) < 0.15
    grid = np.exp(np.linspace(-2, 2, 401))
    losses = [log_loss(truth, softmax_rows(scale * logits / 2)) for scale in grid]
    assert abs(found - grid[int(np.argmin(losses))]) < 0.03


def test_scales_stay_finite():
    perfect = np.eye(3)[np.arange(30) % 3]
    assert 1 < fit_scale(perfect, np.arange(30) % 3) < 20
    assert fit_scale(np.zeros((0, 3)), np.zeros(0, dtype=int)) == 1.0
    assert fit_scale(np.zeros((5, 3)), np.zeros(5, dtype=int)) > 0


@pytest.mark.parametrize("head", [ShrunkenLda(0.1), LinearSvm()])
def test_probabilities_are_as_sure_as_they_are_right(head):
    """Six features suit the classes, 60 are noise: a Gaussian head is far too sure by itself."""

    X, codes = clouds([500] * 5, distance=0.8)
    X = np.hstack([X, np.random.default_rng(1).normal(size=(2500, 60))])
    train, test = np.split(np.random.default_rng(4).permutation(2500), [1500])
    sure = head.fit(X[train], codes[train]).predict_proba(X[test])
    right = (sure.argmax(axis=1) == codes[test]).mean()
    assert abs(sure.max(axis=1).mean() - right) < 0.06
    if isinstance(head, ShrunkenLda):
        plain = ShrunkenLda(0.1, scaled=False).fit(X[train], codes[train])
        np.testing.assert_array_equal(plain.predict(X[test]), head.predict(X[test]))
        assert log_loss(codes[test], sure) < log_loss(codes[test], plain.predict_proba(X[test]))


def test_copies_of_a_specimen_do_not_make_it_sure():
    """Ten copies of every row, labels at random: with specimens named, the scale sees through."""
    rng = np.random.default_rng(5)
    X = np.repeat(rng.normal(size=(40, 30)), 10, axis=0) + rng.normal(size=(400, 30)) / 100
    codes, specimens = np.repeat(rng.integers(0, 2, 40), 10), np.repeat(np.arange(40), 10)
    test = rng.normal(size=(200, 30))
    grouped = LinearSvm().fit(X, codes, specimens).predict_proba(test).max(axis=1).mean()
    torn = LinearSvm().fit(X, codes).predict_proba(test).max(axis=1).mean()
    assert grouped < 0.65 < torn


@pytest.mark.parametrize("counts", [[30, 10, 5], [30, 10]])
def test_network_answers_as_scikit_learn(counts):
    X, codes = clouds(counts)
    ours = WeightedMlp(hidden=8, steps=40, seed=3).fit(X, codes)
    scaled = (X / root_mean_square(X)).astype(np.float32)
    epochs = epochs_of(len(X), 200, 40, 20)
    theirs = MLPClassifier(
        (8,),
        alpha=1e-2,
        batch_size=len(X),
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=3,
    )
    with pytest.warns(ConvergenceWarning):
        theirs.fit(scaled, codes, sample_weight=compute_sample_weight("balanced", codes))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(scaled), atol=1e-6)


def test_steps_to_passes():
    assert epochs_of(2084, 200, 1000, 20) == 91  # 11 batches a pass
    assert epochs_of(57_500, 200, 1000, 20) == 20
    assert root_mean_square(np.array([[3.0, -4.0], [0.0, 5.0]])) == pytest.approx(np.sqrt(12.5))
    assert root_mean_square(np.zeros((2, 2))) == 1.0
