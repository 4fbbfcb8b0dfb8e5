"""The interval of the skill, and what needs no image either, in words and in the table."""

import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.thumbnails import Album

TAXA = [f"{letter}idae" for letter in "ABCDEFGHIJKL"]


def judged(make_guided, interval=None, free=None):
    def edit(found):
        for own in (found, found["learners"]["phylo-ridge"]):
            own["held_out"]["skill_interval"] = interval
        if free is not None:
            found["baselines"]["other_clades"] = {"skill": free, "pearson": 0.6, "mse": 420.0}

    return summarize(make_guided(TAXA, edit))["guide"]["judged"]


def test_the_interval_stands_beside_the_skill(make_guided):
    found = judged(make_guided, [0.051, 0.462])
    assert "skill 0.29 (jackknife over orders: 0.05 to 0.46), p = 0.010" in found["claim"]
    assert found["rows"][0]["interval"] == "0.05 to 0.46"
    assert not any(row["interval"] for row in found["rows"] if row["kind"] == "baseline")
    assert "rests on few" not in found["verdict"]


def test_a_skill_that_may_be_none_without_a_few_clades_says_so(make_guided):
    found = judged(make_guided, [-0.13, 0.52])
    assert found["claim"].startswith("Images may tell part of the tree")
    assert "reaches down to −0.13: the figure rests on few orders" in found["rest"]


def test_skill_of_nothing_is_no_claim_whatever_p(make_guided):
    def edit(found):
        found["held_out"]["skill"] = 0.004

    found = summarize(make_guided(TAXA, edit))["guide"]["judged"]
    assert found["kind"] == "trace"
    assert "too little to be of use" in found["claim"]


def test_few_clades_have_no_interval(make_guided):
    found = judged(make_guided, None)
    assert "jackknife" not in found["verdict"]
    assert found["rows"][0]["interval"] == ""


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (0.134, "reduces that error by 13%; images reduce what remains by 18%"),
        (0.4, "reduces that error by 40%, so that this skill needs no image"),
        (-0.02, ""),
    ],
)
def test_means_over_other_clades_need_no_picture_either(make_guided, free, said):
    found = judged(make_guided, free=free)
    assert said in found["rest"]
    assert ("which uses no image either" in found["rest"]) == bool(said)
    row = next(row for row in found["rows"] if row["name"] == "other clades’ means")
    assert row["kind"] == "baseline"


def test_the_page_explains_it(make_guided):
    def edit(found):
        found["learners"]["phylo-ridge"]["held_out"]["skill_interval"] = [0.05, 0.46]

    out = make_guided(TAXA, edit)
    page = render(summarize(out), [], Album(Results(out)))
    assert '<span class="note">0.05 to 0.46</span>' in page
    assert "jackknife over orders" in page


def with_best(make_guided, **more):
    def edit(found):
        for own in (found, found["learners"]["phylo-ridge"]):
            own["held_out"] |= {"row_rank": 0.62, "row_rank_gain": 0.12, **more}
        base = found["baselines"]
        base["image_free"] = {"skill": 0.0, "pearson": 0.61, "mse": 430.0, "row_rank": 0.5}
        base["names"] = {"skill": 0.2, "pearson": 0.7, "mse": 400.0}

    return summarize(make_guided(TAXA, edit))["guide"]["judged"]


def test_claims_name_the_best_prediction_without_images(make_guided):
    found = with_best(make_guided, skill_over_names=0.11)
    best = "reduce the squared error of the best prediction without images by 29%"
    assert best in found["claim"]
    assert "rank correlation of 0.62, orders counting alike (0.50 without images)" in found["rest"]
    assert "images reduce the error that remains by 11%" in found["rest"]
    assert "the best prediction without images reaches r = 0.61" in found["rest"]
    rows = {row["name"]: row for row in found["rows"]}
    assert rows["best without images"]["skill"] == "0.000"
    assert rows["with names of ranks"]["skill"] == "0.200"
    assert found["baseline"] == "the best prediction without images"


def test_names_that_tell_all_leave_nothing_to_images(make_guided):
    found = with_best(make_guided, skill_over_names=-0.03)
    assert "To the names of the coarser ranks they add nothing." in found["rest"]


def test_results_of_before_have_column_means(make_guided):
    found = judged(make_guided)
    assert "calibrated column means, which use no image, by 29%" in found["claim"]
    assert found["baseline"] == "column means alone"
