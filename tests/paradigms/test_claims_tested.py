"""Claims are found, tested after their method was judged, and kept with its row."""

from dataclasses import replace

import pytest

from phylolens.errors import InputError
from phylolens.paradigms import choose_methods, claims_tested, run_bench
from phylolens.paradigms.claim import Claim, Verdict
from phylolens.paradigms.claims_tested import claims, judge_with_claims
from phylolens.paradigms.evaluate import Refits
from phylolens.paradigms.registry import registered

COSINE = choose_methods(["cosine"])[0]
ROWS = {
    "triplet": 1,
    "arcface": 1,
    "simclr": 1,
    "swav": 1,
    "prototypes": 1,
    "k-means": 1,
    "t-sne": 1,
    "cosine": 2,
    "finetune-blocks": 1,
}


def given(monkeypatch, test):
    claim = Claim("c", "cosine", "It is so.", test)
    monkeypatch.setattr(claims_tested, "claims", lambda: {"c": claim})


def test_each_claim_of_the_study_is_found():
    found = [claim.method for claim in claims().values()]
    assert {name: found.count(name) for name in found} == ROWS


@pytest.mark.parametrize("method", ROWS)
def test_claims_belong_to_a_row(method):
    if method not in registered():
        pytest.skip("the bench has no such method yet")
    assert registered()[method].name == method


def test_a_claim_is_a_sentence():
    with pytest.raises(ValueError, match="a claim is a sentence"):
        Claim("c", "cosine", "No sentence", lambda material, data: Verdict("holds", ""))


def test_a_row_has_its_claims(related):
    data, material = related
    found = run_bench([COSINE], material, data, refits=0)
    row = found.methods[0]
    assert [one.name for one in row.claims] == ["cosine-magnitude", "cosine-noise"]
    assert row.claims[0].holds == "holds"
    assert (row.claim, row.claim_holds, row.claim_figure) == (
        row.claims[0].text,
        row.claims[0].holds,
        row.claims[0].figure,
    )
    assert row.claims_hold == f"holds; {row.claims[1].holds}"
    assert list(found.table()["claims_hold"]) == [row.claims_hold]
    table = found.claims()
    assert list(table["method"]) == ["cosine", "cosine"]
    assert list(table["figure"]) == [one.figure for one in row.claims]


def test_a_row_without_claims_stays_as_it_was(related):
    data, material = related
    row = judge_with_claims(choose_methods(["euclidean"])[0], material, data, Refits(0))
    assert "claim" not in row
    found = run_bench(choose_methods(["euclidean"]), material, data, refits=0)
    assert found.methods[0].claims_hold is None
    assert found.claims().empty


def test_claims_are_kept_with_their_row(related, monkeypatch):
    data, material = related
    asked, kept = [], {}

    def test(material, data):
        asked.append(material.seed)
        return Verdict("holds", "1", {"d": 1.0})

    def keep(name, make):
        if name not in kept:
            kept[name] = make()
        return kept[name]

    given(monkeypatch, test)
    for _ in range(2):
        found = run_bench([COSINE], material, data, refits=0, keep=keep)
    assert len(asked) == 1
    assert found.methods[0].claims[0].values == {"d": 1.0}


def test_of_a_method_that_cannot_run_nothing_can_be_said(related, monkeypatch):
    data, material = related
    given(monkeypatch, lambda material, data: pytest.fail("it was tested"))
    row = judge_with_claims(replace(COSINE, cost="costly"), material, data, Refits(0))
    assert row["claim_holds"] == "cannot be said"
    assert row["claim_figure"] == "not tested: takes too long for this budget: --budget full"
    assert row["claims"][0]["values"] == {}


def test_an_experiment_that_cannot_be_made_says_why(related, monkeypatch):
    data, material = related

    def test(material, data):
        raise InputError("too few images.", hint="Give more.")

    given(monkeypatch, test)
    row = judge_with_claims(COSINE, material, data, Refits(0))
    assert row["status"] == "done"
    assert row["claim_holds"] == "cannot be said"
    assert row["claim_figure"] == "not tested: too few images. Give more."
