"""What the summary says is what a count over the specimens gives."""

import json

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.conformal import back_off, scores, threshold, walk
from phylolens.classification.coverage import Tested, conformal_summary, guarantee
from phylolens.classification.lineage import ROOT, TaxonTree
from phylolens.errors import InputError

RANKS = ("order", "species")
TABLE = pd.DataFrame({"order": list("AAAABBBB"), "species": list("stuvwxyz")}).astype(object)
FEW = {"mixed": 9, "known_only": 9}
MIX = {"known species": 0.8, "unknown species": 0.2}
N = 400


@pytest.fixture(scope="module")
def tree() -> TaxonTree:
    return TaxonTree.of(TABLE, RANKS)


@pytest.fixture(scope="module")
def tested(tree) -> Tested:
    """Known species are mostly answered rightly; of unknown ones the truth is the order."""
    rng = np.random.default_rng(0)
    leaves = tree.at_rank("species")
    true = rng.integers(0, 8, N)
    logits = rng.normal(size=(N, 8)) + 2.5 * np.eye(8)[true]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    unknown = rng.random(N) < 0.4
    truth = np.where(unknown, tree.path(leaves[true])[:, 0], leaves[true])
    return Tested(
        tree.marginals(probabilities, leaves),
        walk(tree, probabilities, leaves),
        truth,
        np.where(unknown, "unknown species", "known species"),
        np.array([f"s{unknown[row]}{row // 3}" for row in range(N)]),  # up to three images
    )


@pytest.fixture(scope="module")
def summary(tree, tested):
    return conformal_summary(
        tree,
        tested,
        alpha=0.1,
        mix=MIX,
        thresholds={"mixed": 0.6, "known_only": 0.5},
        n_calibration={"mixed": 50, "known_only": 40},
    ).to_dict()


def counted(tree, tested, q, stratum):
    """Mean over specimens of the share of their images that are right, or at a rank."""
    accepted = back_off(tree, tested.marginals, tested.path, q)
    frame = pd.DataFrame({"specimen": tested.specimens, "stratum": tested.strata})
    frame["right"] = [
        node == ROOT or node in tree.path(truth)
        for node, truth in zip(accepted, tested.truth, strict=True)
    ]
    frame["rank"] = ["none" if k == ROOT else tree.name(k).split(":")[0] for k in accepted]
    frame = frame[frame["stratum"] == stratum]
    ranks = pd.crosstab(frame["specimen"], frame["rank"], normalize="index").mean()
    return frame.groupby("specimen")["right"].mean(), ranks


def test_every_stratum_is_counted_by_specimen(tree, tested, summary):
    for found, q in ((summary, 0.6), (summary["known_only"], 0.5)):
        for stratum in MIX:
            right, ranks = counted(tree, tested, q, stratum)
            block = found["by_stratum"][stratum]
            assert block["n"] == len(right)
            assert block["coverage"] == pytest.approx(right.mean())
            assert block["resolved_at"] == pytest.approx(
                {rank: ranks.get(rank, 0.0) for rank in (*RANKS, "none")}
            )


def test_the_headline_has_the_shares_of_the_mix(summary):
    parts = summary["by_stratum"]
    expected = sum(share * parts[name]["coverage"] for name, share in MIX.items())
    assert summary["coverage"] == pytest.approx(expected)
    for rank in (*RANKS, "none"):
        expected = sum(share * parts[name]["resolved_at"][rank] for name, share in MIX.items())
        assert summary["resolved_at"][rank] == pytest.approx(expected)
    assert sum(summary["resolved_at"].values()) == pytest.approx(1)
    alone = summary["known_only"]
    assert alone["coverage"] == pytest.approx(alone["by_stratum"]["known species"]["coverage"])
    assert alone["mix"] == {"known species": 1.0}
    low, high = summary["interval"]
    assert low < summary["coverage"] < high
    json.dumps(summary, allow_nan=False)


def test_a_threshold_of_infinity_resolves_nothing(tree, tested):
    found = conformal_summary(
        tree,
        tested,
        alpha=0.1,
        mix=MIX,
        thresholds={"mixed": np.inf, "known_only": np.inf},
        n_calibration={"mixed": 5, "known_only": 4},
    ).to_dict()
    assert found["threshold"] is None
    assert found["resolved_at"] == {"order": 0, "species": 0, "none": 1}
    assert found["coverage"] == 1  # silence is never wrong, and the shares resolved say so
    assert "Nothing is promised" in found["guarantee"]
    assert "at least 9" in found["guarantee"]
    json.dumps(found, allow_nan=False)


def test_strata_not_tested_are_left_out_of_the_figures_on_top(tree, tested):
    rows = tested.strata == "known species"
    parts = (tested.marginals, tested.path, tested.truth, tested.strata, tested.specimens)
    known = Tested(*(part[rows] for part in parts))
    options = {"mixed": 0.6, "known_only": 0.6}
    found = conformal_summary(
        tree, known, alpha=0.1, mix=MIX, thresholds=options, n_calibration=FEW
    ).to_dict()
    assert set(found["by_stratum"]) == {"known species"}
    assert found["coverage"] == pytest.approx(found["by_stratum"]["known species"]["coverage"])


def test_calibrated_on_one_half_it_covers_the_other(tree, tested):
    half = np.arange(N) < N // 2
    needed = scores(tree, tested.marginals, tested.path, tested.truth)
    q = threshold(needed[half], 0.2, units=tested.specimens[half])
    parts = (tested.marginals, tested.path, tested.truth, tested.strata, tested.specimens)
    other = Tested(*(part[~half] for part in parts))
    both = {"mixed": q, "known_only": q}
    found = conformal_summary(
        tree, other, alpha=0.2, mix=MIX, thresholds=both, n_calibration=FEW
    ).to_dict()
    assert found["by_stratum"]["unknown species"]["coverage"] < 0.8
    assert 0.7 < np.mean(needed[~half] <= q) < 0.9


def test_uneven_arrays_are_refused(tested):
    with pytest.raises(InputError, match="one row an image"):
        Tested(tested.marginals, tested.path[1:], tested.truth, tested.strata, tested.specimens)


def test_the_guarantee_says_what_it_leaves_out():
    alone = guarantee(0.1, {"known species": 1.0}, 80, 0.5)
    assert "90%" in alone
    assert "covers only taxa the model was trained on" in alone
    mixed = guarantee(0.05, MIX, 80, 0.5)
    assert "95%" in mixed
    assert "unknown species 20.0%" in mixed
    assert "does not hold for each of these groups" in mixed
