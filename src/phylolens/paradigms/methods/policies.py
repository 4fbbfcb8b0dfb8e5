"""Reinforcement: policies that pick the triplets that a metric head is trained on."""

from functools import partial

from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.paradigms.picked import Picked, beside_random

QUICK, FULL = 160, 4000  # picks that a policy learns from
NOTE = (
    "the same head on triplets taken at random is its own figure, skill_random_picking: only what "
    "is above it is the policy's doing; in simulated worlds random picking did better"
)


def _fit(material: Material, picker: str) -> Picked:
    return Picked(picker, steps=QUICK if material.quick else FULL, seed=material.seed)


METHODS = tuple(
    Method(
        name=name,
        cell="reinforcement/policies",
        fit=partial(_fit, picker=name),
        sees="tree",
        about=about,
        packages=("gymnasium", "stable_baselines3"),
        extra="rl",
        cost="moderate",  # the library draws from global generators: no refits in threads
        note=NOTE,
        more=partial(beside_random, fit=partial(_fit, picker=name)),
    )
    for name, about in (
        (
            "ppo",
            "Triplets picked by a policy of PPO (Schulman et al. 2017), for the gain in skill.",
        ),
        ("dqn", "Triplets picked by a deep Q-network (Mnih et al. 2015), for the gain in skill."),
    )
)
