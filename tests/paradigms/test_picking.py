"""Triplets by kind, their gradient and the descent, against loops and torch."""

import numpy as np
import pytest

from phylolens.guided.learners.inputs import reduced
from phylolens.paradigms import picking
from phylolens.paradigms.picking import ANY, KINDS, PickedTraining, triplet_gradient


def training(data, seed=0, **settings):
    rows = reduced(data.sample, 16, np.random.default_rng(0))(data.sample.matrix())
    settings = {"dimensions": 8, "actions": 5, "rng": np.random.default_rng(seed)} | settings
    return PickedTraining(rows, data.sample, data.genetic, **settings), rows


def test_gradient_against_differences():
    rng = np.random.default_rng(0)
    weights, near, far = (rng.standard_normal(size) for size in ((4, 2), (5, 4), (5, 4)))

    def cost(weights):
        return np.mean(
            [
                np.sum((n @ weights) ** 2) - np.sum((f @ weights) ** 2)
                for n, f in zip(near, far, strict=True)
            ]
        )

    found = triplet_gradient(weights, near, far)
    for place in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[place] = 1e-6
        slope = (cost(weights + step) - cost(weights - step)) / 2e-6
        assert found[place] == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_kinds_and_state_against_loops(related):
    data, _ = related
    own, rows = training(data)
    n = len(data.sample)
    genetic = data.genetic / (data.genetic.sum() / (n * (n - 1)))
    places = data.sample.average(rows.astype(float))[:, :8]
    middle = np.median(own.wanted)
    counts, short = np.zeros(6), np.zeros(6)
    for (i, j, k), kind in zip(own.pool, own.kinds, strict=True):
        assert len({i, j, k}) == 3
        wanted = genetic[i, k] - genetic[i, j]
        assert wanted > 0
        gap = np.sum((places[i] - places[k]) ** 2) - np.sum((places[i] - places[j]) ** 2)
        order = "wrong" if gap < 0 else "close" if gap < wanted else "right"
        assert KINDS[kind] == f"{order}, {'far' if wanted >= middle else 'near'} relatives"
        counts[kind - 1] += 1
        short[kind - 1] += min(max(wanted - gap, 0), 3)
    state = own.observe()
    assert state[:6] == pytest.approx(counts / len(own.pool), abs=1e-6)
    assert state[6:12] == pytest.approx(short / np.maximum(counts, 1), rel=1e-4)
    assert state[12] == 0
    own.pick(ANY)
    assert own.observe()[12] == pytest.approx(0.2)


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_steps_are_on_the_kind_that_was_picked(related, kind, monkeypatch):
    own, _ = training(related[0])
    before, taken = own.kinds.copy(), []
    monkeypatch.setattr(own, "_step", lambda chosen: taken.extend(before[chosen]))
    own.pick(kind)
    assert len(taken) == picking.STEPS * picking.BATCH
    assert len(set(taken)) > 4 if kind == ANY else set(taken) == {kind}


def test_a_kind_that_is_absent_is_any(related, monkeypatch):
    own, _ = training(related[0])
    own.kinds[own.kinds == 1] = 3
    before, taken = own.kinds.copy(), []
    monkeypatch.setattr(own, "_step", lambda chosen: taken.extend(before[chosen]))
    own.pick(1)
    assert len(set(taken)) > 3


def test_points_are_of_images_of_their_taxon(related):
    data, _ = related
    own, _ = training(data)
    own._rows = np.stack([data.sample.codes, data.sample.codes], axis=1).astype(np.float32)
    taxa = np.arange(len(data.sample))[::-1]
    for _ in range(20):
        assert (own._points(taxa)[:, 0] == taxa).all()


def test_descent_as_in_torch(related):
    torch = pytest.importorskip("torch")
    own, _ = training(related[0])
    free = torch.tensor(own.linear.copy(), requires_grad=True)
    adam = torch.optim.AdamW([free], lr=picking.RATE, weight_decay=picking.DECAY)
    rng = np.random.default_rng(3)
    for _ in range(5):
        slope = rng.standard_normal(own.linear.shape)
        own._descend(slope)
        free.grad = torch.tensor(slope)
        adam.step()
    assert own.linear == pytest.approx(free.detach().numpy(), rel=1e-10)


def test_training_lowers_violations_and_restarts(related):
    own, _ = training(related[0], actions=30)
    start, first = own.linear.copy(), own.observe()
    for _ in range(30):
        own.pick(ANY)
    short = [float((state[:6] * state[6:12]).sum()) for state in (first, own.observe())]
    assert short[1] < 0.9 * short[0]
    own.restart()
    assert np.array_equal(own.linear, start)
    assert own.picks == 0
