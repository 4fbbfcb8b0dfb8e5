"""The report says no more than the sources of the images allow."""

from typing import Any

import pytest

from phylolens.report.columns import guided_by_source, possible_confounds
from phylolens.report.sections.signal.confounds import about_confounds, with_confounds
from phylolens.report.sections.signal.tests import Subject, about_tests
from phylolens.report.sections.signal.verdict import Verdict
from phylolens.results.confounds import Confounds, GuideConfound, PossibleConfounds
from phylolens.results.signal import SignalResult

TEST = {"statistic": 1.2, "z": 1.5, "p_value": 0.24}
TOLD = Verdict("yes", "Closely related species look more alike.", "Rest.")
SPECIES = Subject("species", "species", 40)


def column(**more: Any) -> dict[str, Any]:
    return {
        "column": "museum",
        "asked": False,
        "named": True,
        "used": True,
        "constant": 1.0,
        "n_taxa": 40,
        "n_taxa_several_images": 40,
        "n_values": 2,
        "values": [
            {"value": "A", "n_images": 70, "n_taxa": 35},
            {"value": "B", "n_images": 10, "n_taxa": 5},
        ],
        "visual": {"pearson": 0.46, "p_value": 0.002, "same_mean": 0.5, "other_mean": 0.8},
        "phylogeny": {"pearson": 0.01, "p_value": 0.4, "changes": 5, "fewest_changes": 1},
        "coincide": False,
        "within": {"n_moved": 40, "tests": {"lambda_score": TEST}},
        "adjusted": {
            "way": "taxon means",
            "n_taxa_several": 0,
            "removed": 0.14,
            "tests": {"lambda_score": TEST | {"p_value": 0.31}},
        },
        "conclusion": "not within sources",
    } | more


def facts_of(**more: Any):
    one = column(**more)
    found = {"asked": None, "columns": [one], "conclusion": one["conclusion"]}
    return about_confounds(Confounds.model_validate(found), "species")


def judged(told: Verdict, **more: Any) -> Verdict:
    test = {"statistic": 0.22, "p_value": 0.005, "z": 4.1, "n": 40, "n_permutations": 199}
    found = SignalResult.of(
        {"rank": "species", "n_taxa": 40, "primary": "kmult", "tests": {"kmult": test}}
    )
    (first,) = about_tests(found)
    return with_confounds(told, facts_of(**more), SPECIES, first)


def test_a_column_is_told_with_counts_and_figures():
    facts = facts_of()
    (line,) = facts.lines
    assert "(A in 35, B in 5 of 40 species)" in line
    assert (
        "It goes with visual distance (r = 0.46, p = 0.002; mean distance 0.500 within a value"
        in line
    )
    assert "and not with the phylogeny (r = 0.01, p = 0.400)" in line
    assert "whatever history they share included" in line
    (row,) = facts.rows
    assert (row.within, row.adjusted) == (
        "1.20 (z = 1.5, p = 0.240)",
        "1.20 (z = 1.5, p = 0.310)",
    )


def test_without_a_sign_within_sources_the_question_stays_open():
    told = judged(TOLD)
    assert told.kind == "open"
    assert "stays open" in told.claim
    assert "not among species of one “museum”" in told.claim
    assert "their effect taken out: p = 0.310" in told.claim
    assert TOLD.claim not in told.verdict


@pytest.mark.parametrize("kind", ["yes", "open", "no"])
def test_where_sources_are_clades_nothing_can_be_told(kind):
    told = judged(Verdict(kind, "Claim.", "Rest."), coincide=True, conclusion="nothing can be told")
    assert "othing can be told" in told.verdict
    assert "look more alike" not in told.claim


def test_a_finding_that_holds_within_sources_stands():
    told = judged(TOLD, conclusion="holds within sources")
    assert told.kind == "yes"
    assert told.claim == TOLD.claim
    assert told.rest.startswith("Among species of one “museum” visual similarity follows the tree")


def test_it_has_a_caveat_where_sources_are_clades():
    told = judged(TOLD, coincide=True, conclusion="holds within sources")
    assert told.kind == "yes"
    assert (
        "between those of different ones, which are clades, similarity may be that of the source"
        in (told.claim)
    )


def test_what_does_not_go_with_looks_changes_nothing():
    quiet = {"pearson": 0.0, "p_value": 0.5, "same_mean": 1.0, "other_mean": 1.0}
    assert judged(TOLD, used=False, visual=quiet) == TOLD
    facts = facts_of(used=False, visual=quiet)
    assert facts.lines[0].endswith("It was left out of account.")
    assert about_confounds(Confounds(columns=[]), "species") is None
    assert about_confounds(None, "species") is None


def guided(**more: Any) -> GuideConfound:
    return GuideConfound.model_validate(column(**more))


def test_check_and_guide_name_it():
    check = {"asked": None, "columns": [column(), column(named=False)]}
    assert len(possible_confounds(PossibleConfounds.model_validate(check), "species")) == 1
    assert guided_by_source([], "family") == ""
    assert "goes with the clades" in guided_by_source([guided(coincide=True)], "family")
    assert "hardly varies within families" in guided_by_source([guided()], "family")
