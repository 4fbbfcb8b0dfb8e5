"""Heads whose triplets a policy picks, or nobody does; and how much the policy is worth."""

from collections.abc import Callable, Mapping

import numpy as np

from phylolens.guided.learners.inputs import check_fit, reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.paradigms.picking import ANY, KINDS, PickedTraining
from phylolens.paradigms.squared_places import (
    SquaredPlaces,
    WatchedClades,
    skill_on_the_folds,
    watched_clades,
)
from phylolens.random import stream

COMPONENTS, DIMENSIONS = 64, 32
ACTIONS = 20  # of a training
WRONG = tuple(place for place, name in enumerate(KINDS) if name.startswith("wrong"))
Act = Callable[[np.ndarray], int]


class Picked(SquaredPlaces):
    """A linear head on triplets of the kind that a policy picks.

    The policy learns on the training taxa less some clades: its reward is the gain in skill on
    those. Then it trains one head there, which says after how many picks to stop (none, where no
    head beats the untrained one), and another on all training taxa.

    Parameters
    ----------
    picker : {'ppo', 'dqn', 'random'}
        ``random`` takes any triplets, always.
    steps : int
        Picks that the policy learns from.
    seed : int

    Attributes
    ----------
    picks_ : list of int
        Kinds that the last training picked, places of :data:`phylolens.paradigms.picking.KINDS`.
    watched_ : list of float
        Skill on the clades watched, before the first and after every pick.
    """

    def __init__(self, picker: str = "random", *, steps: int = 160, seed: int = 0) -> None:
        self.picker, self.steps, self.seed = picker, steps, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Picked":
        """Learn; see :class:`phylolens.guided.learners.base.Learner`.

        With fewer than two clades nothing can be watched, and the triplets of half the picks are
        taken as they come.
        """
        check_fit(sample, genetic, groups)
        self._map = reduced(sample, COMPONENTS, stream(self.seed, "paradigms.picking", 0))
        rows = self._map(sample.matrix())
        act: Act = _any
        best = ACTIONS // 2
        self.watched_: list[float] = []
        watched = watched_clades(sample, genetic, groups)
        if watched is not None:
            act = self._policy(rows, watched)
            best = self._best(rows, watched, act)
        training = self._training(rows, sample, genetic, 2)
        self.picks_ = [_pick(training, act) for _ in range(best)]
        self.weights_ = training.weights
        self._remember(sample)
        return self

    def _training(
        self, rows: np.ndarray, sample: Sample, genetic: np.ndarray, place: int
    ) -> PickedTraining:
        rng = stream(self.seed, "paradigms.picking", place)
        return PickedTraining(
            rows, sample, genetic, dimensions=DIMENSIONS, actions=ACTIONS, rng=rng
        )

    def _policy(self, rows: np.ndarray, watched: WatchedClades) -> Act:
        if self.picker == "random":
            return _any
        from phylolens.paradigms.policies import PickingWorld, learn_policy

        rng = stream(self.seed, "paradigms.picking", 3)
        seed = int(rng.integers(2**31))
        training = self._training(rows[watched.rows], watched.sample, watched.genetic, 1)
        world = PickingWorld(training, _judge(rows, watched), ACTIONS)
        return learn_policy(self.picker, world, steps=self.steps, seed=seed, rng=rng)

    def _best(self, rows: np.ndarray, watched: WatchedClades, act: Act) -> int:
        """Train by the policy; the number of picks that did best on the clades watched."""
        judge = _judge(rows, watched)
        training = self._training(rows[watched.rows], watched.sample, watched.genetic, 2)
        self.watched_ = [judge(training)]
        for _ in range(ACTIONS):
            _pick(training, act)
            self.watched_.append(judge(training))
        return int(np.argmax(self.watched_))


def _judge(rows: np.ndarray, watched: WatchedClades) -> Callable[[PickedTraining], float]:
    means = watched.whole.average(rows.astype(np.float64))
    return lambda training: watched.skill(means @ training.linear)


def _any(state: np.ndarray) -> int:
    return ANY


def _pick(training: PickedTraining, act: Act) -> int:
    kind = act(training.observe())
    training.pick(kind)
    return kind


def beside_random(
    material: Material, data: BenchData, fit: Callable[[Material], Picked]
) -> Mapping[str, float | None]:
    """Judge the same training without a policy, and say what the policy picks.

    Returns
    -------
    dict
        ``skill_random_picking``, on the same folds; ``share_wrong_picked`` and
        ``share_any_picked`` of the picks of the policy fitted to all taxa, None without a pick.
    """
    policy = fit(material).fit(data.sample, data.genetic, data.folds)
    picks = policy.picks_
    return {
        "skill_random_picking": skill_on_the_folds(
            lambda: Picked("random", seed=material.seed), data
        ),
        "share_wrong_picked": float(np.isin(picks, WRONG).mean()) if picks else None,
        "share_any_picked": float(np.isin(picks, ANY).mean()) if picks else None,
    }
