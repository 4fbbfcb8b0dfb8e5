"""Sampling schemes in the report: a table, and words only for what is more than noise."""

import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.sections.guided.sampling import about_sampling
from phylolens.report.thumbnails import Album
from phylolens.results.guided_parts import SamplingScheme

TAXA = [f"{letter}idae" for letter in "ABCDEFGHIJKL"]


def row(name, skill, change=None, se=0.01, beyond=False, **more):
    told = {} if change is None else {
        "change": {"from": "every image", "skill": change, "se": se, "beyond_noise": beyond}
    }  # fmt: skip
    return (
        {"name": name, "note": "", "draws": 1, "learner": "gp", "n_images": 2575, "skill": skill}
        | told
        | more
    )


EVERY = row("every image", 0.314)


def table_of(*rows, held="clades"):
    return about_sampling([SamplingScheme.model_validate(one) for one in rows], held)


def words(*rows) -> str:
    return " ".join(table_of(EVERY, *rows).sentences)


def test_cells_have_their_spread_and_change():
    drawn = row(
        "at most 5", 0.2461, -0.07, 0.021, True, draws=10, sd={"skill": 0.0273}, pearson=0.6941
    )
    table = table_of(EVERY | {"same": ["balanced at 10"]}, drawn, held="orders")
    assert table.columns == ["images", "skill", "change of skill", "Pearson r"]
    assert table.rows[0].cells == ["2,575", "0.314", "–", "–"]
    assert table.rows[0].note == "comes to the same: balanced at 10"
    assert table.rows[1].cells == ["2,575", "0.246 ± 0.027", "−0.070 ± 0.021", "0.694"]
    assert (table.draws, table.held) == (10, "orders")


def test_words_keep_to_what_is_beyond_noise():
    found = words(row("one image", 0.12, -0.19, 0.05, True), row("balanced at 20", 0.32, 0.006))
    assert "Less skill than every image, beyond noise: one image (−0.190 ± 0.050)." in found
    assert "The other 1 scheme differs from every image by no more than noise." in found
    assert "Nothing here is a reason not to take every image." in found
    assert "balanced at 20" not in found, "a gain within noise is no advice"
    found = words(row("balanced at 20", 0.4, 0.09, 0.02, True))
    assert found == "More skill than every image, beyond noise: balanced at 20 (+0.090 ± 0.020)."
    found = words(row("sampled down to 5", 0.3, -0.01))
    assert found.startswith("No sampling scheme differs from every image by more than noise.")


@pytest.mark.parametrize("beyond", [True, False])
def test_what_keeping_finer_taxa_is_worth_is_told_beyond_noise(beyond):
    beside = {"from": "at most 5, at random", "skill": 0.04, "se": 0.01, "beyond_noise": beyond}
    one = row("sampled down to 5", 0.3, -0.01, beside=beside)
    text = "Sampled down to 5 gives more skill than at most 5, at random, beyond noise (+0.040 ±"
    assert (text in words(one)) is beyond
    note = table_of(EVERY, one).rows[1].note
    assert note == "skill against at most 5, at random: +0.040 ± 0.010"


def test_without_skill_or_choice_there_is_no_advice():
    dull = [row("every image", -0.01), row("one image", -0.002, 0.008)]
    assert table_of(*dull).sentences == [
        "However the images are drawn, they add nothing to a prediction without them here."
    ]
    assert "take the same images" in table_of(EVERY).sentences[0]
    refused = {"name": "one image", "note": "", "draws": 10, "refused": "too few"}
    table = table_of(EVERY, refused)
    assert table.rows[1].note == "refused: too few"
    assert table.rows[1].cells == ["–", "–"]
    assert about_sampling(None) is None


def test_the_page_holds_the_table(make_guided):
    def edit(found):
        found["sampling"] = [EVERY, row("one image", 0.1, -0.2, 0.03, True, draws=10)]

    out = make_guided(TAXA, edit)
    page = render(summarize(out), [], Album(Results(out)))
    for part in ("Sampling: which images to learn from", "−0.200 ± 0.030",
                 "The same learner (gp) on orders held out. Where images are left to chance: mean "
                 "± standard deviation over 10 draws."):  # fmt: skip
        assert part in page, part
