"""Reinforcement: a reward learned from ranked relatives, which is how near taxa are."""

from collections.abc import Callable, Mapping

import numpy as np

from phylolens.guided.learners.inputs import Weights, check_fit, head_places, reduced
from phylolens.guided.sample import Sample
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.squared_places import (
    SquaredPlaces,
    WatchedClades,
    skill_on_the_folds,
    watched_clades,
)
from phylolens.random import stream

COMPONENTS, DIMENSIONS, HIDDEN = 128, 32, 64
QUICK, FULL = 60, 400  # steps
EVERY = 5  # steps between two looks at the clades watched


class RankedRelatives(SquaredPlaces):
    """An embedding whose negative squared distances are the reward that demonstrations imply.

    Learned on the training taxa less some clades first, to find how many steps do best on those
    (none, where the untrained embedding does), then on all of them.

    Parameters
    ----------
    graded : bool
        Whether demonstrators are of all degrees of skill; else they visit taxa at random.
    steps : int
        At most.
    seed : int

    Attributes
    ----------
    watched_ : list of float
        Skill on the clades watched, before the first step and after every fifth.
    """

    def __init__(self, *, graded: bool = True, steps: int = QUICK, seed: int = 0) -> None:
        self.graded, self.steps, self.seed = graded, steps, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "RankedRelatives":
        """Learn; see :class:`phylolens.guided.learners.base.Learner`.

        With fewer than two clades nothing can be watched, and half of ``steps`` are taken.
        """
        check_fit(sample, genetic, groups)
        self._map = reduced(sample, COMPONENTS, stream(self.seed, "paradigms.preferences", 0))
        rows = self._map(sample.matrix())
        self.watched_: list[float] = []
        best = self.steps // 2
        watched = watched_clades(sample, genetic, groups)
        if watched is not None:
            best = EVERY * self._best(rows, watched)
        self.weights_, _ = self._learned(rows, sample, genetic, best)
        self._remember(sample)
        return self

    def _best(self, rows: np.ndarray, watched: WatchedClades) -> int:
        def watch(weights: Weights) -> float:
            embedded = head_places(rows, weights).astype(np.float64)
            return watched.skill(watched.whole.average(embedded))

        _, self.watched_ = self._learned(
            rows[watched.rows], watched.sample, watched.genetic, self.steps, watch
        )
        return int(np.argmax(self.watched_))

    def _learned(
        self,
        rows: np.ndarray,
        sample: Sample,
        genetic: np.ndarray,
        steps: int,
        watch: Callable[[Weights], float] | None = None,
    ) -> tuple[Weights, list[float]]:
        from phylolens.embedding.threads import one_thread
        from phylolens.guided.learners.metric_head import first_weights
        from phylolens.paradigms.preferences import Course, learn_reward

        rng = stream(self.seed, "paradigms.preferences", 1)
        width = rows.shape[1]
        first = first_weights(width, min(DIMENSIONS, width), HIDDEN, rng)
        course = Course(steps=steps, every=EVERY, graded=self.graded)
        with one_thread():
            return learn_reward(rows, sample.weights, genetic, first, course, rng, watch)


def _fit(material: Material, graded: bool = True) -> RankedRelatives:
    steps = QUICK if material.quick else FULL
    return RankedRelatives(graded=graded, steps=steps, seed=material.seed)


def _beside_random(material: Material, data: BenchData) -> Mapping[str, float | None]:
    """Judge the same reward learned from demonstrators who visit taxa at random."""
    found = skill_on_the_folds(lambda: _fit(material, graded=False), data)
    return {"skill_random_picking": found}


METHODS = (
    Method(
        name="t-rex",
        cell="reinforcement/policies",
        fit=_fit,
        sees="tree",
        about="A reward learned from ranked lists of relatives, by how near they are "
        "(T-REX, Brown et al. 2019).",
        packages=("torch",),
        extra="torch",
        cost="moderate",
        note="the same reward learned from lists drawn at random is its own figure, "
        "skill_random_picking: only what is above it is due to skilled demonstrators; in simulated "
        "worlds random lists did better",
        more=_beside_random,
    ),
)
