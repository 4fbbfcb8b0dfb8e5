"""Contradictions between ranks, counted row by row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from phylolens.classification.consistency import (
    consistency_summary,
    contradicted,
    contradictions,
    names_at_ranks,
)
from phylolens.classification.lineage import TaxonTree

RANKS = ("order", "family", "species")
TABLE = pd.DataFrame(
    [
        ["O1", "F1", "a"],
        ["O1", "F1", "b"],
        ["O1", "F2", "c"],
        ["O2", "F3", "d"],
        ["O2", None, "e"],
    ],
    columns=list(RANKS),
).astype(object)


@pytest.fixture(scope="module")
def tree() -> TaxonTree:
    return TaxonTree.of(TABLE, RANKS)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (["O1", "F1", "a"], False),
        (["O1", "F1", "c"], True),  # another family of the same order
        (["O2", "F1", "a"], True),
        (["O2", None, "a"], True),  # though the rank between is missing
        (["O1", None, None], False),
        ([None, None, None], False),
        (["O2", "F3", "e"], False),  # nobody knows the family of e
        (["O1", "F3", "e"], True),
        (["O1", "F1", "new"], False),
        (["new", "F1", "a"], False),
    ],
)
def test_single_rows(tree, row, wrong):
    assert contradicted(pd.DataFrame([row], columns=list(RANKS)), tree).tolist() == [wrong]


def test_random_answers_against_a_loop(tree):
    rng = np.random.default_rng(0)
    answers = pd.DataFrame(
        {rank: rng.choice(TABLE[rank].dropna().unique(), 500) for rank in RANKS}
    ).astype(object)
    parents = {
        row.species: {"order": row.order, "family": row.family} for row in TABLE.itertuples()
    } | {row.family: {"order": row.order} for row in TABLE.dropna().itertuples()}
    naive = []
    for row in answers.to_dict("records"):
        wrong = parents[row["family"]]["order"] != row["order"]
        for rank in ("order", "family"):
            above = parents[row["species"]][rank]
            wrong |= pd.notna(above) and above != row[rank]
        naive.append(wrong)
    assert contradicted(answers, tree).tolist() == naive
    assert contradictions(answers, tree) == np.mean(naive)
    assert 0 < np.mean(naive) < 1


@pytest.fixture(scope="module")
def ways(tree):
    """Answers of one set of leaf probabilities, and of ranks by themselves."""
    rng = np.random.default_rng(1)
    leaves = tree.at_rank("species")
    true = rng.integers(0, 5, 400)
    logits = rng.normal(size=(400, 5)) * 1.5 + np.eye(5)[true]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    marginals = tree.marginals(probabilities, leaves)
    alone = {rank: rng.choice(TABLE[rank].dropna(), 400) for rank in RANKS}
    answers = {
        "independent": pd.DataFrame(alone).astype(object),
        "summed": names_at_ranks(tree, tree.best(marginals)),
        "top_down": names_at_ranks(tree, tree.top_down(marginals)),
    }
    return answers, TABLE.iloc[true].reset_index(drop=True)


def test_a_walk_never_contradicts_itself(tree, ways):
    answers, truth = ways
    found = consistency_summary(answers, truth, tree).to_dict()
    assert found["top_down"]["contradictions"] == 0
    assert 0 < found["summed"]["contradictions"] < found["independent"]["contradictions"]
    assert found["n"] == 400
    assert found["ranks"] == list(RANKS)


def test_scores_of_each_way(tree, ways):
    answers, truth = ways
    found = consistency_summary(answers, truth, tree).to_dict()
    for way, table in answers.items():
        for rank in RANKS:
            known = truth[rank].notna()
            one, two = truth[rank][known].astype(str), table[rank][known].fillna("").astype(str)
            scores = found[way]["scores"][rank]
            assert scores["accuracy"] == (one == two).mean()
            assert scores["macro_f1"] == pytest.approx(f1_score(one, two, average="macro"))


def test_only_ranks_that_every_way_answers_are_compared(tree, ways):
    answers, truth = ways
    fewer = answers | {"independent": answers["independent"][["order", "family"]]}
    assert consistency_summary(fewer, truth, tree).to_dict()["ranks"] == ["order", "family"]
