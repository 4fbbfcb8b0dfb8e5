"""Literature and terms are data: every entry is complete, and printed as a biologist cites."""

import pytest

from phylolens.report.glossary import cannot_tell, terms
from phylolens.report.literature import SOURCES, entries, printed, references


def test_every_entry_has_what_it_is_printed_from():
    assert len([entry for entry in entries() if entry["keywords"] != "docs"]) == 41
    assert len(entries()) == 69
    for entry in entries():
        assert {"author", "year", "title", "keywords"} <= set(entry)
        assert len([name for name in SOURCES if name in entry]) == 1


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("dcor", "Székely & Rizzo (2013) The distance correlation t-test of independence in high "
                 "dimension. Journal of Multivariate Analysis 117:193–213."),
        ("held-out", "Roberts, Bahn, Ciuti et al. (2017) Cross-validation strategies for data with "
                     "temporal, spatial, hierarchical, or phylogenetic structure. Ecography "
                     "40:913–929."),
        ("coherency", "Kiel (2021) Assessing bivalve phylogeny using deep learning and computer "
                      "vision approaches. bioRxiv 2021.04.08.438943."),
        ("published", "Roy (2025) Exploring visual similarities and genetic similarities with "
                      "machine learning. TU Ilmenau. (Both experiments of the recipe roy2025.)"),
    ],
)  # fmt: skip
def test_literature_is_printed_as_it_is_cited(part, text):
    assert references({part}) == [text]


def test_a_question_mark_takes_no_full_stop():
    (entry,) = [one for one in entries() if one["keywords"] == "protest"]
    assert "match? The advantages of" in printed(entry)


def test_terms_are_those_of_the_parts_shown():
    bare = dict(terms(None))
    assert "accuracy" in bare
    assert "skill" not in bare
    assert "temperature" not in bare
    assert "temperature" in dict(terms({"confidence": {"ece": 0.1}}))
    assert "skill" in dict(terms(None, None, held_out=True))


def test_what_is_left_open_is_a_copy():
    cannot_tell("classify").clear()
    assert cannot_tell("classify")
