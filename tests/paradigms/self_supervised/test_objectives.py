"""Each method against a twin written out by hand, and against the libraries that have it."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.vision

from phylolens.errors import InputError  # noqa: E402
from phylolens.paradigms.self_supervised import contrastive  # noqa: E402
from phylolens.paradigms.self_supervised.clusters import (  # noqa: E402
    ROUNDS,
    SHARPNESS,
    count_clusters,
    sinkhorn,
)
from phylolens.paradigms.self_supervised.contrastive import MOMENTUM, nt_xent  # noqa: E402
from phylolens.paradigms.self_supervised.objective import Follower  # noqa: E402
from phylolens.paradigms.self_supervised.training import (  # noqa: E402
    OBJECTIVES,
    make_objective,
)

WIDTH, N = 6, 20


def rows(seed: int, n: int = N, width: int = WIDTH):
    return torch.tensor(np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32))


def made(method: str, n: int = N, **settings):
    if method == "moco":
        pytest.importorskip("lightly")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = torch.nn.Linear(WIDTH, WIDTH)
    return make_objective(method, encoder, WIDTH, n, **settings)


def slow_nt_xent(first, second, temperature):
    """Loop over all views: minus the log of the other view's share among all but itself."""
    views = np.concatenate([first, second]).astype(float)
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    n, losses = len(first), []
    for i in range(2 * n):
        weight = [np.exp(views[i] @ views[j] / temperature) for j in range(2 * n)]
        losses.append(-np.log(weight[(i + n) % (2 * n)] / (sum(weight) - weight[i])))
    return np.mean(losses)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_nt_xent_is_that_of_a_loop_and_of_the_libraries(temperature):
    first, second = rows(1, 7), rows(2, 7)
    found = float(nt_xent(first, second, temperature))
    assert found == pytest.approx(slow_nt_xent(first.numpy(), second.numpy(), temperature))
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    theirs = losses.SelfSupervisedLoss(losses.NTXentLoss(temperature=temperature))
    assert found == pytest.approx(float(theirs(first, second)), rel=1e-5)
    assert nt_xent(first, first, temperature) < found  # equal views are found more easily


def test_nt_xent_is_that_of_lightly():
    theirs = pytest.importorskip("lightly.loss").NTXentLoss(0.2)
    assert float(nt_xent(rows(1), rows(2), 0.2)) == pytest.approx(float(theirs(rows(1), rows(2))))


def test_byol_gives_no_gradient_to_its_target_which_follows():
    byol = made("byol")
    loss = byol(rows(1), rows(2), np.arange(N))
    loss.backward()
    assert all(value.grad is None for value in byol.target.parameters())
    assert not any(value.requires_grad for value in byol.target.parameters())
    assert float(byol.encoder.weight.grad.abs().sum()) > 0
    before = [value.clone() for value in byol.target.parameters()]
    with torch.no_grad():
        byol.encoder.weight.add_(1.0)
    byol.after_step()
    leader = [*byol.encoder.parameters(), *byol.projector.parameters()]
    for own, old, other in zip(byol.target.parameters(), before, leader, strict=True):
        torch.testing.assert_close(own, MOMENTUM * old + (1 - MOMENTUM) * other)


def test_byol_is_the_squared_distance_of_unit_vectors_and_its_gradient_stops():
    """The gradient is that of a loss in which the target is a constant."""
    byol = made("byol")
    first, second = rows(1), rows(2)

    def unit(points):
        return points / points.norm(dim=1, keepdim=True)

    with torch.no_grad():
        goals = [copy.deepcopy(byol.target)(view) for view in (second, first)]
    byol(first, second, np.arange(N)).backward()
    found = byol.encoder.weight.grad.clone()
    byol.zero_grad()
    twin = sum(
        ((unit(byol.predictor(byol.project(view))) - unit(goal)) ** 2).sum(dim=1).mean()
        for view, goal in zip((first, second), goals, strict=True)
    )
    (twin / 2).backward()
    torch.testing.assert_close(byol.encoder.weight.grad, found, rtol=1e-4, atol=1e-6)


def test_moco_keys_come_from_the_copy_and_its_queue_is_first_in_first_out():
    moco = made("moco", n=16)  # a queue of eight
    bank = moco.cost.memory_bank
    assert bank.bank.shape == (8, 128)
    old = bank.bank.clone()
    first, second = rows(1, 4), rows(2, 4)
    keys = torch.nn.functional.normalize(copy.deepcopy(moco.keys)(second), dim=1)
    query = torch.nn.functional.normalize(moco.project(first), dim=1).detach()
    loss = moco(first, second, np.arange(4))
    near = (query * keys).sum(dim=1, keepdim=True)
    logits = torch.cat([near, query @ old.T], dim=1) / moco.temperature
    twin = (torch.logsumexp(logits, dim=1) - logits[:, 0]).mean()
    assert float(loss.detach()) == pytest.approx(float(twin), rel=1e-5)
    torch.testing.assert_close(bank.bank[:4], keys)  # the oldest four made room
    torch.testing.assert_close(bank.bank[4:], old[4:])
    loss.backward()
    assert all(value.grad is None for value in moco.keys.parameters())
    moco(first, second, np.arange(4))
    assert not torch.equal(bank.bank[4:], old[4:])


