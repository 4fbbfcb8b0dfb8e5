"""The first screen: every sentence says what its field says, and no more."""

import json
import re

import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.sections.overview.facts import of_hundred
from phylolens.report.thumbnails import Album

TAXA = [f"{letter}idae" for letter in "ABCDEFGHIJKL"]
TERMS = ("K_mult", "Mantel", "PROTEST", "Pagel", "skill", "macro-F1", "AUROC", "conformal", "Holm",
         "p =", "confidence", "interval", "permut", "refit", "jackknife")  # fmt: skip


def card(found, key):
    (one,) = [card for card in found["cards"] if card["key"] == key]
    return one


def change(out, name, edit):
    path = out / name
    found = json.loads(path.read_text())
    edit(found)
    path.write_text(json.dumps(found))


def test_shares_are_counted_of_a_hundred():
    assert [of_hundred(share) for share in (0, 0.004, 0.5, 0.974, 0.9999, 1)] == [
        "0 of 100", "fewer than 1 of 100", "50 of 100", "97 of 100", "99 of 100", "100 of 100"
    ]  # fmt: skip


def test_the_share_named_right_is_that_of_the_json(trusted_page):
    found, out = trusted_page
    metrics = json.loads((out / "classify/metrics.json").read_text())
    (model, ranks), *_ = metrics["models"].items()
    rank = found["main_rank"]
    own = card(found, "classify")
    assert (
        f"The {rank} is named right in {of_hundred(ranks[rank]['accuracy'])} images"
        in (own["answer"])
    )
    left = metrics["splits"]["leave-species-out"]
    share = left["models"][model][rank]["accuracy"]
    assert f"not in the collection it is right in {of_hundred(share)}." in own["answer"]
    majority = metrics["baselines"]["majority"][rank]["accuracy"]
    assert [bar["share"] for bar in own["bars"]] == pytest.approx(
        [ranks[rank]["accuracy"], share, majority]
    )
    assert own["bars"][-1]["words"] == of_hundred(majority)


@pytest.fixture
def trusted_page(make_results):
    """Results with a second split, whose scores are those of the first, halved."""
    out = make_results(TAXA, [4] * 12, parts=("run", "classify"), pictures=False)

    def edit(metrics):
        own = json.loads(json.dumps(metrics["models"]))
        own["rf"]["family"]["accuracy"] = 0.4
        baselines = json.loads(json.dumps(metrics["baselines"]))
        metrics["splits"] = {
            "leave-species-out": {"models": own, "baselines": baselines, "n_train": 9, "n_test": 60,
                                  "held_out": ["a"], "rule": "", "split": ""}
        }  # fmt: skip

    change(out, "classify/metrics.json", edit)
    return summarize(out), out


def test_a_classifier_no_better_than_guessing_is_not_praised(make_results):
    out = make_results(TAXA, [4] * 12, parts=("run", "classify"), pictures=False)

    def edit(metrics):
        matrix = [[5, *[0] * 11] for _ in TAXA]
        metrics["models"]["rf"]["family"]["confusion"]["matrix"] = matrix
        metrics["models"]["rf"]["family"]["accuracy"] = 1 / 12
        nothing = {"n_better": 0, "n_worse": 0, "p_value": 1.0}
        metrics["models"]["rf"]["family"]["beside_majority"] = nothing

    change(out, "classify/metrics.json", edit)
    answer = card(summarize(out), "classify")["answer"]
    assert answer == (
        "The family cannot be named: always giving the commonest family does as well."
    )


def test_circular_scores_are_not_told(make_results):
    out = make_results(TAXA, [4] * 12, parts=("run", "classify"), pictures=False)
    change(out, "classify/metrics.json",
           lambda found: found.update(circular=True, circular_why="Fitted."))  # fmt: skip
    found = summarize(out)
    assert card(found, "classify")["answer"].startswith("Not judged")
    assert card(found, "classify")["bars"] == []
    assert found["warnings"][0].startswith("The scores are circular")


def p_of(primary, confirming):
    def edit(found):
        found["tests"]["lambda_score"]["p_value"] = primary
        found["tests"]["protest"]["p_value"] = confirming

    return edit


@pytest.mark.parametrize(
    ("edit", "start", "drawn"),
    [
        (p_of(0.002, 0.003), "Yes: closely related families look more alike than chance", True),
        (p_of(0.2, 0.3), "Not shown: there is no clear sign that closely related families", True),
        (p_of(0.002, 0.3), "Open: of the two tests that decide only one finds a sign", True),
        (lambda found: found.update(circular=True), "Not judged: the features were fitted", False),
        (lambda found: found["tests"]["lambda_score"].update(smallest_p=0.5),
         "Not decided: 12 families are too few for a test.", False),
    ],
)  # fmt: skip
def test_looks_and_lineage_in_one_sentence(make_signal, edit, start, drawn):
    found = card(summarize(make_signal(TAXA, edit)), "signal")
    assert found["answer"].startswith(start)
    assert (found["figure"] == "answer") is drawn


def test_few_taxa_are_called_few(make_signal):
    taxa = TAXA[:6]
    told = card(summarize(make_signal(taxa, p_of(0.2, 0.3))), "signal")["answer"]
    assert told.endswith("Only 6 families were compared: too few to rule it out.")


def held(**more):
    return lambda found: found["held_out"].update(more)


