"""What the section on guided embeddings says, case by case."""

import copy

import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.thumbnails import Album

TAXA = [f"{letter}idae" for letter in "ABCDEFGHIJKL"]


def said(make_guided, edit=None):
    return summarize(make_guided(TAXA, edit))["guide"]


def p_of(p, n=99):
    def edit(found):
        new = {"p_value": p, "n_refits": n, "smallest_p": 1 / (n + 1)}
        found["null"] |= new
        found["learners"]["phylo-ridge"]["null"] = dict(found["null"])

    return edit


@pytest.fixture(scope="module")
def guided(make_guided):
    return said(make_guided)


def test_skill_states_size_p_refits_taxa_clades_and_column_means(guided):
    judged = guided["judged"]
    assert judged["kind"] == "yes"
    for part in ("Images tell part of the tree for families of clades never seen",
                 "they reduce the squared error of calibrated column means",
                 "which use no image, by 29%",
                 "skill 0.29, p = 0.010 from 99 refits with images permuted among families",
                 "12 families, 4 orders held out one at a time",
                 "correlate with r = 0.71; column means alone reach r = 0.56",
                 "most of it needs no image", "71% of that error remains",
                 "In-sample, fitted to and judged on the same families, r = 0.99",
                 "says nothing about families of clades never seen",
                 "habitat"):  # fmt: skip
        assert part in judged["verdict"], part
    assert guided["answer"] == judged["verdict"] == f"{judged['claim']} {judged['rest']}"
    assert "\n" not in judged["verdict"]


def test_the_first_box_asks_whether_images_learn_the_tree(make_guided, make_results):
    found = summarize(make_guided(TAXA))
    assert [card["question"] for card in found["cards"]] == ["Can images learn the tree?"]
    assert found["guide"]["answer"].startswith("Images tell part of the tree")
    old = summarize(make_results(TAXA, [2] * 12, parts=("guide",), pictures=False))
    assert old["cards"][-1]["question"] == "Can images be fitted to the tree?"


def test_no_evidence_is_not_evidence_of_nothing(make_guided):
    found = said(make_guided, p_of(0.31))["judged"]
    assert found["kind"] == "no"
    assert found["claim"].startswith("There is no evidence here that images can tell the tree")
    assert "p = 0.310" in found["claim"]
    assert "no evidence that the visual similarity of the organisms holds nothing" in found["rest"]
    assert "reduce" not in found["verdict"]


def test_more_than_chance_but_worse_than_no_picture_is_a_trace(make_guided):
    def edit(found):
        found["held_out"]["skill"] = -0.02

    found = said(make_guided, edit)["judged"]
    assert found["kind"] == "trace"
    assert "too little to be of use" in found["claim"]
    assert "skill −0.02" in found["claim"]


def test_few_refits_cannot_decide(make_guided):
    found = said(make_guided, p_of(0.1, n=9))["judged"]
    assert found["kind"] == "undecided"
    assert "no p below 0.100 is possible" in found["claim"]


def test_without_refits_nothing_is_tested(make_guided):
    def edit(found):
        del found["null"]
        del found["learners"]["phylo-ridge"]["null"]

    found = said(make_guided, edit)
    assert found["judged"]["kind"] == "untested"
    assert "reduce the squared error of calibrated column means" in found["judged"]["claim"]
    assert "which use no image, by 29% for families" in found["judged"]["claim"]
    assert "not compared with chance" in found["judged"]["claim"]
    assert "p =" not in found["judged"]["verdict"]
    assert "by chance" not in [row["name"] for row in found["judged"]["rows"]]


def test_several_learners_without_refits_have_no_p(make_guided):
    def edit(found):
        two_learners(found)
        del found["null"]
        for own in found["learners"].values():
            del own["null"]

    out = make_guided(TAXA, edit)
    rows = summarize(out)["guide"]["judged"]["rows"]
    assert [(row["name"], row["p"]) for row in rows[:2]] == [("phylo-ridge", "–"), ("gp", "–")]
    page = rendered(out)
    assert page.count("no refits were made") == 1
    assert "not corrected for the number of learners" not in page


def test_the_one_learner_without_refits_is_named(make_guided):
    def edit(found):
        two_learners(found)
        del found["learners"]["gp"]["null"]

    notes = {row["name"]: row["note"] for row in said(make_guided, edit)["judged"]["rows"]}
    assert notes["gp"].endswith("; no p-value: no refits were made")
    assert "no refits" not in notes["phylo-ridge"]


def test_without_refits_nor_skill_images_add_nothing(make_guided):
    def edit(found):
        del found["null"]
        del found["learners"]["phylo-ridge"]["null"]
        found["held_out"] |= {"skill": -0.03, "pearson": 0.53}

    found = said(make_guided, edit)["judged"]
    assert found["claim"].startswith("Images add nothing for families of clades never seen")
    assert "column means alone reach more, r = 0.56; the named ranks tell no" in found["rest"]
    assert "needs no image" not in found["rest"]


