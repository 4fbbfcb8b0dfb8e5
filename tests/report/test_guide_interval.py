"""The interval of the skill, and what needs no picture either, in words and in the table."""

import pytest

from phylolens.report import summarize
from phylolens.report.html import render
from phylolens.report.pictures import Album
from phylolens.report.results import Results

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
    assert "skill 0.29 (95% 0.05 to 0.46, jackknife over orders), p = 0.010" in found["claim"]
    assert found["rows"][0]["interval"] == "0.05 to 0.46"
    assert not any(row["interval"] for row in found["rows"] if row["kind"] == "baseline")
    assert "rests on few" not in found["verdict"]


def test_a_skill_that_may_be_none_without_a_few_clades_says_so(make_guided):
    found = judged(make_guided, [-0.13, 0.52])
    assert "reaches down to −0.13: the figure rests on few orders" in found["rest"]


def test_few_clades_have_no_interval(make_guided):
    found = judged(make_guided, None)
    assert "jackknife" not in found["verdict"]
    assert found["rows"][0]["interval"] == ""


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (0.134, "takes away 13%; of what these leave, images take 18%"),
        (0.4, "takes away 40%, so that this skill needs no picture"),
        (-0.02, ""),
    ],
)
def test_means_over_other_clades_need_no_picture_either(make_guided, free, said):
    found = judged(make_guided, free=free)
    assert said in found["rest"]
    assert ("which looks at no picture either" in found["rest"]) == bool(said)
    row = next(row for row in found["rows"] if row["name"] == "other clades’ means")
    assert row["kind"] == "baseline"


def test_the_page_explains_it(make_guided):
    def edit(found):
        found["learners"]["phylo-ridge"]["held_out"]["skill_interval"] = [0.05, 0.46]

    out = make_guided(TAXA, edit)
    page = render(summarize(out), [], Album(Results(out)))
    assert '<span class="note">0.05 to 0.46</span>' in page
    assert "95% jackknife over orders" in page
