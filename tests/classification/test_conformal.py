"""Back-off keeps its promise; scores, thresholds and sets against naive walks."""

from fractions import Fraction
from math import ceil

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.conformal import (
    back_off,
    leaves_below,
    scores,
    threshold,
    units_needed,
    walk,
)
from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.classification.strata import default_mix, mix_weights, strata
from phylolens.errors import InputError

RANKS = ("order", "genus", "species")
TABLE = pd.DataFrame(
    {
        "order": [f"o{x // 6}" for x in range(18)],
        "genus": [f"g{x // 2}" for x in range(18)],
        "species": [f"s{x}" for x in range(18)],
    }
).astype(object)


@pytest.fixture(scope="module")
def tree() -> TaxonTree:
    return TaxonTree.of(TABLE, RANKS)


@pytest.fixture(scope="module")
def answered(tree):
    """Sure and unsure answers, right and wrong, and truths at every depth."""
    rng = np.random.default_rng(4)
    leaves = tree.at_rank("species")
    probabilities = rng.dirichlet(np.full(len(leaves), 0.2), size=300)
    paths = walk(tree, probabilities, leaves)
    own = paths[np.arange(300), rng.integers(0, 3, 300)]  # ancestors of the answer
    truth = np.where(rng.random(300) < 0.5, own, rng.integers(ROOT, len(tree), 300))
    return probabilities, leaves, truth


@pytest.mark.parametrize("how", ["top-down", "argmax-leaf"])
def test_scores_and_cuts_against_a_walk(tree, answered, how):
    probabilities, leaves, truth = answered
    marginals = tree.marginals(probabilities, leaves)
    paths = walk(tree, probabilities, leaves, how)
    found = scores(tree, marginals, paths, truth)
    for q in (0.0, 0.3, 0.8, np.inf):
        accepted = back_off(tree, marginals, paths, q)
        for row in range(len(truth)):
            lineage = set(tree.path(truth[row])) - {ROOT}
            wrong = [node for node in paths[row] if node not in lineage]
            assert found[row] == (marginals[row, wrong[0]] if wrong else 0)
            safe = [node for node in paths[row] if marginals[row, node] > q]
            assert accepted[row] == (safe[-1] if safe else ROOT)
            # What makes the sets conformal: right exactly where the score is within the threshold.
            assert (accepted[row] in {*lineage, ROOT}) == (found[row] <= q)


def test_scores_hold_for_probabilities_that_do_not_nest(tree, answered):
    """Right answers are still those within the threshold, so coverage holds."""
    probabilities, leaves, truth = answered
    paths = walk(tree, probabilities, leaves)
    marginals = np.random.default_rng(0).random((300, len(tree)))
    found = scores(tree, marginals, paths, truth)
    for q in (0.2, 0.5, 0.9):
        right = tree.contains(back_off(tree, marginals, paths, q), truth)
        assert (right == (found <= q)).all()


def test_the_best_leaf_gives_its_own_lineage(tree, answered):
    probabilities, leaves, _ = answered
    paths = walk(tree, probabilities, leaves, "argmax-leaf")
    assert (paths[:, -1] == leaves[probabilities.argmax(axis=1)]).all()
    assert (paths == tree.path(paths[:, -1])).all()


def test_arrays_of_another_tree_are_refused(tree, answered):
    probabilities, leaves, truth = answered
    marginals, paths = tree.marginals(probabilities, leaves), walk(tree, probabilities, leaves)
    with pytest.raises(InputError, match="3 ranks"):
        back_off(tree, marginals[:, 1:], paths, 0.5)
    with pytest.raises(InputError, match="3 ranks"):
        scores(tree, marginals, paths[:, 1:], truth)


def test_threshold_is_the_textbook_order_statistic():
    drawn = np.random.default_rng(1).random(1000)
    for n in (1, 8, 9, 10, 19, 20, 99, 100, 1000):
        for alpha in (0.01, 0.05, 0.1, 0.25, 1 / 3):
            place = ceil((n + 1) * (1 - Fraction(alpha).limit_denominator(100)))
            expected = np.sort(drawn[:n])[place - 1] if place <= n else np.inf
            assert threshold(drawn[:n], alpha) == expected, (n, alpha)


@pytest.mark.parametrize(("alpha", "needed"), [(0.1, 9), (0.05, 19), (0.01, 99)])
def test_too_few_units_make_nothing_safe(alpha, needed):
    assert units_needed(alpha) == needed
    assert np.isfinite(threshold(np.ones(needed), alpha))
    assert threshold(np.ones(needed - 1), alpha) == np.inf
    assert threshold(np.array([]), alpha) == np.inf


def test_weights_act_like_repeated_rows():
    rng = np.random.default_rng(2)
    drawn, times = rng.random(60), rng.integers(1, 5, 60)
    for alpha in (0.1, 0.2, 0.37):
        needed = (1 - alpha) * (times.sum() + times.max())
        repeated = np.sort(np.repeat(drawn, times))
        place = int(np.ceil(needed - 1e-9)) - 1
        expected = repeated[place] if place < len(repeated) else np.inf
        assert threshold(drawn, alpha, times) == expected
        assert threshold(drawn, alpha, times / 7) == expected  # only their ratios matter