def test_taxonomy_that_differs_from_column_means_has_its_own_figure(make_guided):
    found = said(make_guided)["judged"]
    assert "the named ranks tell no more, since orders share none" in found["rest"]
    notes = {row["name"]: row["note"] for row in found["rows"]}
    assert "of which orders held out share none" in notes["taxonomy alone"]

    def edit(found):
        found["baselines"]["taxonomy_only"] |= {"pearson": 0.61, "mse": 450.0}

    found = said(make_guided, edit)["judged"]
    assert "; with the named ranks, r = 0.61." in found["rest"]
    assert {row["name"]: row["note"] for row in found["rows"]}["taxonomy alone"] == (
        "no images; steps over order"
    )


def test_correlations_equal_as_printed_are_not_called_more(make_guided):
    def edit(found):
        found["held_out"]["pearson"] = 0.5583
        found["baselines"]["column_means"]["pearson"] = 0.5602

    rest = said(make_guided, edit)["judged"]["rest"]
    assert "correlate with r = 0.56; column means alone reach as much" in rest


def test_settings_that_were_not_chosen_are_not_said_to_be(make_guided):
    def edit(found):
        found["chosen"] = {"penalty": 0.01}
        found["learners"]["phylo-ridge"]["chosen"] = {"penalty": 0.01}

    assert said(make_guided, edit)["judged"]["choice"][1] == "Settings: penalty 0.01."


def test_few_refits_say_how_small_p_can_be(make_guided):
    assert said(make_guided)["judged"]["smallest"] == ""
    found = said(make_guided, p_of(0.05, n=19))["judged"]
    assert found["smallest"] == "With 19 refits no p below 0.050 is possible."


def test_loss_of_a_fit_in_steps_is_told_from_its_curve(make_guided):
    out = make_guided(TAXA)
    (out / "guide/loss.csv").write_text("epoch,loss\n0,1\n1,0.91\n2,0.874\n")
    alt = summarize(out)["guide"]["alt"]["loss"]
    assert alt == "In-sample loss falls from 1.000 to 0.874."


def test_images_kept_for_testing_are_told(make_guided):
    def edit(found):
        found["n_kept_for_testing"] = 40

    methods = summarize(make_guided(TAXA, edit))["guide"]["methods"]
    assert "; 40 images marked for testing were kept from it." in methods


def test_a_fallback_says_why_and_what_stands_in(make_guided):
    def edit(found):
        found["fallback"] = "nothing beat the column means on 5 inner folds"
        found["learner"] = "default"
        own = {"held_out": found["held_out"] | {"skill": 0.004}, "chosen": {"learner": "unguided"}}
        own["chosen"]["learners"] = {"phylo-ridge": 1, "unguided": 3}
        found |= own
        found["learners"] = {"default": own}

    found = said(make_guided, edit)["judged"]
    assert found["kind"] == "fallback"
    assert found["claim"].startswith("Nothing was learnt that holds for families of clades never")
    assert "Nothing beat the column means on 5 inner folds. The unguided features" in found["claim"]
    assert "chosen anew for each clade held out: skill 0.004" in found["claim"]
    assert "whichever does best on clades left out" in found["choice"][0]
    assert (
        "on all taxa it chose unguided; with orders held out in turn, phylo-ridge (1) and "
        in (found["choice"][0])
    )
    assert "fell back to unguided features" in found["choice"][1]


def test_taxa_held_out_alone_are_not_called_clades(make_guided):
    def edit(found):
        found["held_out"] |= {"rank": "family", "scheme": "leave-family-out", "n_clades": 12}

    found = said(make_guided, edit)
    assert "for families never seen" in found["judged"]["claim"]
    assert "12 families, each held out once" in found["judged"]["claim"]
    assert found["judged"]["held"] == "Families held out"
    assert "with its whole" not in found["methods"]


def two_learners(found):
    other = copy.deepcopy(found["learners"]["phylo-ridge"])
    other["held_out"] |= {"skill": 0.345, "pearson": 0.744}
    other["null"]["p_value"] = 0.02
    found["learners"]["gp"] = other


def test_the_best_of_several_learners_is_not_the_verdict(make_guided):
    found = said(make_guided, two_learners)["judged"]
    assert "skill 0.29" in found["claim"]
    assert "0.34" not in found["claim"]
    assert (
        "Of 2 learners compared gp did best on held-out clades (skill 0.34)"
        in (found["choice"][-1])
    )
    assert "flatters, so the verdict keeps to phylo-ridge" in found["choice"][-1]
    assert [row["kind"] for row in found["rows"][:2]] == ["mine", "learner"]
    assert (found["rows"][1]["skill"], found["rows"][1]["p"]) == ("0.345", "0.020")
    assert found["several"]


