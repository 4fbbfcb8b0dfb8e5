"""Pagel's lambda against phytools, closed forms and plain matrix algebra."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError, TooFew
from phylolens.phylogeny import covariance
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_fit import (
    BestLambda,
    LambdaModel,
    centred_products,
    count_axes,
    moments_of_rates,
    pagel_lambda,
)

CASES = ("ultrametric", "uneven", "brownian", "none")


def named(points: np.ndarray, names: list[str]) -> DistanceMatrix:
    return DistanceMatrix(squareform(pdist(points)), names)


def cherries(pairs: int, shared: float = 0.6) -> pd.DataFrame:
    """Return the covariance of a tree of height 1 whose tips share their history in pairs."""
    names = [f"t{row:02d}" for row in range(2 * pairs)]
    matrix = np.kron(np.eye(pairs), np.full((2, 2), shared))
    np.fill_diagonal(matrix, 1.0)
    return pd.DataFrame(matrix, index=names, columns=names)


def ladder(n: int) -> pd.DataFrame:
    """Return the covariance of a caterpillar tree with tips of many heights."""
    depth = np.arange(1.0, n + 1)
    shared = np.minimum(depth[:, None], depth[None, :]) - 0.5
    np.fill_diagonal(shared, depth + 0.3)
    names = [f"t{row:02d}" for row in range(n)]
    return pd.DataFrame(shared, index=names, columns=names)


@pytest.fixture(scope="module")
def phytools(reference):
    return json.loads((reference / "lambda.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_single_traits_agree_with_phytools(phytools, case):
    known = phytools[case]
    shared = covariance(TreeNode.read([known["tree"]]))
    names = list(shared.index)
    trait = np.array([[known["trait"][name]] for name in names])
    found = pagel_lambda(named(trait, names), shared, method="ml", permutations=9)
    assert found.value == pytest.approx(known["lambda"], abs=1e-4)
    assert found.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-6)
    ratio = 2 * (known["log_likelihood"] - known["log_likelihood_at_0"])
    assert found.log_likelihood_ratio == pytest.approx(ratio, abs=1e-6)
    if 0 < known["lambda"] < 1:  # elsewhere phytools' search ends beyond, or just before, the end
        assert found.value == pytest.approx(known["lambda_phylosig"], abs=1e-4)
        assert found.log_likelihood == pytest.approx(known["log_likelihood_phylosig"], abs=1e-6)


def test_pairs_of_sisters_have_a_closed_form():
    """REML of a balanced one-way layout: the intraclass correlation of the analysis of variance."""
    pairs, axes, shared = 25, 3, 0.6
    rng = np.random.default_rng(3)
    tree = cherries(pairs, shared)
    points = rng.normal(size=(2 * pairs, axes)) + 0.8 * np.repeat(
        rng.normal(size=(pairs, axes)), 2, axis=0
    )
    means = points.reshape(pairs, 2, axes).mean(axis=1)
    between = 2 * ((means - points.mean(axis=0)) ** 2).sum() / (pairs - 1)
    within = ((points - np.repeat(means, 2, axis=0)) ** 2).sum() / pairs
    found = pagel_lambda(named(points, list(tree.index)), tree, permutations=9)
    assert found.value == pytest.approx((between - within) / (between + within) / shared, abs=1e-6)
    assert found.rate == pytest.approx((between + within) / 2, rel=1e-5)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_likelihood_equals_plain_matrix_algebra(method):
    tree, lambda_ = ladder(12).to_numpy(), 0.37
    points = np.random.default_rng(5).normal(size=(12, 4))
    scaled = tree * lambda_
    np.fill_diagonal(scaled, np.diag(tree))
    inverse, one = np.linalg.inv(scaled), np.ones(12)
    mean = one @ inverse @ points / (one @ inverse @ one)
    residual = points - mean
    free = 11 if method == "reml" else 12
    rate = np.trace(residual.T @ inverse @ residual) / (free * 4)
    known = -0.5 * 4 * (free * np.log(2 * np.pi * rate) + free + np.linalg.slogdet(scaled)[1])
    if method == "reml":
        known -= 0.5 * 4 * np.log(one @ inverse @ one)
    model = LambdaModel(tree, method)
    products = model.products(points @ points.T)
    assert float(model.log_likelihood(products, lambda_, 4)) == pytest.approx(known, rel=1e-10)
    white = model.residuals(products, lambda_)
    assert np.trace(white) == pytest.approx(np.trace(residual.T @ inverse @ residual), rel=1e-9)
    by_axes = np.linalg.eigvalsh(residual.T @ inverse @ residual)
    np.testing.assert_allclose(np.linalg.eigvalsh(white)[-4:], by_axes, rtol=1e-8)


def test_more_axes_than_taxa_do_no_harm():
    tree = ladder(20)
    root = np.linalg.cholesky(tree.to_numpy() * 0.8 + 0.2 * np.diag(np.diag(tree)))
    points = root @ np.random.default_rng(6).normal(size=(20, 300))
    found = pagel_lambda(named(points, list(tree.index)), tree, permutations=99)
    assert found.value == pytest.approx(0.8, abs=0.06)
    assert found.rate == pytest.approx(300, rel=0.1)
    assert found.axes > 150
    assert found.p_value == 0.01


def test_looks_without_signal_are_not_rejected():
    tree = cherries(20)
    points = np.random.default_rng(8).normal(size=(40, 10))
    found = pagel_lambda(named(points, list(tree.index)), tree, permutations=199)
    assert found.p_value > 0.05
    assert found.value < 0.3


def test_centred_products_are_those_of_points_about_their_mean():
    points = np.random.default_rng(1).normal(size=(9, 3))
    gram = centred_products(squareform(pdist(points)) ** 2)
    points -= points.mean(axis=0)
    np.testing.assert_allclose(gram, points @ points.T, atol=1e-12)
    assert count_axes(gram) == 3


def test_moments_of_rates_are_unbiased():
    """R with known eigenvalues, fewer and more axes than taxa, over many draws."""
    model = LambdaModel(ladder(15).to_numpy())
    rng = np.random.default_rng(4)
    root = np.linalg.cholesky(model.scaled(0.6))
    for rates in (np.array([4.0, 2.0, 1.0, 1.0]), 1 / np.arange(1.0, 41)):
        drawn = [
            moments_of_rates(
                model,
                products := model.products(points @ points.T),
                BestLambda(0.6, float(model.sum_of_squares(products, 0.6)) / 14, 0.0),
                min(len(rates), 14),
            )
            for points in (
                root @ rng.normal(size=(15, len(rates))) * np.sqrt(rates) for _ in range(2000)
            )
        ]
        trace, squares = np.mean(drawn, axis=0)
        assert trace == pytest.approx(rates.sum(), rel=0.02)
        assert squares == pytest.approx((rates**2).sum(), rel=0.08)


def test_order_of_rows_and_repetition_change_nothing():
    tree = ladder(14)
    visual = named(np.random.default_rng(2).normal(size=(14, 6)), list(tree.index))
    first = pagel_lambda(visual, tree, permutations=99, seed=4)
    mixed = list(np.random.default_rng(3).permutation(tree.index))
    assert first == pagel_lambda(visual.filter(mixed), tree.loc[mixed[::-1], mixed[::-1]],
                                 permutations=99, seed=4)  # fmt: skip
    assert first.to_dict()["method"] == "reml"


@pytest.mark.parametrize("unit", [1e3, 1e-8])  # nothing is so small that all orders tie
def test_units_do_not_matter(unit):
    tree = ladder(14)
    points = np.random.default_rng(2).normal(size=(14, 6))
    first = pagel_lambda(named(points, list(tree.index)), tree, permutations=9)
    second = pagel_lambda(named(unit * points, list(tree.index)), 1e-4 * tree, permutations=9)
    assert second.value == pytest.approx(first.value, abs=1e-6)
    assert second.p_value == first.p_value


def test_tips_without_a_branch_of_their_own_keep_lambda_below_one():
    tree = cherries(6, shared=1.0)
    points = np.random.default_rng(9).normal(size=(12, 5))
    points[1::2] = points[::2]
    found = pagel_lambda(named(points, list(tree.index)), tree, permutations=9)
    assert 0.99 < found.value < 1
    assert np.isfinite(found.log_likelihood)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tree: tree.iloc[:-1, :-1], "different taxa"),
        (lambda tree: tree * np.nan, "missing values"),
        (lambda tree: tree + np.triu(np.ones(tree.shape)), "symmetric"),
        (lambda tree: tree * 0, "no variance"),
        (lambda tree: tree * np.eye(len(tree)), "star"),
        (lambda tree: tree.rename(index={"t00": "t01"}), "unique"),
    ],
)
def test_covariances_that_cannot_be_used(change, words):
    tree = cherries(4)
    visual = named(np.random.default_rng(0).normal(size=(8, 3)), list(tree.index))
    with pytest.raises(InputError, match=words):
        pagel_lambda(visual, change(tree))


def test_other_bad_input():
    tree = cherries(4)
    visual = named(np.random.default_rng(0).normal(size=(8, 3)), list(tree.index))
    few = list(tree.index[:4])
    with pytest.raises(TooFew, match="five taxa"):
        pagel_lambda(visual.filter(few), tree.loc[few, few])
    with pytest.raises(InputError, match="unknown method"):
        pagel_lambda(visual, tree, method="bayes")
    with pytest.raises(InputError, match="all visual distances are zero"):
        pagel_lambda(DistanceMatrix(np.zeros((8, 8)), list(tree.index)), tree)


def with_noise(points: np.ndarray, noise: np.ndarray, names: list[str]) -> VisualDistances:
    """Distances of points already noisy, and squares less the noise, as of that many specimens."""
    plain = named(points, names)
    squares = plain.data**2 - noise[:, None] - noise[None, :]
    np.fill_diagonal(squares, 0.0)
    return VisualDistances(plain, squares, "euclidean", debiased=True)


def noisy_points(
    tree: pd.DataFrame, lambda_: float, noise: np.ndarray, axes: int, rng
) -> np.ndarray:
    own = np.diag(np.diag(tree))
    root = np.linalg.cholesky(lambda_ * tree.to_numpy() + (1 - lambda_) * own)
    spread = np.sqrt(noise / axes)[:, None]
    shape = (len(tree), axes)
    return root @ rng.normal(size=shape) / np.sqrt(axes) + spread * rng.normal(size=shape)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize(("lambda_", "share"), [(0.4, 0.3), (1.0, 0.5), (0.9, 0.02)])
def test_noise_is_part_of_the_likelihood(method, lambda_, share):
    """Against a search over lambda and rate with the covariance written out."""
    tree, axes = ladder(14), 5
    own = np.diag(tree)
    noise = share * own
    points = noisy_points(tree, lambda_, noise, axes, np.random.default_rng(12))

    def misfit(at):
        value, rate = at[0], np.exp(at[1])
        full = rate * (value * tree.to_numpy() + (1 - value) * np.diag(own)) + np.diag(noise)
        inverse, one = np.linalg.inv(full / axes), np.ones(len(own))
        residual = points - one @ inverse @ points / (one @ inverse @ one)
        each = axes * (len(own) * np.log(2 * np.pi) + np.linalg.slogdet(full / axes)[1])
        if method == "reml":
            each += axes * (np.log(one @ inverse @ one) - np.log(2 * np.pi))
        return 0.5 * (each + np.trace(residual.T @ inverse @ residual))

    tried = [
        minimize(misfit, [start, 0.0], method="L-BFGS-B", bounds=[(0, 1), (-9, 9)],
                 options={"ftol": 1e-14, "gtol": 1e-9})
        for start in (0.1, 0.5, 0.95)
    ]  # fmt: skip
    known = min(tried, key=lambda one: one.fun)
    visual = with_noise(points, noise, list(tree.index))
    model = LambdaModel(tree.to_numpy(), method).with_noise(visual.noise)
    best = model.fit(model.of_squares(visual.squares))
    assert best.lambda_ == pytest.approx(known.x[0], abs=1e-4)
    assert model.for_axes(best.log_likelihood, axes) == pytest.approx(-known.fun, abs=1e-6)
    if method == "reml":
        assert best.rate == pytest.approx(np.exp(known.x[1]), rel=1e-4)


def test_sisters_on_short_branches_known_from_one_specimen_each():
    """Noise alone tells them apart: taken away, it leaves less than nothing in half of worlds."""
    tree = cherries(25)
    tree.iloc[0, 1] = tree.iloc[1, 0] = 1 - 1e-6
    noise = np.r_[0.8, 0.8, np.full(48, 0.05)]
    found = []
    for number in range(60):
        points = noisy_points(tree, 0.5, noise, 30, np.random.default_rng([4, number]))
        found.append(
            pagel_lambda(with_noise(points, noise, list(tree.index)), tree, permutations=9)
        )
    assert np.mean([one.value for one in found]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([one.rate for one in found]) == pytest.approx(1.0, rel=0.03)


def test_differences_that_noise_explains_have_no_lambda():
    tree = cherries(10)
    names = list(tree.index)
    plain = named(np.random.default_rng(2).normal(size=(20, 6)), names)
    squares = plain.data**2 - 1.02 * np.mean(plain.data[np.triu_indices(20, 1)] ** 2)
    np.fill_diagonal(squares, 0.0)
    with pytest.raises(InputError, match="no more than their specimens"):
        pagel_lambda(VisualDistances(plain, squares, "euclidean", debiased=True), tree)


def test_uneven_noise_does_not_count_as_axes():
    """Eight axes, noise along the same: as many are found whatever the noise, modelled or drawn."""
    tree = cherries(30)
    noise = np.where(np.arange(60) % 6, 0.05, 1.5)
    found = []
    for number in range(40):
        points = noisy_points(tree, 0.5, noise, 8, np.random.default_rng([5, number]))
        visual = with_noise(points, noise, list(tree.index))
        found.append(pagel_lambda(visual, tree, permutations=9).axes)
    assert np.mean(found) == pytest.approx(8, rel=0.1)


def test_squares_that_noise_explains_wholly_leave_no_rate():
    """Products below nothing: every rate is the least that is tried, and no search fails."""
    tree = cherries(4)
    model = LambdaModel(tree.to_numpy()).with_noise(np.full(8, 0.3))
    best = model.fit(-np.eye(8))
    assert best.lambda_ == model.largest
    assert 0 < best.rate <= 1e-8