def test_a_specimen_counts_once():
    drawn = np.arange(20.0)
    units = np.arange(20)
    many = np.repeat(drawn, 30)
    assert threshold(many, 0.1, units=np.repeat(units, 30)) == threshold(drawn, 0.1) == 18.0
    assert threshold(many, 0.1) == 18.0
    # Eight specimens are too few, however many images there are.
    assert threshold(np.repeat(drawn[:8], 50), 0.1, units=np.repeat(units[:8], 50)) == np.inf
    # One specimen with a hundred bad images does not outweigh nineteen with one.
    uneven = np.append(np.arange(19.0), np.full(100, 99.0))
    assert threshold(uneven, 0.1, units=np.append(units[:19], np.full(100, 19))) == 18.0
    assert threshold(uneven, 0.1) == 99.0


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0])
def test_impossible_levels_are_refused(alpha):
    with pytest.raises(InputError, match="alpha"):
        threshold(np.ones(50), alpha)
    with pytest.raises(InputError, match="NaN"):
        threshold(np.array([0.1, np.nan]), 0.1)


def test_coverage_is_exact_for_exchangeable_scores():
    """P(new score <= q) = ceil((n + 1)(1 - alpha)) / (n + 1) when nothing ties."""
    rng = np.random.default_rng(3)
    drawn = rng.random((4000, 31))
    covered = np.mean([row[-1] <= threshold(row[:-1], 0.1) for row in drawn])
    expected = np.ceil(31 * 0.9) / 31
    assert abs(covered - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000)


def test_nested_sets_hold_the_leaves_below(tree):
    leaves = tree.at_rank("species")
    accepted = np.array([tree.find("genus", "g4"), ROOT, tree.find("species", "s3")])
    marked = leaves_below(tree, accepted, leaves)
    assert tree.labels(leaves[marked[0]]).tolist() == ["s8", "s9"]
    assert marked[1].all()
    assert tree.labels(leaves[marked[2]]).tolist() == ["s3"]


def test_the_lower_threshold_is_that_beside_a_new_unit_below_all():
    rng = np.random.default_rng(6)
    for n in (3, 9, 20):
        drawn = rng.random(n)
        place = int(np.ceil((n + 1) * 0.75))
        beside = sorted([*drawn, -1.0])[place - 1]
        assert threshold(drawn, 0.25, lower=True) == (beside if beside >= 0 else -np.inf)
        assert threshold(drawn, 0.25, lower=True) < threshold(drawn, 0.25)


def test_strata_name_the_coarsest_unknown_rank():
    new = pd.DataFrame(
        [
            ["o0", "g0", "s0"],
            ["o0", "g0", "new"],
            ["o0", "new", "new"],
            ["new", "new", "new"],
            ["o0", "g0", None],
            ["o0", None, "new"],
            ["o0", "new", None],
            [None, None, None],
        ],
        columns=list(RANKS),
    )
    assert strata(TABLE, new, RANKS).tolist() == [
        "known species",
        "unknown species",
        "unknown genus",
        "unknown order",
        "known species",
        "unknown species",
        "unknown genus",
        "no label",
    ]


def test_mixes_share_the_rest_evenly():
    both = np.array(["known species", "unknown genus", "unknown species", "no label"])
    assert default_mix(both) == pytest.approx(
        {"known species": 0.9, "unknown genus": 0.05, "unknown species": 0.05}
    )
    assert default_mix(both[:1]) == {"known species": 1.0}
    assert default_mix(both[1:3]) == {"unknown genus": 0.5, "unknown species": 0.5}


def test_mix_weights_give_strata_their_shares():
    groups = np.array(["a"] * 6 + ["b"] * 2 + ["c"])
    units = np.array([0, 0, 0, 1, 2, 2, 0, 3, 4])  # specimen 0 was asked about twice
    weights = mix_weights(groups, {"a": 0.6, "b": 0.4}, units)
    np.testing.assert_allclose(weights, [1 / 15] * 3 + [0.2] + [0.1] * 2 + [0.2] * 2 + [0])
    with pytest.raises(InputError, match="calibration specimens") as caught:
        mix_weights(groups, {"a": 0.6, "d": 0.4})
    assert caught.value.ids == ("d",)
    with pytest.raises(InputError, match="at least 0"):
        mix_weights(groups, {"a": -1.0})


def test_a_mixed_threshold_covers_the_mixture():
    """Strata of other difficulty than in the calibration's own shares."""
    rng = np.random.default_rng(9)
    shares = {"known": 0.7, "unknown": 0.3}
    covered = []
    for _ in range(1500):
        groups = np.repeat(["known", "unknown"], [90, 30])
        drawn = np.where(groups == "known", rng.random(120), 0.5 + rng.random(120))
        q = threshold(drawn, 0.1, mix_weights(groups, shares))
        new = np.where(rng.random(200) < 0.7, rng.random(200), 0.5 + rng.random(200))
        covered.append((new <= q).mean())
    assert 0.9 - 0.004 <= np.mean(covered) <= 0.93
