"""Probabilities of branches are what they say, and nothing is claimed where looks say nothing."""

import numpy as np
import pandas as pd
import pytest

from phylolens.placement.assessment import DEFAULT, Assessed, assess, true_clades
from phylolens.placement.choice import METHODS, PRIOR, WITHOUT_IMAGES, ChoiceModel
from phylolens.placement.evidence import KINDS
from phylolens.placement.posterior import Posterior
from phylolens.placement.scores import scores_by_depth
from phylolens.placement.set_levels import SetLevels, probability_needed
from phylolens.placement.verdict import Rules, rules_of
from phylolens.results.placement import BEST, NEAREST, RANDOM


@pytest.fixture(scope="module")
def assessed(related) -> Assessed:
    return assess(related[1])


def test_every_pseudo_unknown_is_placed_by_every_method(assessed, related):
    names = {*METHODS, DEFAULT, WITHOUT_IMAGES, NEAREST, RANDOM, BEST}
    assert set(assessed.rows["method"]) == names
    for name in names:
        for depth in assessed.depths:
            assert assessed.of(name, depth)["taxon"].tolist() == list(range(len(related[0])))


def test_related_looks_beat_guessing_and_the_nearest_taxon(assessed):
    scores = scores_by_depth(assessed)
    for depth in ("species", "genus"):
        own = scores[depth]
        assert own[DEFAULT].log_share > own[WITHOUT_IMAGES].log_share + 0.5
        assert own[DEFAULT].excess_of_nearest < 1
        assert own[BEST].mean_excess == 0
        assert own[RANDOM].mean_excess > own[DEFAULT].mean_excess
    assert 0.78 <= np.mean([scores[d][DEFAULT].coverage90 for d in scores]) <= 0.99
    assert 0.8 <= np.mean([scores[d][DEFAULT].coverage90_told for d in scores]) <= 0.98
    rules = rules_of(assessed, DEFAULT)
    assert "species" in rules.helped
    assert rules.thresholds


def test_looks_that_say_nothing_claim_nothing(unrelated):
    found = assess(unrelated[1], ("brownian",))
    rules = rules_of(found, "brownian")
    assert rules.helped == ()
    assert rules.thresholds == {}
    scores = scores_by_depth(found)["species"]
    assert scores["brownian"].log_share < scores[WITHOUT_IMAGES].log_share + 0.15


def test_the_choice_is_at_the_maximum_of_its_likelihood(related):
    """Against the gradient by differences, of one depth written out."""
    _, folds = related
    own = [fold for fold in folds if fold.depth == "species"]
    used = METHODS["brownian"]
    model = ChoiceModel.fit(own, used)
    places = [KINDS.index(kind) for kind in used]
    scales = np.mean([fold.evidence.kinds[:, :, places].std(axis=1).mean(axis=0) for fold in own],
                     axis=0)  # fmt: skip

    def likelihood(weights: np.ndarray) -> float:
        total = -0.1 * float(((weights * scales) ** 2).sum())
        for fold in own:
            for row, branch in enumerate(fold.branches):
                if branch >= 0:
                    scores = fold.evidence.kinds[row][:, places].astype(float) @ weights
                    total += scores[branch] - np.log(np.exp(scores - scores.max()).sum())
                    total -= scores.max()
        return total

    best = model.weights[0, places]
    top = likelihood(best)
    for place in range(len(places)):
        for step in (-0.05, 0.05):
            moved = best.copy()
            moved[place] += step / max(scales[place], 1e-9)
            assert likelihood(moved) < top + 1e-3


def test_a_fold_is_placed_without_its_taxa(related):
    """Wrong answers about a fold's taxa, at any depth, do not change the model that places it."""
    from dataclasses import replace

    _, folds = related
    apart = folds[0].taxa
    lied = []
    for fold in folds:
        branches = fold.branches.copy()
        branches[np.isin(fold.taxa, apart)] = 0
        lied.append(replace(fold, branches=branches))
    first, second = (ChoiceModel.fit(one, PRIOR, without=apart) for one in (folds, lied))
    assert np.array_equal(first.weights, second.weights)
    assert not np.array_equal(ChoiceModel.fit(folds, PRIOR).weights, first.weights)


