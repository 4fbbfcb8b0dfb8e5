"""Signs for nothing are no taxa; names that merely look like them are."""

import pytest

from phylolens.specimens.unknown import NUMBERED, is_blank, is_placeholder, read_label


@pytest.mark.parametrize(
    "value",
    ["", "NA", "n/a", "#N/A", "-", "—", r"\N", "<NA>", "none", "NaN", "not applicable", " N/A "],
)
def test_blanks(value):
    assert is_blank(value)
    assert read_label(value, "genus").name is None


@pytest.mark.parametrize(
    "value",
    ["Incertae sedis", "incertae_sedis", "[Incertae Sedis]", "Myrtales incertae sedis",
     "Family XIII Incertae Sedis", "(unclassified)", "unclassified Myrtales",
     "Myrtales_unclassified",
     "unidentified", "Unidentified_3", "Unknown family", "UNKNOWN", "undetermined", "indet.",
     "gen. indet.", "unplaced", "[unassigned]", "_unsorted", "not identified", "unknown bird"],
)  # fmt: skip
def test_placeholders(value):
    assert is_placeholder(value)
    for rank in ("family", "species"):
        assert read_label(value, rank).name is None


@pytest.mark.parametrize(
    "value",
    ["Nana", "Nanina", "Unio", "Unionidae", "Unca", "Speculum", "Nonea", "Indetia", "Missinga",
     "Vulpes vulpes", "BLACK BEAR", "Aphelocoma californica", "Confuciusornis sanctus",
     "n01440764"],
)  # fmt: skip
def test_names_are_kept(value):
    for rank in ("genus", "species"):
        assert read_label(value, rank).name == value
        assert not read_label(value, rank).why


@pytest.mark.parametrize(
    ("value", "genus"),
    [("Lynx sp.", "Lynx"), ("Lynx sp", "Lynx"), ("Lynx_spp.", "Lynx"), ("sp.", ""), ("spec.", ""),
     ("Lynx spec.", "Lynx"), ("Lynx indet.", "Lynx"), ("Lynx n. sp.", "Lynx"), ("ssp.", ""),
     ("Lynx sp. nov.", "Lynx"), ("Lynx cf. rufus", "Lynx"), ("cf. rufus", ""), ("aff. rufus", ""),
     ("Lynx aff. rufus", "Lynx"), ("Lynx nr. rufus", "Lynx"), ("Lynx rufus?", "Lynx"),
     ("Lynx sp. cf. L. rufus", "Lynx")],
)  # fmt: skip
def test_open_nomenclature_names_no_species_but_may_name_a_genus(value, genus):
    found = read_label(value, "species")
    assert (found.name, found.genus) == (None, genus)


def test_numbered_morphospecies_are_taxa_and_noted():
    for value in ("Lynx sp. 1", "Lynx sp. A", "Lynx sp. BOLD:AAB1234"):
        found = read_label(value, "species")
        assert (found.name, found.why) == (value, NUMBERED)
    assert read_label("Lynx rufus ssp.", "species").name == "Lynx rufus"
