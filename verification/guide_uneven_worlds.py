"""Worlds without signal in which numbers of images follow the clades, and the p of held-out skill.

A simulator of its own: random joining of clades, traits that know nothing of them. The project's
worlds are not used.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.guided.null import null_of_refits
from phylolens.guided.sample import Sample, to_sample
from phylolens.values import Features

CLADES, TRAITS, REFITS, FOLDS = 8, 10, 19, 3
WITHIN_SD = 1.5  # of images about their taxon, in units of the spread of taxa


def joined(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Distances of 32 taxa in 8 clades that join at random, and the clade of each."""
    sizes = 2 + rng.multinomial(16, np.full(CLADES, 1 / CLADES))
    groups = np.repeat(np.arange(CLADES), sizes)
    between = np.zeros((CLADES, CLADES))
    heaps, age = [[clade] for clade in range(CLADES)], 1.0
    while len(heaps) > 1:
        age += rng.exponential(2.0 / len(heaps))
        first, second = rng.choice(len(heaps), 2, replace=False)
        for one in heaps[first]:
            for other in heaps[second]:
                between[one, other] = between[other, one] = 2 * age
        heaps = [heap for place, heap in enumerate(heaps) if place not in (first, second)] + [
            heaps[first] + heaps[second]
        ]
    crown = rng.uniform(0.2, 0.9, CLADES)
    genetic = between[np.ix_(groups, groups)]
    same = groups[:, None] == groups
    genetic[same] = (2 * crown[groups][:, None] * np.ones(len(groups)))[same]
    np.fill_diagonal(genetic, 0.0)
    return genetic, groups


def uneven_world(number: int) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Taxa of independent traits; one or two images in half of the clades, up to twelve elsewhere.

    Those with few are drawn at random, or, in worlds of odd numbers, stand farthest from others.
    """
    rng = np.random.default_rng([71, number])
    genetic, groups = joined(rng)
    few = rng.permutation(CLADES) < CLADES // 2
    if number % 2:
        apart = [genetic[np.ix_(groups == k, groups != k)].mean() for k in range(CLADES)]
        few = np.argsort(np.argsort(apart)) >= CLADES // 2
    sizes = np.where(few[groups], rng.integers(1, 3, len(groups)), rng.integers(6, 13, len(groups)))
    means = rng.normal(size=(len(groups), TRAITS))
    codes = np.repeat(np.arange(len(groups)), sizes)
    images = means[codes] + WITHIN_SD * rng.normal(size=(len(codes), TRAITS))
    names = [f"T{place:02}" for place in range(len(groups))]
    ids = tuple(f"i{place:04}" for place in range(len(codes)))
    taxa = pd.Series([names[code] for code in codes], index=ids)
    features = Features(ids, images.astype(np.float32))
    return to_sample(features, taxa, pd.Series(ids, index=ids), names), genetic, groups


def p_of_uneven(number: int, learner: str) -> dict[str, Any]:
    """Test the held-out skill of one world."""
    sample, genetic, groups = uneven_world(number)
    make = partial(make_learner, learner)
    observed = leave_clades_out(make, sample, genetic, groups, inner_folds=FOLDS)
    found = null_of_refits(
        make, sample, genetic, groups, observed, refits=REFITS, inner_folds=FOLDS, seed=number
    )
    return {
        "p": found["p_value"],
        "skill": skill(observed, genetic),
    }
