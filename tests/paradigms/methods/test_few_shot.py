"""Losses of episodes against hand-written twins; hygiene and accuracy of few-shot naming."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from phylolens.paradigms.episodes import (  # noqa: E402
    adapted,
    episode_loss,
    matching_logits,
    prototype_logits,
    relation_scores,
)
from phylolens.paradigms.few_shot import (  # noqa: E402
    Episodic,
    _drawer,
    _relation_weights,
    _trials,
    few_shot_accuracy,
)

WAYS, SHOTS, ASKED, WIDTH = 3, 2, 2, 4


@pytest.fixture
def episode():
    rng = np.random.default_rng(0)
    support = rng.standard_normal((WAYS, SHOTS, WIDTH)).astype(np.float32)
    queries = rng.standard_normal((WAYS, ASKED, WIDTH)).astype(np.float32)
    return support, queries


def identity():
    return {"linear": torch.eye(WIDTH)}


def test_prototypes_against_loops(episode):
    support, queries = episode
    found = prototype_logits(torch.tensor(support), torch.tensor(queries).flatten(0, 1)).numpy()
    flat = queries.reshape(-1, WIDTH)
    for q in range(len(flat)):
        for way in range(WAYS):
            apart = ((flat[q] - support[way].mean(axis=0)) ** 2).sum()
            assert found[q, way] == pytest.approx(-apart, rel=1e-5)
    wanted = np.repeat(np.arange(WAYS), ASKED)
    shares = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    expected = -np.log(shares[np.arange(len(flat)), wanted]).mean()
    loss = episode_loss("prototypes", identity(), torch.tensor(support), torch.tensor(queries))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_matching_against_loops(episode):
    support, queries = episode
    flat = queries.reshape(-1, WIDTH)
    found = matching_logits(torch.tensor(support), torch.tensor(flat), 3.0).exp().numpy()
    for q in range(len(flat)):
        cosines = np.array(
            [
                [one @ flat[q] / np.linalg.norm(one) / np.linalg.norm(flat[q]) for one in own]
                for own in support
            ]
        )
        shares = np.exp(3.0 * cosines) / np.exp(3.0 * cosines).sum()
        assert found[q] == pytest.approx(shares.sum(axis=1), rel=1e-4)


def test_relations_against_loops_and_in_either_order(episode):
    support, queries = episode
    weights = _relation_weights(WIDTH, np.random.default_rng(1))
    tensors = {name: torch.tensor(value) for name, value in weights.items()}
    flat = queries.reshape(-1, WIDTH)
    found = relation_scores(tensors, torch.tensor(support), torch.tensor(flat)).numpy()
    for q in range(len(flat)):
        for way in range(WAYS):
            centre = support[way].mean(axis=0)
            pair = np.concatenate([np.abs(flat[q] - centre), flat[q] * centre])
            hidden = np.maximum(pair @ weights["relation_in"] + weights["relation_bias"], 0)
            expected = 1 / (1 + np.exp(-(hidden @ weights["relation_out"])[0]))
            assert found[q, way] == pytest.approx(expected, rel=1e-4)
    one, other = torch.tensor(flat[:1]), torch.tensor(support[:1, :1])
    there = relation_scores(tensors, other, one)
    back = relation_scores(tensors, one[None], other[0])
    assert float(there) == pytest.approx(float(back), rel=1e-6)


def test_the_gradient_of_maml_passes_through_its_steps():
    """Of squares, (t - b)(1 - rate)^steps; one that stops at the steps has no such factor."""
    a, b, rate, steps = 2.0, -1.0, 0.3, 3
    t = torch.tensor(0.7, requires_grad=True)
    found = adapted(lambda own: 0.5 * (own["t"] - a) ** 2, {"t": t}, steps=steps, rate=rate)["t"]
    value = 0.7
    for _ in range(steps):
        value -= rate * (value - a)
    assert float(found.detach()) == pytest.approx(value, rel=1e-6)
    (slope,) = torch.autograd.grad(0.5 * (found - b) ** 2, t)
    assert float(slope.detach()) == pytest.approx((value - b) * (1 - rate) ** steps, rel=1e-5)
    assert float(slope.detach()) != pytest.approx(value - b, rel=1e-2)


def test_second_order_gradient_of_an_episode_against_differences(episode):
    support, queries = (torch.tensor(one, dtype=torch.float64) for one in episode)
    start = torch.tensor(np.random.default_rng(2).standard_normal((WIDTH, 3)), dtype=torch.float64)
    start = start.to(torch.float32)

    def loss(linear):
        return episode_loss("maml", {"linear": linear}, support.float(), queries.float())

    weights = start.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(weights), weights)
    step = 1e-2
    for row, column in ((0, 0), (1, 2), (3, 1)):
        up, down = start.clone(), start.clone()
        up[row, column] += step
        down[row, column] -= step
        expected = (float(loss(up)) - float(loss(down))) / (2 * step)
        assert float(slope[row, column]) == pytest.approx(expected, rel=0.02, abs=2e-3)


def test_no_image_is_both_shown_and_asked_for(related):
    data, _ = related
    draw = _drawer(data.sample, np.random.default_rng(0))
    for _ in range(20):
        support, queries = draw()
        assert not set(support.ravel()) & set(queries.ravel())
        for shown, asked in zip(support, queries, strict=True):
            assert len(set(data.sample.codes[[*shown, *asked]])) == 1
    codes = data.sample.codes
    within = np.arange(len(codes)) - np.searchsorted(codes, codes)
    specimens = 1000 * codes + within // 2  # two images each
    out = np.flatnonzero(data.folds == 0)
    trials = _trials(data.sample.codes, specimens, out, 2, np.random.default_rng(1))
    assert trials
    for shown, asked, _ in trials:
        assert not set(specimens[shown.ravel()]) & set(specimens[asked])
        assert set(data.sample.codes[asked]) <= set(out)


def test_taxa_never_seen_are_named_from_a_few(related):
    data, material = related
    found = few_shot_accuracy(
        material, data, lambda material: Episodic("prototypes", episodes=20, seed=0)
    )
    assert found["chance"] == pytest.approx(0.2, abs=0.05)
    assert found["accuracy_5_shot"] > found["accuracy_1_shot"] > 2 * found["chance"]


@pytest.mark.parametrize("method", ["prototypes", "matching-network", "relation-network", "maml"])
def test_episodes_lower_their_loss_and_seeds_repeat(method, related):
    data, _ = related
    rows = data.sample.matrix()
    one, other = (Episodic(method, episodes=8, seed=3) for _ in range(2))
    for each in (one, other):
        each.learn(data.sample)
    assert np.array_equal(one.transform(rows), other.transform(rows))
    far = Episodic(method, episodes=150, rate=3e-3, seed=3)
    far.learn(data.sample)
    inputs = torch.tensor(one._map(rows))

    def mean_loss(weights):
        tensors = {name: torch.tensor(value) for name, value in weights.items()}
        rng = np.random.default_rng(9)
        draw = _drawer(data.sample, rng)
        losses = []
        for _ in range(10):
            support, queries = draw()
            losses.append(float(episode_loss(method, tensors, inputs[support], inputs[queries])))
        return np.mean(losses)

    untrained = Episodic(method, episodes=0, seed=3)
    untrained.learn(data.sample)
    assert mean_loss(far.weights_) < mean_loss(untrained.weights_)