def test_table_has_learners_baselines_chance_and_in_sample_in_this_order(guided):
    rows = guided["judged"]["rows"]
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("mine", "phylo-ridge"),
        ("baseline", "unguided"),
        ("baseline", "column means"),
        ("baseline", "taxonomy alone"),
        ("baseline", "constant"),
        ("baseline", "by chance"),
        ("insample", "phylo-ridge, in-sample"),
        ("insample", "unguided, in-sample"),
        ("insample", "row means, in-sample"),
    ]
    cells = {row["name"]: [row[key] for key in ("skill", "p", "pearson", "mse")] for row in rows}
    assert cells["phylo-ridge"] == ["0.287", "0.010", "0.712", "348"]
    assert cells["unguided"] == ["−0.012", "–", "0.551", "492"]
    assert cells["column means"] == ["0.000", "–", "0.558", "487"]
    assert cells["taxonomy alone"][0] == "0.000"  # 4e-15 is rounding
    assert cells["constant"] == ["–", "–", "–", "979"]
    assert cells["by chance"] == ["−0.006", "–", "0.541", "–"]
    assert cells["phylo-ridge, in-sample"] == ["–", "–", "0.987", "51.7"]
    for row in rows:
        assert ("in-sample" in row["name"]) == (row["kind"] == "insample")


def test_other_scores_stand_beside_those_of_column_means(guided):
    judged = guided["judged"]
    assert judged["nearest"] == (
        "The training family predicted as nearest to a held-out one lies at a genetic distance of "
        "131 (median); the nearest there is at 115, the one column means name at 134, any one at "
        "140."
    )
    names = [column["name"] for column in judged["more"]["columns"]]
    rows = {row["name"]: dict(zip(names, row["cells"], strict=True)) for row in
            judged["more"]["rows"]}  # fmt: skip
    assert rows["phylo-ridge"]["r alone"] == "0.722"
    assert rows["phylo-ridge"]["r within"] == "0.194"
    assert rows["column means"]["r alone"] == "–"
    assert rows["column means"]["r centred"] == "0.286"


def test_methods_settings_terms_and_literature(make_guided):
    summary = summarize(make_guided(TAXA))
    paragraph = summary["methods"]["paragraph"]
    for part in ("learner phylo-ridge (ridge regression to coordinates of the phylogeny)",
                 "over 3 to 9 images of each", "held out once, with its whole order (4 orders)",
                 "Skill = 1 − MSE(column means and guided prediction)",
                 "99 refits with features permuted among taxa, seed 3",
                 "so it is never 0"):  # fmt: skip
        assert part in paragraph, part
    assert "strength 0.3 (skill there 0.371)" in summary["guide"]["judged"]["choice"][1]
    terms = [term for term, _ in summary["glossary"]]
    assert {"skill", "calibrated column means", "leave-clade-out"} <= set(terms)
    cited = " ".join(summary["methods"]["references"])
    for author in ("Roberts", "Hoerl", "de Vienne", "Phipson"):
        assert author in cited
    assert "Kingma" not in cited


def test_bare_results_are_told_as_far_as_they_go(make_guided):
    def edit(found):
        kept = {"rank": "family", "n_taxa": 12, "held_out": {"skill": 0.1, "scheme": "by hand"}}
        found.clear()
        found |= kept

    summary = summarize(make_guided(TAXA, edit))
    judged = summary["guide"]["judged"]
    assert judged["kind"] == "untested"
    assert "skill 0.10; 12 families, by hand" in judged["claim"]
    assert [row["name"] for row in judged["rows"]] == ["attention"]
    assert (judged["more"], judged["nearest"], judged["sampling"]) == (None, "", None)
    assert "with its whole clade; scaling" in summary["methods"]["paragraph"]


def rendered(out):
    found = Results(out)
    text = render(summarize(out), [], Album(found))
    return text[text.index('<section id="guide">') : text.index('<section id="methods">')]


def test_the_page_shows_the_tables_without_any_figure(make_guided):
    page = rendered(make_guided(TAXA, two_learners))
    for part in ("<h2>Can images learn the tree?</h2>", "Families of orders held out",
                 "0.287", "0.345", "not corrected for the number of learners",
                 "Other ways to judge", "r alone: the learner’s own predictions",
                 "a predicted distance is no placement"):  # fmt: skip
        assert part in page, part
    assert page.count('<tr class="insample">') == 4
    assert "<figure" not in page


def test_in_sample_results_read_as_before(make_results):
    out = make_results(TAXA, [2] * 12, parts=("guide",), pictures=False)
    found = summarize(out)["guide"]
    assert found["judged"] is None
    page = rendered(out)
    for part in ("<h2>Can images be fitted to the tree?</h2>", "All guided figures are <b",
                 "No p-value is given", "guided, in-sample", "0.745, worse than the 0.158",
                 "Whether images predict genetic distance of taxa that were not in the fit",
                 '<tr class="insample mine">'):  # fmt: skip
        assert part in page, part
    assert "skill" not in page
    assert found["methods"].endswith("50 steps; evaluated in-sample.")
