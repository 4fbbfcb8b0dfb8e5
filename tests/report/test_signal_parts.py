"""Each part of the section on signal may be missing; older results hold two tests only."""

import re

import pytest

from phylolens.report import summarize
from phylolens.report.build import render
from phylolens.report.results import Results
from phylolens.report.thumbnails import Album

TAXA = [f"{letter}idae" for letter in "ABCDEF"]
HEADINGS = {
    "correlogram": "The correlogram as a table",
    "by_clade": "Within each clade",
    "tree": "A tree from visual distances",
    "tree_sample": "With other trees",
    "by_features": "With other features or distances",
}
OPTIONAL = (*HEADINGS, "primary", "covariance", "lambda", "baselines", "within_clades",
            "disagreement", "circular", "circular_why", "dropped", "distance", "n_images",
            "n_specimens")  # fmt: skip
FORBIDDEN = ("nan", "None", "Undefined", "partial Mantel")


def page(out):
    return render(summarize(out), [], Album(Results(out)))


def section(text):
    return text[text.index('<section id="signal">') : text.index('<section id="read">')]


@pytest.mark.parametrize("key", OPTIONAL)
def test_each_key_may_be_missing(make_signal, key):
    text = section(page(make_signal(TAXA, lambda found: found.pop(key))))
    for name, heading in HEADINGS.items():
        assert (heading in text) == (name != key), name
    for word in FORBIDDEN:
        assert not re.search(rf"\b{word}\b", text), word


@pytest.mark.parametrize("name", ["pairs.csv", "portraits.csv", "residuals.csv", "tree.nwk",
                                  "visual_tree.nwk", "visual_distances.csv"])  # fmt: skip
def test_each_file_may_be_missing(make_signal, name):
    out = make_signal(TAXA)
    (out / "signal" / name).unlink()
    assert "look more alike than chance" in page(out)


def test_a_broken_tree_costs_its_support_only(make_signal):
    out = make_signal(TAXA)
    (out / "signal/visual_tree.nwk").write_text("((a,b")
    assert summarize(out)["signal"].trees.support == ""


def test_tests_that_could_not_be_made_are_left_out_with_the_reason(make_signal):
    def edit(found):
        found["tests"]["kmult"] = None
        found |= {"primary": "mantel_pearson", "not_possible": {"kmult": "all taxa are tips."}}

    out = make_signal(TAXA, edit)
    found = summarize(out)["signal"]
    assert found.tests[0].name == "mantel_pearson"
    assert found.not_possible == ["K_mult: All taxa are tips."]
    assert "Not possible here. K<sub>mult</sub>: All taxa are tips." in page(out)


def test_results_of_before_read_as_before(make_results):
    out = make_results(TAXA, [3] * 6, parts=("signal",), pictures=False)
    found = summarize(out)["signal"]
    assert found.kind == "yes"
    assert found.verdict.startswith("Visual and genetic distances of families agree more than")
    assert "K_mult" not in repr(found)
    for part in ("within", "correlogram", "clades", "trees", "pairs", "sample", "several"):
        assert getattr(found, part) is None
    assert any("Whether images say more than the taxonomy" in x for x in found.cannot_tell)
    text = section(page(out))
    assert "A positive verdict needs p ≤" in text.replace("\u00a0", " ")
    assert "Holm" not in text


def test_p_comes_with_taxa_and_permutations(make_signal):
    """Nothing counts pairs as independent, and every table of p-values names its taxa."""
    text = section(page(make_signal(TAXA))).replace("\u00a0", " ")
    assert "The unit of the test is the family, not the pair" in text
    assert "no p-value taken from them" not in text  # the figure is absent here
    for heading in re.findall(r"<thead>.*?</thead>", text, flags=re.DOTALL):
        if ">p" in heading and "genetic distance" not in heading:
            assert "families" in heading, heading


def test_terms_and_literature_are_those_of_the_parts_shown(make_signal, make_results):
    whole = page(make_signal(TAXA))
    assert "Kiel’s coherency</dt>" in whole
    assert "Adams (2014)" in whole
    assert "Estabrook" in whole
    before = page(make_results(TAXA, [3] * 6, parts=("signal",), pictures=False))
    for word in ("coherency", "Adams", "Estabrook", "Brownian"):
        assert word not in before
