"""The attention pool against naive loops, finite differences and torch."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.guided import GUIDE_RECIPES, AttentionPool, to_bags
from phylolens.guided.learners import make_learner
from phylolens.guided.learners.attention import Attention
from phylolens.guided.learners.pool import evaluate
from phylolens.guided.published import published_problem
from phylolens.values import Features

SIZES = {"A": 1, "B": 4, "C": 2, "D": 7, "E": 3}
WIDTH = 6


def loss_and_gradient(weights, bags, target):
    return evaluate(bags.segments(), [published_problem(target)], [weights])[0]


def make_bags(sizes=SIZES, width=WIDTH, seed=0, taxa=None):
    labels = np.repeat(list(sizes), list(sizes.values()))
    matrix = np.random.default_rng(seed).normal(size=(len(labels), width))
    ids = [f"{place}.jpg" for place in range(len(labels))]
    return to_bags(Features(tuple(ids), matrix), pd.Series(labels, index=ids), taxa or tuple(sizes))


def make_target(n: int, seed: int = 1) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(-1, 1, (n, n))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 1)
    return values


def naive_attention(weights: np.ndarray, images: np.ndarray) -> np.ndarray:
    raised = [np.exp(float(image @ weights)) for image in images.astype(float)]
    return np.array([value / sum(raised) for value in raised])


def naive_loss(weights: np.ndarray, bags, target: np.ndarray) -> float:
    vectors = []
    for row, size in enumerate(bags.sizes):
        images = bags.values[row, :size].astype(float)
        pooled = sum(a * x for a, x in zip(naive_attention(weights, images), images, strict=True))
        vectors.append(pooled / np.linalg.norm(pooled))
    errors = [
        (float(vectors[i] @ vectors[j]) - target[i, j]) ** 2
        for i in range(len(vectors))
        for j in range(i + 1, len(vectors))
    ]
    return sum(errors) / len(errors)


@pytest.fixture
def fitted():
    bags = make_bags()
    return AttentionPool(epochs=20, learning_rate=0.05, seed=3).fit(bags, make_target(5)), bags


def test_loss_equals_a_naive_loop():
    bags, target = make_bags(), make_target(5)
    for seed in range(3):
        weights = np.random.default_rng(seed).normal(size=WIDTH)
        found, _ = loss_and_gradient(weights, bags, target)
        assert found == pytest.approx(naive_loss(weights, bags, target), rel=1e-5)


def test_gradient_equals_finite_differences():
    bags, target = make_bags(), make_target(5)
    weights = np.random.default_rng(7).normal(size=WIDTH)
    _, gradient = loss_and_gradient(weights, bags, target)
    step = 1e-5
    numeric = [
        (naive_loss(weights + nudge, bags, target) - naive_loss(weights - nudge, bags, target))
        / (2 * step)
        for nudge in step * np.eye(WIDTH)
    ]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-5)
    assert np.abs(numeric).max() > 0.01  # not a trivial agreement of zeros


def test_gradient_of_one_image_a_taxon_is_zero():
    bags = make_bags(dict.fromkeys("ABCD", 1))
    _, gradient = loss_and_gradient(np.ones(WIDTH), bags, make_target(4))
    np.testing.assert_allclose(gradient, 0, atol=1e-7)


def test_attention_and_transform_equal_a_naive_loop(fitted):
    pool, bags = fitted
    attention, vectors = pool.attention(bags), pool.transform(bags)
    np.testing.assert_allclose(attention.sum(axis=1), 1)
    assert (attention[~bags.present] == 0).all()
    for row, size in enumerate(bags.sizes):
        images = bags.values[row, :size].astype(float)
        weights = naive_attention(pool.weights_, images)
        np.testing.assert_allclose(attention[row, :size], weights, rtol=1e-5)
        pooled = weights @ images
        np.testing.assert_allclose(vectors[row], pooled / np.linalg.norm(pooled), atol=1e-6)


def test_padding_changes_nothing(fitted):
    pool, bags = fitted
    larger = make_bags(SIZES | {"Z": 40})  # the same images of A to E, padded to forty
    np.testing.assert_array_equal(larger.values[:5, :7], bags.values)
    padded = type(bags)(bags.taxa, larger.values[:5], larger.present[:5], bags.ids)
    refitted = AttentionPool(**pool.get_params()).fit(padded, make_target(5))
    np.testing.assert_allclose(refitted.loss_curve_, pool.loss_curve_, rtol=1e-6)
    np.testing.assert_allclose(refitted.transform(padded), pool.transform(bags), atol=1e-5)


def test_order_of_taxa_and_images_changes_nothing(fitted):
    pool, bags = fitted
    order = [3, 0, 4, 1, 2]
    taxa = tuple(bags.taxa[place] for place in order)
    again = AttentionPool(**pool.get_params())
    again.fit(make_bags(taxa=taxa), make_target(5)[np.ix_(order, order)])
    np.testing.assert_allclose(again.loss_curve_, pool.loss_curve_, rtol=1e-5)


def test_the_diagonal_of_the_target_is_not_used():
    bags, target = make_bags(), make_target(5)
    other = target + np.diag(np.arange(5.0))
    weights = np.ones(WIDTH)
    one, two = (loss_and_gradient(weights, bags, wanted) for wanted in (target, other))
    assert one[0] == two[0]
    np.testing.assert_array_equal(one[1], two[1])


def test_huge_scores_do_not_overflow():
    bags = make_bags()
    loss, gradient = loss_and_gradient(1e4 * np.ones(WIDTH), bags, make_target(5))
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()


def test_zero_features_give_no_nan():
    features = Features(tuple("abcd"), np.array([[0, 0], [1, 0], [0, 1], [1, 1]]))
    bags = to_bags(features, pd.Series(list("ABCD"), index=list("abcd")), tuple("ABCD"))
    pool = AttentionPool(epochs=3).fit(bags, make_target(4))
    assert np.isfinite(pool.transform(bags)).all()
    assert np.isfinite(pool.loss_curve_).all()


def planted(seed: int = 0, n_taxa: int = 12, images: int = 10):
    """Make bags whose first feature marks one informative image a taxon; the others are noise."""
    rng = np.random.default_rng(seed)
    width = 8
    direction = rng.normal(size=(n_taxa, width))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    matrix = rng.normal(size=(n_taxa, images, width + 1))
    matrix[:, :, 0] = 0
    informative = rng.integers(images, size=n_taxa)
    rows = np.arange(n_taxa)
    matrix[rows, informative, 1:] = 3 * direction
    matrix[rows, informative, 0] = 1.0
    ids = [f"{t}-{i}" for t in rows for i in range(images)]
    labels = pd.Series(np.repeat([f"T{t:02}" for t in rows], images), index=ids)
    bags = to_bags(
        Features(tuple(ids), matrix.reshape(-1, width + 1)), labels, tuple(sorted(set(labels)))
    )
    vectors = matrix[rows, informative]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return bags, vectors @ vectors.T, informative


def test_planted_images_are_found():
    bags, target, informative = planted()
    pool = AttentionPool(epochs=800, learning_rate=0.05, seed=1).fit(bags, target)
    assert pool.loss_curve_[-1] < 0.1 * pool.loss_curve_[0]
    attention = pool.attention(bags)
    np.testing.assert_array_equal(attention.argmax(axis=1), informative)
    assert attention[np.arange(len(attention)), informative].mean() > 0.9
    assert pool.weights_.argmax() == 0


def test_nothing_planted_is_not_found():
    """Against a target of other taxa the fit stays far from the planted one's."""
    bags, target, informative = planted()
    order = np.random.default_rng(2).permutation(12)
    pool = AttentionPool(epochs=800, learning_rate=0.05, seed=1)
    pool.fit(bags, target[np.ix_(order, order)])
    assert pool.loss_curve_[-1] > 0.3 * pool.loss_curve_[0]
    assert (pool.attention(bags).argmax(axis=1) == informative).mean() < 0.8


