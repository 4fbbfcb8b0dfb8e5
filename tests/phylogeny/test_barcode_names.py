"""Which taxon a header stands for: by specimen, file, taxon, accession and BOLD fields."""

import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.phylogeny.barcode_names import fields, place_barcodes
from phylolens.phylogeny.placing import NoneMatch

RANKS = ("order", "family", "species")
WITH_GENUS = ("family", "genus", "species")


@pytest.fixture
def table():
    rows = [
        ("a/arca 1.jpg", "S1", "Arcida", "Arcidae", "Arca", "Arca noae"),
        ("a/arca 2.jpg", "S2", "Arcida", "Arcidae", "Barbatia", "Barbatia barbata"),
        ("b/venus.jpg", "S3", "Venerida", "Veneridae", "Venus", "Venus verrucosa"),
        ("b/mya.jpg", "S4", "Myida", "Myidae", "Mya", "Mya arenaria"),
        ("b/odd.jpg", "S5", "Myida", None, None, None),
    ]
    names = ["file", "specimen_id", "order", "family", "genus", "species"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(
    ("header", "taxon"),
    [
        ("S1", "Arcidae"),  # a specimen
        ("a/arca 2.jpg", "Arcidae"),  # a file
        ("venus.jpg", "Veneridae"),
        ("venus", "Veneridae"),
        ("Veneridae", "Veneridae"),  # a taxon of the rank
        ("arca_noae", "Arcidae"),  # of a finer rank, whatever its case and blanks
        ("Venus verrucosa Linnaeus, 1758", "Veneridae"),
        ("GBMB1-06|Venus verrucosa|COI-5P|AF120668", "Veneridae"),  # BOLD
        ("S4|unknown|COI-5P", "Myidae"),
        ("S4|Mya arenaria|COI-5P", "Myidae"),
        ("MN123456.1 Mya arenaria voucher 12 cytochrome oxidase", "Myidae"),  # GenBank
    ],
)
def test_one_header(table, header, taxon):
    assert place_barcodes([header], table, RANKS, "family").taxon_of == {header: taxon}


def test_kinds_and_reasons(table):
    headers = ["S1", "Mya arenaria", "B1|Arca noae", "B2|Felis catus", "S5", "Arcida"]
    found = place_barcodes(headers, table, RANKS, "family")
    assert found.matched_by == {"specimens of the table": 1, "names of taxa": 2}
    # A specimen without a family, and an order, stand for no family.
    assert sorted(found.reasons) == ["Arcida", "B2|Felis catus", "S5"]


def test_specimens_and_names_that_disagree_stop_the_run(table):
    with pytest.raises(InputError, match="two taxa: Arcidae by specimens of the table but Myidae"):
        place_barcodes(["S1|Mya arenaria"], table, RANKS, "family")


def test_a_specimen_of_two_taxa_places_nothing(table):
    table.loc[1, "specimen_id"] = table.loc[2, "specimen_id"] = "S9"
    with pytest.raises(NoneMatch):
        place_barcodes(["S9"], table, RANKS, "family")


def test_nothing_known(table):
    with pytest.raises(NoneMatch, match=r"family are 'Arcidae', 'Veneridae', 'Myidae'"):
        place_barcodes(["B1|Felis catus"], table, RANKS, "family")


def test_matches_of_the_user_come_first(table):
    given = {"x7": "Mya arenaria"}
    found = place_barcodes(["X7|Arca noae"], table, RANKS, "family", given)
    assert found.taxon_of == {"X7|Arca noae": "Myidae"}
    assert found.matched_by == {"--matches": 1}
    with pytest.raises(InputError, match="in no header"):
        place_barcodes(["S1"], table, RANKS, "family", {"x8": "Mya arenaria"})
    with pytest.raises(InputError, match="no taxon of the table"):
        place_barcodes(["S1"], table, RANKS, "family", {"S1": "Felis catus"})


def test_another_species_of_a_genus_stands_in_only_where_there_is_none(table):
    headers = ["B1|Arca noae", "B2|Arca imbricata", "B3|Venus casina"]
    found = place_barcodes(headers, table, WITH_GENUS, "family")
    assert found.taxon_of == {"B1|Arca noae": "Arcidae", "B3|Venus casina": "Veneridae"}
    assert found.notes[0].ids == ("B3|Venus casina as Veneridae",)
    assert place_barcodes(["B1|Arca noae"], table, WITH_GENUS, "species").notes == ()


def test_fields_are_not_repeated():
    assert fields("Arca") == ["Arca"]
    assert fields("A||b") == ["A||b", "A", "b"]