@pytest.mark.parametrize(
    ("edit", "start"),
    [
        (held(skill=0.29), "In part: for families of clades never seen, images make the predicted"),
        (held(skill=0.29, skill_interval=[-0.1, 0.6]), "Perhaps: for families"),
        (held(skill=0.004), "Hardly: for families of clades never seen, images hold a trace"),
        (lambda found: found["null"].update(p_value=0.4), "Not shown: for families of clades"),
        (lambda found: found.update(fallback="none was better."), "Not shown: what images taught"),
        (lambda found: found["null"].update(n_refits=9, smallest_p=0.1), "Not decided"),
        (lambda found: found.update(null={}), "Not judged: for families"),
    ],
)
def test_learning_the_tree_in_one_sentence(make_guided, edit, start):
    found = summarize(make_guided(TAXA, edit))
    own = card(found, "guide")
    assert own["answer"].startswith(start)
    judged = own["answer"].split(":")[0] not in ("Not decided", "Not judged")
    assert bool(own["bars"]) is (judged and not found["guide"]["fallback"])


def test_the_error_that_stays_is_one_less_the_skill(make_guided):
    own = card(summarize(make_guided(TAXA, held(skill=0.29))), "guide")
    assert "29% less wrong" in own["answer"]
    assert [bar["words"] for bar in own["bars"]] == ["100", "71"]


def test_the_surest_pair_stands_for_the_others(make_signal):
    found = summarize(make_signal(TAXA, pictures=True))
    own = card(found, "disagree")
    first = found["signal"].pairs.groups[0]
    names = [taxon.name for taxon in first.pairs[0].taxa]
    assert own["answer"].startswith(f"{names[0]} and {names[1]} look alike, though they are far")
    assert [taxon["name"] for taxon in own["taxa"]] == names
    others = sum(one.n for one in found["signal"].pairs.groups if one.significant) - 1
    assert others == 1
    assert own["answer"].endswith(" 1 other pair contradicts the tree, too.")


def test_no_significant_pair_is_no_disagreement(make_signal):
    out = make_signal(TAXA)
    table = (out / "signal/pairs.csv").read_text()
    (out / "signal/pairs.csv").write_text(re.sub(r"(?i)\btrue\b", "False", table))
    change(out, "signal/signal.json",
           lambda found: found["disagreement"].update(n_convergent=0, n_divergent=0))  # fmt: skip
    own = card(summarize(out), "disagree")
    assert own["answer"] == "No pair of families clearly contradicts the tree."
    assert own["taxa"] == []


def test_no_answer_needs_a_glossary_or_holds_two_numbers(make_signal, make_guided, make_results):
    whole = make_results(TAXA, [4] * 12, pictures=False)
    for out in (make_signal(TAXA), make_guided(TAXA), whole):
        found = summarize(out)
        for line in [*(one["answer"] for one in found["cards"]), *found["warnings"]]:
            assert not [term for term in TERMS if term in line], line
            for sentence in re.split(r"(?<=[.:]) ", line.replace(" of 100", "")):
                assert len(re.findall(r"\d[\d.,%]*", sentence)) <= 1, sentence


def test_warnings_count_what_the_json_counts(make_signal, make_results):
    out = make_signal(TAXA)
    dropped = json.loads((out / "signal/signal.json").read_text())["dropped"]["no_phylogeny"]
    warnings = summarize(out)["warnings"]
    assert f"{len(dropped)} family had no place in the tree and could not be compared." in warnings
    assert "2 rows could not be used." in warnings
    out = make_results(TAXA, [4] * 12, parts=("run", "classify"), pictures=False)
    assert any("No specimen ids were given" in line for line in summarize(out)["warnings"])
    change(out, "check.json", lambda found: found["specimens"].update(has_specimen_ids=True))
    assert not any("No specimen ids" in line for line in summarize(out)["warnings"])


def test_a_column_that_may_be_a_confound_is_named(make_signal):
    out = make_signal(TAXA)
    column = {"column": "museum", "named": True, "n_taxa": 12, "n_taxa_several_images": 12,
              "constant": 1.0, "values": [{"value": "A", "n_taxa": 12}]}  # fmt: skip
    change(out, "check.json", lambda found: found.update(confounds={"columns": [column]}))
    assert summarize(out)["warnings"][0].startswith("“museum” differs between families")


def test_what_was_not_made_has_no_section(make_signal):
    out = make_signal(TAXA)
    text = render(summarize(out), [], Album(Results(out)))
    assert 'id="classify"' not in text
    assert 'id="guide"' not in text
    assert "<code>phylolens classify</code> makes it" in text[text.index('id="methods"') :]


def test_only_the_rank_of_comparison_is_unfolded(make_trusted_page):
    text = make_trusted_page
    assert len(re.findall(r"<h3>By \w+</h3>", text)) == 1
    assert "<summary>By order</summary>" in text


@pytest.fixture
def make_trusted_page(make_results):
    out = make_results(TAXA, [4] * 12, parts=("run", "classify"), pictures=False)

    def edit(metrics):
        metrics["ranks"]["order"] = metrics["ranks"]["family"]
        for own in (metrics["models"]["rf"], *metrics["baselines"].values()):
            own["order"] = own["family"]

    change(out, "classify/metrics.json", edit)
    return render(summarize(out), [], Album(Results(out)))