def test_same_seed_same_bytes():
    fits = [AttentionPool(epochs=10, seed=2).fit(make_bags(), make_target(5)) for _ in range(2)]
    assert fits[0].weights_.tobytes() == fits[1].weights_.tobytes()
    other = AttentionPool(epochs=10, seed=3).fit(make_bags(), make_target(5))
    assert other.weights_.tobytes() != fits[0].weights_.tobytes()


def test_first_weights_are_uniform_as_stated():
    pool = AttentionPool(epochs=0, seed=0).fit(make_bags(width=4000), make_target(5))
    bound = 1 / np.sqrt(4000)
    assert np.abs(pool.weights_).max() <= bound
    assert pool.weights_.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
    assert pool.loss_curve_.shape == (1,)


def test_steps_equal_the_published_adam():
    """Algorithm 1 of Kingma & Ba (2015), written out."""
    bags, target, rate = make_bags(), make_target(5), 0.01
    weights = AttentionPool(epochs=0, seed=5).fit(bags, target).weights_.copy()
    m, v = np.zeros(WIDTH), np.zeros(WIDTH)
    for t in range(1, 8):
        _, g = loss_and_gradient(weights, bags, target)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        weights = weights - rate * m_hat / (np.sqrt(v_hat) + 1e-8)
    found = AttentionPool(epochs=7, learning_rate=rate, seed=5).fit(bags, target)
    np.testing.assert_allclose(found.weights_, weights, rtol=1e-6)
    assert found.loss_curve_[-1] == pytest.approx(naive_loss(weights, bags, target), rel=1e-5)


