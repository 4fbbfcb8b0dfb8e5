"""Sets of the finest taxa against loops, and how often they hold the truth."""

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.conformal import back_off, finest_sets, scores, set_scores, threshold
from phylolens.classification.lineage import ROOT, TaxonTree

RANKS = ("family", "species")


@pytest.fixture(scope="module")
def tree() -> TaxonTree:
    """Families A of three species, B of two, C of none."""
    rows = [("A", "a1"), ("A", "a2"), ("A", "a3"), ("B", "b1"), ("B", "b2"), ("C", None)]
    return TaxonTree.of(pd.DataFrame(rows, columns=list(RANKS)).astype(object), RANKS)


def draw(tree: TaxonTree, n: int, rng: np.random.Generator):
    """Specimens of every tip, named by probabilities that are right on average."""
    chance = rng.dirichlet(np.full(len(tree.tips), 0.4), n)
    truth = np.array([rng.choice(tree.tips, p=row) for row in chance])
    marginals = tree.marginals(chance, tree.tips)
    return marginals, tree.top_down(marginals), truth


def test_against_a_loop(tree):
    marginals, path, truth = draw(tree, 300, np.random.default_rng(1))
    accepted = back_off(tree, marginals, path, 0.4)
    assert set(np.unique(accepted)) == {ROOT, *range(len(tree))}
    found = finest_sets(tree, marginals, path, accepted, 0.7)
    needed = set_scores(tree, marginals, accepted, truth)
    for row, node in enumerate(accepted):
        inside = [tip for tip in tree.tips if node == ROOT or node in tree.path(tip)]
        expected = {
            tip for tip in inside
            if node == ROOT or marginals[row, tip] >= 0.3 or tip == path[row].max()
        }  # fmt: skip
        assert set(tree.tips[found[row]]) == expected
        if node == ROOT:
            assert needed[row] == 0
        elif truth[row] in inside:
            assert needed[row] == 1 - marginals[row, truth[row]]
        else:
            assert needed[row] == np.inf


def test_an_answer_that_ends_early_has_all_below_it(tree):
    marginals = np.zeros((1, len(tree)))
    marginals[0, tree.find("family", "B")] = 1.0  # no species has any probability
    path = tree.top_down(marginals)
    found = finest_sets(tree, marginals, path, path.max(axis=1), 0.1)
    assert tree.labels(tree.tips[found[0]]).tolist() == ["b1", "b2"]


def test_at_infinity_sets_hold_all_within_the_accepted_taxon(tree):
    marginals, path, _ = draw(tree, 50, np.random.default_rng(2))
    accepted = path[:, 0]
    found = finest_sets(tree, marginals, path, accepted, np.inf)
    sizes = {tree.find("family", name): n for name, n in (("A", 3), ("B", 2), ("C", 1))}
    assert found.sum(axis=1).tolist() == [sizes[node] for node in accepted]


@pytest.mark.parametrize("n", [9, 40])
@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_sets_cover_what_they_promise(tree, n, alpha):
    """Calibrated on n specimens, given the accepted taxon: at least 1 - alpha of new ones."""
    rng = np.random.default_rng(3)
    covered = []
    for _ in range(400):
        marginals, path, truth = draw(tree, n + 50, rng)
        needed = scores(tree, marginals, path, truth)[:n]
        accepted = back_off(tree, marginals, path, threshold(needed, alpha))
        deeper = back_off(tree, marginals, path, threshold(needed, alpha, lower=True))
        q = threshold(set_scores(tree, marginals, deeper, truth)[:n], alpha)
        sets = finest_sets(tree, marginals, path, accepted, q)[n:]
        covered.append(sets[np.arange(50), np.searchsorted(tree.tips, truth[n:])].mean())
    error = np.std(covered) / np.sqrt(len(covered))
    assert np.mean(covered) > 1 - alpha - 3 * error
