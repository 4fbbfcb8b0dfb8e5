"""Policies that learn which triplets to pick, by stable-baselines3. Imports torch and gymnasium."""

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger

from phylolens.embedding.threads import one_thread
from phylolens.paradigms.picking import KINDS, PickedTraining

Judge = Callable[[PickedTraining], float]
GAIN = 100.0  # a reward of one is a gain of 0.01 in skill
DISCOUNT, RATE, UNITS = 0.9, 3e-3, 32


class PickingWorld(gymnasium.Env[np.ndarray, np.int64]):
    """A head in training: an action picks the kind of triplet, the reward is the gain in skill.

    Parameters
    ----------
    training : PickedTraining
        Without the clades that are watched.
    judge : callable
        Skill of the head on the clades watched.
    actions : int
        Of an episode, which begins with the untrained head.
    """

    def __init__(self, training: PickedTraining, judge: Judge, actions: int) -> None:
        self.training, self.judge, self.actions = training, judge, actions
        self.action_space: Any = gymnasium.spaces.Discrete(len(KINDS))
        size = len(training.observe())
        self.observation_space = gymnasium.spaces.Box(0.0, np.inf, (size,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin anew; what is drawn goes on from where it was, whatever the seed."""
        super().reset(seed=seed)
        self.training.restart()
        self._skill = self.judge(self.training)
        return self.training.observe(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Train on triplets of the kind picked."""
        self.training.pick(int(action))
        before, self._skill = self._skill, self.judge(self.training)
        over = self.training.picks >= self.actions
        return self.training.observe(), GAIN * (self._skill - before), over, False, {}


def learn_policy(
    kind: str, world: PickingWorld, *, steps: int, seed: int, rng: np.random.Generator
) -> Callable[[np.ndarray], int]:
    """Learn a policy; returned as a function of the state that gives a place of ``KINDS``.

    PPO (Schulman et al. 2017), whose policy is a distribution that picks are drawn from, or DQN
    (Mnih et al. 2015), which picks what it values most. The libraries draw from the global
    generators, which are as they were afterwards.

    Parameters
    ----------
    kind : {'ppo', 'dqn'}
    world : PickingWorld
    steps : int
        Actions to learn from.
    seed : int
    rng : Generator
        Draws the picks of PPO.
    """
    with one_thread(), own_randomness(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of batches that are not full
        model = _model(kind, world, steps, seed)
        model.set_logger(Logger(folder=None, output_formats=[]))  # else it writes a folder
        model.learn(total_timesteps=steps)

    def act(state: np.ndarray) -> int:
        with one_thread():
            if isinstance(model, DQN):
                return int(model.predict(state, deterministic=True)[0])
            return int(rng.choice(len(KINDS), p=chances(model, state)))

    return act


def chances(model: BaseAlgorithm, state: np.ndarray) -> np.ndarray:
    """Probabilities with which a policy of PPO picks each kind, shape (7,)."""
    assert isinstance(model, PPO)
    with torch.no_grad():
        rows, _ = model.policy.obs_to_tensor(state)
        distribution: Any = model.policy.get_distribution(rows).distribution
    found = distribution.probs[0].double().numpy()
    return np.asarray(found / found.sum())


def _model(kind: str, world: PickingWorld, steps: int, seed: int) -> BaseAlgorithm:
    network = {"net_arch": [UNITS]}
    if kind == "ppo":
        return PPO(
            "MlpPolicy",
            world,
            learning_rate=RATE,
            n_steps=2 * world.actions,
            batch_size=world.actions,
            n_epochs=5,
            gamma=DISCOUNT,
            ent_coef=0.01,
            policy_kwargs=network,
            seed=seed,
            device="cpu",
        )
    return DQN(
        "MlpPolicy",
        world,
        learning_rate=RATE,
        buffer_size=max(steps, 1),
        learning_starts=world.actions,
        batch_size=32,
        train_freq=2,
        gamma=DISCOUNT,
        target_update_interval=2 * world.actions,
        exploration_fraction=0.5,
        policy_kwargs=network,
        seed=seed,
        device="cpu",
    )


@contextmanager
def own_randomness() -> Iterator[None]:
    """Put the global generators of Python, NumPy and torch back to where they were."""
    plain, tensors = random.getstate(), torch.get_rng_state()
    legacy = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(plain)
        np.random.set_state(legacy)  # noqa: NPY002
        torch.set_rng_state(tensors)