def test_depths_are_likelier_where_they_fit(related):
    _, folds = related
    model = ChoiceModel.fit(folds, METHODS["calibrated"])
    shares = {
        depth: np.concatenate([model.depth_shares(f.evidence) for f in folds if f.depth == depth])
        for depth in model.depths
    }
    assert np.concatenate(list(shares.values())).sum(axis=1) == pytest.approx(1)
    family = model.depths.index("family")
    assert shares["family"][:, family].mean() > shares["species"][:, family].mean()


def test_sets_hold_what_they_should():
    logs = np.log(np.array([[0.5, 0.3, 0.2], [0.1, 0.45, 0.45]]))
    assert probability_needed(logs, np.array([1, 0])) == pytest.approx([0.8, 1.0])
    assert probability_needed(logs, np.array([0, 1])) == pytest.approx([0.5, 0.9])
    levels = SetLevels(("species",), {0.5: np.array([0.4]), 0.9: np.array([0.95])})
    assert levels.of(0.9) == 0.9
    assert levels.of(0.9, "species") == 0.95


def test_ties_are_in_the_set_together(related):
    _, folds = related
    points = folds[0].evidence.points
    shares = np.zeros((1, len(points.branches)))
    shares[0, :4] = [0.5, 0.2, 0.15, 0.15]
    inside = np.full((1, len(points.branch)), 1 / points.per_branch)
    found = Posterior(folds[0].reference, points, shares, inside).credible(0.8)
    assert sorted(found[0]) == [0, 1, 2, 3]


def test_clades_by_the_tree(related):
    """Mass in a clade and on its stem, against a walk over the branches."""
    _, folds = related
    fold = folds[0]
    tree, points = fold.reference.branches, fold.evidence.points
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(len(tree)), size=2)
    inside = np.full((2, len(points.branch)), 1 / points.per_branch)
    clades = Posterior(fold.reference, points, shares, inside).clade_shares()
    column = fold.reference.lineage["genus"]
    for place, name in enumerate(clades["genus"].taxa):
        members = set(column.index[column == name])
        nodes = [n for n in range(len(tree))
                 if set(tree.taxa[slice(*tree.spans[n])]) <= members]  # fmt: skip
        stem = max(nodes, key=lambda n: tree.spans[n][1] - tree.spans[n][0])
        crown = [node for node in nodes if node != stem]
        assert clades["genus"].crown[:, place] == pytest.approx(shares[:, crown].sum(axis=1))
        assert clades["genus"].stem[:, place] == pytest.approx(shares[:, stem])
    truths = true_clades(fold)["genus"]
    for row, branch in enumerate(fold.branches):
        name = truths[row]
        below = set(tree.taxa[slice(*tree.spans[branch])]) if branch >= 0 else set()
        members = set(column.index[column == name])
        assert (below <= members) == bool(name) if branch >= 0 else name == ""


def test_thresholds_need_enough_right_claims():
    n = 40
    share = np.linspace(0.5, 1, n)
    rows = pd.DataFrame(
        {
            "method": DEFAULT,
            "depth": "species",
            "taxon": range(n),
            "clade": range(n),
            "error": 0.0,
            "share_genus": share,
            "named_genus": share > 0.9,
        }
    )
    guess = rows.assign(method=WITHOUT_IMAGES, error=5.0)
    found = rules_of(Assessed(pd.concat([rows, guess])), DEFAULT, certainty=0.8)
    assert isinstance(found, Rules)
    assert found.helped == ("species",)
    threshold = found.thresholds["genus"]
    claims = share >= threshold
    assert (share > 0.9)[claims].mean() >= 0.8
    worse = guess.assign(error=0.0)
    nothing = rules_of(Assessed(pd.concat([rows, worse])), DEFAULT, certainty=0.8)
    assert nothing.thresholds == {}
