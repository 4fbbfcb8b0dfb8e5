"""What the report says a skill is made of."""

import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.sections.guided.learners import Judged
from phylolens.report.sections.guided.meaning import CladeRow, about_meaning, traits_words
from phylolens.report.thumbnails import Album
from phylolens.results.guided import GuidedResult
from phylolens.results.guided_parts import TraitSkill

TAXA = [f"{letter}idae" for letter in "ABCDEFGHIJKL"]
SCALE = [
    {"traits": 10, "n_draws": 5, "skill_mean": 0.07, "skill_min": -0.02, "skill_max": 0.12},
    {"traits": 30, "n_draws": 5, "skill_mean": 0.30, "skill_min": 0.1, "skill_max": 0.4},
    {"traits": 100, "n_draws": 5, "skill_mean": 0.47, "skill_min": 0.3, "skill_max": 0.6},
]
SKILLS = [TraitSkill(**one) for one in SCALE]
ROWS = [
    {"clade": "Ratites", "n_taxa": 1, "share": 0.6, "skill": 0.5},
    *({"clade": f"O{k}", "n_taxa": 2, "share": 0.04, "skill": 0.1} for k in range(10)),
]


def beyond(**more):
    found = {"without": ["Ratites"], "share": 0.6, "n_taxa": 11, "n_clades": 3, "skill": 0.09,
             "skill_interval": [0.01, 0.2],
             "pearson": 0.53, "column_means_pearson": 0.45, "n_refits": 99, "p_value": 0.02,
             "attainable": SCALE}  # fmt: skip
    return found | more


def given(**more):
    def edit(found):
        found |= {"by_clade": ROWS, "beyond": beyond(**more), "attainable": SCALE}

    return edit


def test_the_rest_is_named_and_judged_apart(make_guided):
    told = summarize(make_guided(TAXA, given()))["guide"]["judged"]
    words = told["meaning"]["beyond"]
    for part in ("60% of the error that column means leave comes from 1 order (Ratites: 1 of 12 "
                 "families)", "without them, skill is 0.09 (p = 0.020 from 99 refits)",
                 "r = 0.53 (column means alone 0.45)", "tell something of the others"):  # fmt: skip
        assert part in words
    assert words in told["verdict"], "who reads the answer alone must know it"


@pytest.mark.parametrize("interval", [None, [-0.02, 0.2]])
def test_p_alone_is_no_claim_for_the_rest(make_guided, interval):
    told = summarize(make_guided(TAXA, given(skill_interval=interval)))["guide"]["judged"]
    assert "more than chance, but it rests on few clades" in told["verdict"]
    assert "tell something of the others" not in told["verdict"]


def test_the_rest_is_set_beside_the_best_prediction_without_images(make_guided):
    def edit(found):
        given(image_free_pearson=0.5, row_rank=0.6, row_rank_gain=0.1)(found)
        found["baselines"]["image_free"] = {"skill": 0.0, "pearson": 0.6, "mse": 450.0}

    words = summarize(make_guided(TAXA, edit))["guide"]["judged"]["meaning"]["beyond"]
    for part in ("60% of the error that remains without images", "r = 0.53 (without images 0.50)",
                 "rank correlation 0.60 (without images 0.50)"):  # fmt: skip
        assert part in words


@pytest.mark.parametrize("more", [{"p_value": 0.2}, {"skill": -0.01}, {"skill": 0.004}])
def test_nothing_is_claimed_for_the_rest_without_evidence(make_guided, more):
    told = summarize(make_guided(TAXA, given(**more)))["guide"]["judged"]
    assert "for the others there is no evidence" in told["verdict"]
    assert "tell something of the others" not in told["verdict"]


@pytest.mark.parametrize(
    "more", [{"p_value": None, "n_refits": 0}, {"n_refits": 9, "p_value": 0.1}]
)
def test_too_few_refits_decide_nothing_of_the_rest(make_guided, more):
    words = summarize(make_guided(TAXA, given(**more)))["guide"]["judged"]["meaning"]["beyond"]
    assert "So " not in words


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        (0.35, "between 30 and 100 independent traits"),
        (0.30, "between 10 and 30 "),
        (-0.1, "no more than that of 10 "),
        (0.9, "more than that of 100 "),
    ],
)
def test_a_skill_is_put_between_numbers_of_traits(skill, words):
    assert words in traits_words(SKILLS, skill)


def test_a_scale_that_does_not_rise_measures_nothing():
    flat = [
        one.model_copy(update={"skill_mean": 0.1 - 0.05 * place})
        for place, one in enumerate(SKILLS)
    ]
    words = traits_words(flat, 0.14)
    assert "skills from −0.02 to 0.60, without a rise" in words
    assert "more than" not in words


def test_clades_beyond_eight_share_a_row():
    own = {"rank": "family", "n_taxa": 21, "held_out": {"rank": "order", "skill": 0.3}}
    told = about_meaning(Judged.of(GuidedResult.of(own | {"by_clade": ROWS})))
    assert len(told.clades) == 9
    assert told.clades[0] == CladeRow("Ratites", taxa="1", share="60%", skill="0.50")
    assert told.clades[-1] == CladeRow("3 other orders", taxa="6", share="12%", skill="0.10")
    assert about_meaning(Judged.of(GuidedResult.of(own))) is None


def test_the_page_shows_clades_and_the_scale(make_guided):
    out = make_guided(TAXA, given())
    page = render(summarize(out), [], Album(Results(out)))
    for part in ("What this skill is made of", "Ratites", "3 other orders", "0.30 to 0.60"):
        assert part in page


def test_without_skill_the_power_is_said(make_guided):
    def edit(found):
        given()(found)
        for null in (found["null"], found["learners"]["phylo-ridge"]["null"]):
            null["p_value"] = 0.5

    words = summarize(make_guided(TAXA, edit))["guide"]["judged"]["verdict"]
    assert "10 traits 0.07, 30 traits 0.30, 100 traits 0.47" in words
    assert "10 traits" not in summarize(make_guided(TAXA, given()))["guide"]["judged"]["verdict"]


def test_uneven_numbers_of_images_are_a_limit(make_guided):
    def edit(found):
        found["images_per_taxon"] = {"min": 5, "max": 5}

    told, even = (summarize(make_guided(TAXA, how))["guide"]["cannot_tell"] for how in (None, edit))
    assert any("--per-taxon" in line for line in told)
    assert not any("--per-taxon" in line for line in even)
