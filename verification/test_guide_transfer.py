"""Are tests right that permute taxa which a guided embedding has not seen?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. What ``phylolens signal`` says of
such taxa: in worlds whose traits know nothing of the tree, a twentieth of p-values are 0.05 or less
where the embedding was fitted to other clades. Where it was fitted to the taxa compared, nearly
all are.
"""

from functools import partial
from typing import Any

import numpy as np
import pytest
from guide_null_worlds import LEVEL, draw_world
from null_worlds import in_worlds
from scipy.stats import binom
from skbio import DistanceMatrix

from phylolens.guided.held_out import taxon_places
from phylolens.guided.learners import make_learner
from phylolens.stats import mantel

WORLDS, PERMUTATIONS = 400, 199


def p_of_mantel(number: int, *, learner: str, unseen: bool) -> dict[str, Any]:
    """Fit to every other clade; compare the rest, or the taxa of the fit."""
    sample, genetic, groups = draw_world(number, 0.0, stream=77)
    fitted = np.flatnonzero(groups % 2 == 0)
    compared = np.flatnonzero(groups % 2 == 1) if unseen else fitted
    model = make_learner(learner).fit(
        sample.take(fitted), genetic[np.ix_(fitted, fitted)], groups[fitted]
    )
    places = taxon_places(model, sample.take(compared))
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    found = mantel(
        DistanceMatrix((apart + apart.T) / 2),
        DistanceMatrix(genetic[np.ix_(compared, compared)]),
        permutations=PERMUTATIONS,
        seed=number,
    )
    return {"p": found.p_value}


@pytest.mark.parametrize("learner", ["phylo-ridge", "gp"])
def test_taxa_no_fit_has_seen_keep_the_level(learner):
    world = partial(p_of_mantel, learner=learner, unseen=True)
    found = in_worlds(world, range(WORLDS))
    count = int((found["p"] <= LEVEL + 1e-12).sum())
    print(f"{learner}, unseen: p <= 0.05 in {count} of {WORLDS} worlds ({count / WORLDS:.3f})")
    fewest, most = binom.ppf([0.001, 0.999], WORLDS, LEVEL)
    assert fewest <= count <= most


def test_taxa_of_the_fit_do_not():
    world = partial(p_of_mantel, learner="phylo-ridge", unseen=False)
    found = in_worlds(world, range(40))
    share = float((found["p"] <= LEVEL).mean())
    print(f"phylo-ridge, of the fit: p <= 0.05 in {share:.2f} of worlds")
    assert share > 0.8
