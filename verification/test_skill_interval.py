"""Does the interval of the skill hold the mean skill of other traits on the same tree?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. The same of traits on other trees
is printed, not asked for: trees differ by more than clades of one tree tell.
"""

import numpy as np
import pandas as pd
import pytest
from guide_null_worlds import clade_tree
from null_worlds import phylogeny

from phylolens.guided.by_clade import skill_interval
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners import make_learner
from phylolens.guided.sample import to_sample
from phylolens.values import Features

TREES, DRAWS, TRAITS, IMAGES = 8, 40, 24, 3
LEAST = 0.9


def drawn(tree, clade, lambda_, rng):
    """Skill and its interval of traits that evolve along a tree."""
    genetic, shared = phylogeny(tree)
    names = list(genetic.ids)
    covariance = lambda_ * shared.to_numpy() / shared.to_numpy().max()
    np.fill_diagonal(covariance, 1.0)
    traits = np.linalg.cholesky(covariance) @ rng.normal(size=(len(names), TRAITS))
    images = np.repeat(traits, IMAGES, axis=0)
    images += 0.3 * rng.normal(size=images.shape)
    ids = [f"{name}/{place}" for name in names for place in range(IMAGES)]
    features = Features(tuple(ids), images.astype(np.float32))
    owner = pd.Series(np.repeat(names, IMAGES), index=ids)
    sample = to_sample(features, owner, pd.Series(ids, index=ids), names)
    distances = genetic.filter(sample.taxa).data
    groups = pd.factorize(clade[list(sample.taxa)], sort=True)[0]
    found = leave_clades_out(
        lambda: make_learner("phylo-ridge"), sample, distances, groups, inner_folds=3
    )
    interval = skill_interval(found.guided, found.image_free, distances, groups)
    return [skill(found, distances), *interval]


@pytest.mark.parametrize(("clades", "taxa"), [(5, 20), (8, 30), (12, 60)])
@pytest.mark.parametrize("lambda_", [1.0, 0.6, 0.0])
def test_it_holds_the_mean_of_other_traits_on_the_same_tree(clades, taxa, lambda_):
    rng = np.random.default_rng([65, clades, int(10 * lambda_)])
    trees = [clade_tree(clades, taxa, rng) for _ in range(TREES)]
    found = np.array([[drawn(*tree, lambda_, rng) for _ in range(DRAWS)] for tree in trees])
    skills, low, high = np.moveaxis(found, 2, 0)
    own, all_ = skills.mean(axis=1, keepdims=True), skills.mean()
    share, others = (float(((low <= mean) & (mean <= high)).mean()) for mean in (own, all_))
    print(
        f"{clades} clades, lambda {lambda_}: held in {share:.3f} on the same tree, {others:.3f} "
        f"on {TREES} trees; wholly above zero in {(low > 0).mean():.3f}"
    )
    assert share >= LEAST
    if lambda_ == 0.0:
        assert (low > 0).mean() <= 0.05