def numpy_sinkhorn(scores):
    shares = np.exp(scores.astype(float) / SHARPNESS)
    shares /= shares.sum()
    n, k = shares.shape
    for _ in range(ROUNDS):
        for cluster in range(k):
            shares[:, cluster] /= shares[:, cluster].sum() * k
        for image in range(n):
            shares[image] /= shares[image].sum() * n
    return shares * n


def test_sinkhorn_is_that_of_numpy_and_shares_out_evenly():
    scores = torch.cos(rows(3, 24, 4))
    found = sinkhorn(scores)
    np.testing.assert_allclose(found.numpy(), numpy_sinkhorn(scores.numpy()), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.sum(dim=1).numpy(), 1, rtol=1e-5)
    even = 24 / 4
    assert np.abs(found.sum(dim=0).numpy() / even - 1).max() < 0.25
    plain = torch.softmax(scores / SHARPNESS, dim=1).sum(dim=0).numpy()
    assert np.abs(plain / even - 1).max() > 0.25  # what it corrects


def test_sinkhorn_is_that_of_lightly():
    theirs = pytest.importorskip("lightly.loss.swav_loss").sinkhorn
    scores = torch.cos(rows(4, 16, 5))
    torch.testing.assert_close(sinkhorn(scores), theirs(scores.clone()), rtol=1e-3, atol=1e-5)


def test_swav_prototypes_keep_length_one():
    swav = made("swav")
    with torch.no_grad():
        swav.prototypes.weight.mul_(3)
    swav.after_step()
    lengths = swav.prototypes.weight.norm(dim=1).detach().numpy()
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_deepcluster_assigns_anew_and_its_classifier_are_the_centres():
    deep = made("deepcluster", n=40)
    points = torch.cat([rows(1, 20) + 8 * side for side in (-1, 1)])
    deep.before_epoch(lambda: deep.encoder(points).detach(), np.random.default_rng(0))
    unit = torch.nn.functional.normalize(deep.project(points), dim=1).detach().numpy()
    assigned = deep.assigned.numpy().copy()
    assert set(assigned[:20]).isdisjoint(assigned[20:])  # the two groups are told apart
    for cluster in np.unique(assigned):
        mean = unit[assigned == cluster].mean(axis=0)
        centre = deep.centres[cluster].numpy()
        np.testing.assert_allclose(centre, mean / np.linalg.norm(mean), atol=1e-4)
    deep.before_epoch(lambda: deep.encoder(points.flip(0)).detach(), np.random.default_rng(0))
    assert set(deep.assigned.numpy()[:20]).isdisjoint(deep.assigned.numpy()[20:])
    assert (deep.assigned.numpy() != assigned).any()


def test_deepcluster_weighs_clusters_alike():
    deep = made("deepcluster", n=8)
    deep.assigned.copy_(torch.tensor([0, 0, 0, 0, 0, 0, 0, 1]))
    deep.centres.copy_(torch.nn.functional.normalize(rows(5, 4, 128), dim=1))
    points = rows(6, 8)
    unit = torch.nn.functional.normalize(deep.project(points), dim=1)
    losses = -torch.log_softmax(unit @ deep.centres.T / deep.temperature, dim=1)
    own = losses[torch.arange(8), deep.assigned]
    twin = (own[:7].mean() + own[7]) / 2
    found = deep(points, points, np.arange(8))
    assert float(found.detach()) == pytest.approx(float(twin.detach()), rel=1e-4)


def test_a_follower_is_a_copy_of_its_own():
    leader = torch.nn.Linear(2, 2)
    follower = Follower(leader, 0.5)
    with torch.no_grad():
        leader.weight.zero_()
    assert float(follower.copied.weight.abs().sum()) > 0


def test_same_seed_same_first_weights():
    for method in OBJECTIVES:
        one, other, third = made(method), made(method), made(method, seed=1)
        first, again = one.projector[0].weight, other.projector[0].weight
        assert torch.equal(first, again), method
        assert not torch.equal(first, third.projector[0].weight)


def test_what_cannot_be_made_says_why(monkeypatch):
    with pytest.raises(InputError, match="no method 'simclear'"):
        made("simclear")
    with pytest.raises(InputError, match="at least 4 images; got 3"):
        made("byol", n=3)
    monkeypatch.setitem(__import__("sys").modules, "lightly.loss", None)
    with pytest.raises(InputError, match=r"pip install 'phylolens\[ssl\]'"):
        contrastive.MoCo(torch.nn.Linear(2, 2), 2, 8)


def test_clusters_hold_several_images_each():
    assert [count_clusters(n) for n in (8, 160, 10**6)] == [4, 10, 512]
