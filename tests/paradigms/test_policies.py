"""Policies of stable-baselines3: they learn what pays, draw nothing else's numbers, and repeat."""

import random
import tempfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from stable_baselines3 import PPO  # noqa: E402
from stable_baselines3.common.env_checker import check_env  # noqa: E402

from phylolens.paradigms.picked import ACTIONS, Picked, beside_random  # noqa: E402
from phylolens.paradigms.picking import ANY, KINDS  # noqa: E402
from phylolens.paradigms.policies import GAIN, PickingWorld, chances, learn_policy  # noqa: E402
from phylolens.paradigms.squared_places import skill_on_the_folds, watched_clades  # noqa: E402


class Counting:
    """A training in which triplets of one kind pay."""

    def __init__(self, pays):
        self.pays = pays
        self.restart()

    def restart(self):
        self.picks = self.paid = 0

    def pick(self, kind):
        self.picks += 1
        self.paid += kind == self.pays

    def observe(self):
        return np.array([1.0, self.picks / 10], dtype=np.float32)


def judge(training):
    return training.paid / GAIN


def test_the_world_keeps_the_rules_and_rewards_gains():
    world = PickingWorld(Counting(2), judge, 3)
    check_env(world)
    state, _ = world.reset()
    assert state[1] == 0
    rewards, ends = [], []
    for action in (2, 1, 2):
        _, reward, over, cut, _ = world.step(np.int64(action))
        rewards.append(reward)
        ends.append(over)
        assert not cut
    assert rewards == pytest.approx([1, 0, 1])
    assert ends == [False, False, True]


@pytest.mark.parametrize("kind", ["ppo", "dqn"])
@pytest.mark.parametrize("pays", [1, 5])
def test_policies_learn_what_pays(kind, pays):
    world, rng = PickingWorld(Counting(pays), judge, 10), np.random.default_rng(0)
    act = learn_policy(kind, world, steps=600, seed=0, rng=rng)
    state = np.array([1.0, 0.3], dtype=np.float32)
    picks = np.bincount([act(state) for _ in range(50)], minlength=len(KINDS))
    assert picks.argmax() == pays
    assert picks[pays] > 25  # by chance 7


def test_ppo_draws_its_picks_and_a_deep_q_network_does_not():
    world, state = PickingWorld(Counting(1), judge, 10), np.array([1.0, 0.3], dtype=np.float32)
    several = {}
    for kind in ("ppo", "dqn"):
        act = learn_policy(kind, world, steps=20, seed=0, rng=np.random.default_rng(0))
        several[kind] = len({act(state) for _ in range(50)})
    assert several["ppo"] > 2
    assert several["dqn"] == 1


def test_chances_of_ppo_are_those_of_its_network():
    world, state = PickingWorld(Counting(1), judge, 10), np.array([1.0, 0.3], dtype=np.float32)
    model = PPO("MlpPolicy", world, policy_kwargs={"net_arch": [4]}, seed=0, device="cpu")
    values = {name: value.numpy() for name, value in model.policy.state_dict().items()}
    inside = "mlp_extractor.policy_net.0"
    hidden = np.tanh(values[f"{inside}.weight"] @ state + values[f"{inside}.bias"])
    logits = values["action_net.weight"] @ hidden + values["action_net.bias"]
    wanted = np.exp(logits) / np.exp(logits).sum()
    assert chances(model, state) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("kind", ["ppo", "dqn"])
def test_nothing_else_is_drawn_or_written(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def upcoming():
        kept = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        found = random.random(), np.random.rand(), float(torch.rand(1))  # noqa: NPY002
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
        torch.set_rng_state(kept[2])
        return found

    before = upcoming()
    world = PickingWorld(Counting(1), judge, 10)
    learn_policy(kind, world, steps=40, seed=3, rng=np.random.default_rng(0))
    assert upcoming() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("picker", ["ppo", "dqn", "random"])
def test_the_same_seed_gives_the_same_head(picker, related):
    data, _ = related
    fits = [
        Picked(picker, steps=40, seed=seed).fit(data.sample, data.genetic, data.folds)
        for seed in (1, 1, 2)
    ]
    rows = data.sample.matrix()
    assert np.array_equal(fits[0].transform(rows), fits[1].transform(rows))
    assert fits[0].picks_ == fits[1].picks_
    assert fits[0].watched_ == fits[1].watched_
    assert not np.array_equal(fits[0].transform(rows), fits[2].transform(rows))
    assert len(fits[0].watched_) == ACTIONS + 1
    assert len(fits[0].picks_) == int(np.argmax(fits[0].watched_))


def test_the_watched_clades_are_not_trained_on(related):
    data, _ = related
    watched = watched_clades(data.sample, data.genetic, data.folds)
    assert not set(data.folds[watched.out]) & set(data.folds[watched.kept])
    assert len(watched.sample) == len(watched.genetic) == len(watched.kept)
    assert watched.rows.sum() == watched.sample.sizes.sum()
    assert watched_clades(data.sample, data.genetic, np.zeros(len(data.sample), int)) is None


def test_one_clade_is_trained_on_without_a_policy(related):
    data, _ = related
    one = np.zeros(len(data.sample), dtype=int)
    found = Picked("ppo", seed=0).fit(data.sample, data.genetic, one)
    assert found.picks_ == [ANY] * (ACTIONS // 2)
    assert found.watched_ == []


def test_random_picking_is_judged_on_the_same_folds(related):
    data, material = related
    found = beside_random(material, data, lambda material: Picked("random", seed=material.seed))
    own = skill_on_the_folds(lambda: Picked("random", seed=material.seed), data)
    assert found["skill_random_picking"] == pytest.approx(own)
    assert found["share_any_picked"] == 1
    assert found["share_wrong_picked"] == 0
    assert own > 0.05
    assert len(KINDS) == 7