@pytest.mark.vision
def test_loss_curve_equals_torch():
    """The same first weights, softmax over unequal bags, torch.optim.Adam and autograd."""
    torch = pytest.importorskip("torch")
    bags, target = make_bags(), make_target(5)
    pool = AttentionPool(epochs=50, learning_rate=0.01, seed=5).fit(bags, target)
    start = AttentionPool(epochs=0, seed=5).fit(bags, target).weights_
    weights = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    adam = torch.optim.Adam([weights], lr=0.01)
    images = [torch.tensor(bags.values[row, :size]) for row, size in enumerate(bags.sizes)]
    upper = torch.triu_indices(5, 5, offset=1)
    wanted = torch.tensor(target, dtype=torch.float32)[upper[0], upper[1]]

    def loss_of(weights):
        pooled = [torch.softmax(x @ weights, dim=0) @ x for x in images]
        unit = torch.nn.functional.normalize(torch.stack(pooled), dim=1)
        return torch.nn.functional.mse_loss((unit @ unit.T)[upper[0], upper[1]], wanted)

    curve = []
    for _ in range(50):
        adam.zero_grad()
        loss = loss_of(weights)
        loss.backward()
        adam.step()
        curve.append(loss.item())
    curve.append(loss_of(weights).item())
    np.testing.assert_allclose(pool.loss_curve_, curve, rtol=1e-4)
    np.testing.assert_allclose(pool.weights_, weights.detach().numpy(), rtol=1e-3, atol=1e-4)
    assert curve[-1] < 0.95 * curve[0]


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InputError, match="three taxa"):
        AttentionPool().fit(make_bags({"A": 2, "B": 2}), make_target(2))
    with pytest.raises(InputError, match="5 x 5"):
        AttentionPool().fit(make_bags(), make_target(4))


def test_bags_hold_each_image_once_in_its_taxon():
    bags = make_bags()
    assert bags.sizes.tolist() == list(SIZES.values())
    assert [len(ids) for ids in bags.ids] == list(SIZES.values())
    matrix = np.random.default_rng(0).normal(size=(17, WIDTH)).astype(np.float32)
    for row, ids in enumerate(bags.ids):
        for place, name in enumerate(ids):
            np.testing.assert_array_equal(bags.values[row, place], matrix[int(name.split(".")[0])])
    assert (bags.values[~bags.present] == 0).all()


def test_taxa_without_an_image_are_named():
    with pytest.raises(InputError, match="'Q'"):
        make_bags(taxa=("A", "B", "Q"))


@pytest.mark.parametrize("sizes", [SIZES, dict.fromkeys("ABCDE", 6)])
def test_the_learner_with_the_published_settings_is_the_pool_to_the_byte(sizes):
    bags = make_bags(sizes)
    points = np.random.default_rng(3).normal(size=(5, 2))
    genetic = np.linalg.norm(points[:, None] - points, axis=2)
    learner = make_learner(GUIDE_RECIPES["roy2025"].learner[0], 4, epochs=9, learning_rate=0.01)
    learner.fit(bags.sample(), genetic, np.arange(5))
    pool = AttentionPool(epochs=9, learning_rate=0.01, seed=4)
    pool.fit(bags, 1.0 - 2.0 * genetic / genetic.max())
    assert learner.weights_.tobytes() == pool.weights_.tobytes()
    assert learner.loss_curve_.tobytes() == pool.loss_curve_.tobytes()
    np.testing.assert_allclose(learner.vectors_, pool.transform(bags), atol=1e-6)


def test_solver_and_divisor_are_checked_and_used():
    sample = make_bags().sample()
    genetic = 1 + make_target(5)
    np.fill_diagonal(genetic, 0.0)
    given = (sample, genetic, np.arange(5))
    for wrong in ({"solver": "sgd"}, {"learning_rate": 0.0}, {"divisor": -1.0}):
        with pytest.raises(InputError):
            Attention(**wrong).fit(*given)
    first = [
        Attention(solver="adam", loss="mse", epochs=1, divisor=divisor).fit(*given).loss_curve_[0]
        for divisor in (None, 9.0)
    ]
    assert first[0] != first[1]
