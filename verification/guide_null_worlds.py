"""Small worlds of known truth for guided embeddings, and the p-value of held-out skill there.

Trees and traits are drawn here, without the project's own simulator.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from null_worlds import birth_death, coalescent, phylogeny
from skbio import TreeNode

from phylolens.guided import null
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.guided.sample import Sample, to_sample
from phylolens.values import Features

LEVEL = 0.05
IMAGES, WITHIN_SD = 3, 0.3
# Small where hundreds of worlds are needed, larger where a signal is to be seen.
SIZES = {0.0: {"clades": 6, "taxa": 24, "traits": 12}, 1.0: {"clades": 9, "taxa": 30, "traits": 32}}
INNER_FOLDS = {0.0: 2, 1.0: 3}
PART = 5  # refits between two looks at whether the p-value is settled


def clade_tree(clades: int, taxa: int, rng: np.random.Generator) -> tuple[TreeNode, pd.Series]:
    """Clades of two species or more, coalescents each, on a tree of births; ultrametric.

    Returns
    -------
    tree : TreeNode
    clade : Series of str
        Of each tip.
    """
    more = rng.multinomial(taxa - 2 * clades, np.full(clades, 1 / clades))
    tree, clade = birth_death(clades, rng, death=0.0), {}
    oldest = _height(tree) / 2
    for place, stem in enumerate(list(tree.tips())):
        inner = coalescent(2 + int(more[place]), rng)
        height = oldest * rng.uniform(0.3, 1.0)
        factor = height / _height(inner)
        for node in inner.preorder(include_self=False):
            node.length *= factor
        for number, tip in enumerate(inner.tips()):
            tip.name = f"c{place}s{number}"
            clade[tip.name] = f"c{place}"
        stem.length += oldest - height
        stem.extend(list(inner.children))
    return tree, pd.Series(clade)


def _height(tree: TreeNode) -> float:
    return float(next(tree.tips()).distance(tree))


def draw_world(number: int, lambda_: float, stream: int) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Traits under Brownian motion with Pagel's lambda, 0 or 1, seen with error in a few images.

    Returns
    -------
    sample : Sample
    genetic : array, shape (T, T)
    groups : int array, shape (T,)
    """
    rng = np.random.default_rng([61, stream, int(lambda_), number])
    size = SIZES[lambda_]
    tree, clade = clade_tree(size["clades"], size["taxa"], rng)
    genetic, shared = phylogeny(tree)
    names = list(genetic.ids)
    scaled = lambda_ * shared.to_numpy() / shared.to_numpy().max()
    np.fill_diagonal(scaled, 1.0)
    traits = np.linalg.cholesky(scaled) @ rng.normal(size=(len(names), size["traits"]))
    images = np.repeat(traits, IMAGES, axis=0)
    images += WITHIN_SD * rng.normal(size=images.shape)
    ids = [f"{name}/{place}" for name in names for place in range(IMAGES)]
    taxa = pd.Series(np.repeat(names, IMAGES), index=ids)
    features = Features(tuple(ids), images.astype(np.float32), {})
    sample = to_sample(features, taxa, pd.Series(ids, index=ids), names)
    groups = pd.factorize(clade[list(sample.taxa)], sort=True)[0]
    return sample, genetic.filter(sample.taxa).data, groups


def p_of_skill(number: int, learner: str, lambda_: float, refits: int = 99) -> dict[str, float]:
    """Test the held-out skill of one world; every learner has worlds of its own.

    Refits end where the p-value is sure to exceed the level (Besag & Clifford 1991, Biometrika
    78:301): whether it does is the same as after all of them.

    Returns
    -------
    dict
        ``p`` and ``skill``.
    """
    world = draw_world(number, lambda_, stream=sum(map(ord, learner)))
    make = partial(make_learner, learner)
    folds = {"inner_folds": INNER_FOLDS[lambda_]}
    observed = leave_clades_out(make, *world, **folds)
    most = LEVEL * (refits + 1) - 1 + 1e-9  # null skills at or above the observed, at the level
    parts: dict[str, dict[str, Any]] = {}

    def keep(name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name not in parts:
            parts[name] = compute()
        return parts[name]

    with patch.object(null, "CHUNK", PART):
        for done in (*range(PART, refits, PART), refits):
            found = null.null_of_refits(
                make, *world, observed, refits=done, seed=number, keep=keep, **folds
            )
            if found["p_value"] * (done + 1) - 1 > most:
                break
    return {"p": found["p_value"], "skill": skill(observed, world[1])}
