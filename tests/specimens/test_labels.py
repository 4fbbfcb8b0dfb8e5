"""Cells become classes: nothing unknown is a class, no spelling makes a second one."""

import pandas as pd
import pytest

from phylolens.specimens.labels import clean_labels
from phylolens.specimens.near_names import near_names, qualify_homonyms


def cleaned(ranks, *rows):
    table = pd.DataFrame(list(rows), columns=list(ranks), dtype=object)
    found, problems = clean_labels(table, tuple(ranks))
    return [tuple(row) for row in found[list(ranks)].to_numpy()], problems


def kinds(problems):
    return [problem.kind for problem in problems]


def test_placeholders_are_unknown_and_counted():
    rows, problems = cleaned(
        ("order", "family"),
        ("Fagales", "Incertae sedis"),
        ("Myrtales", "incertae_sedis"),
        ("-", "Fagaceae"),
    )
    assert rows == [("Fagales", None), ("Myrtales", None), (None, "Fagaceae")]
    said = [problem for problem in problems if problem.kind == "unknown-value"]
    assert {name for problem in said for name in problem.ids} == {
        "- (1 row)", "Incertae sedis (1 row)", "incertae_sedis (1 row)"
    }  # fmt: skip


def test_spellings_are_one_taxon_and_said():
    rows, problems = cleaned(
        ("species",),
        ("lynx_rufus",),
        ("Lynx  rufus",),
        ("Lynx rufus (Schreber, 1777)",),
        ("LYNX RUFUS",),
        ("Lynx pardinus",),
    )
    assert [row[0] for row in rows] == ["Lynx rufus"] * 4 + ["Lynx pardinus"]
    (said,) = [problem for problem in problems if problem.kind == "merged-names"]
    assert "LYNX RUFUS" in said.ids[0]
    assert "authorship" in kinds(problems)


@pytest.mark.parametrize(
    ("genus", "species", "full"),
    [
        ("Lynx", "rufus", "Lynx rufus"),
        ("Lynx", "Lynx rufus", "Lynx rufus"),
        ("Lynx", "lynx_rufus", "Lynx rufus"),
        ("Lynx", "L. rufus", "Lynx rufus"),
        ("Lynx", "lynx", "Lynx lynx"),
        ("Lynx", "Lynx", None),
        ("Lynx", "sp.", None),
        ("Lynx", "cf. rufus", None),
        ("Perna", "novae_zelandiae", "Perna novae zelandiae"),
        ("Perna", "novae-zelandiae", "Perna novae-zelandiae"),
        ("Rosa", "x alba", "Rosa × alba"),
        ("Rosa", "× alba", "Rosa × alba"),
        ("Lynx", "rufus floridanus", "Lynx rufus floridanus"),
        ("Lynx", "Bobcat", "Bobcat"),
        ("Lynx", "Puma concolor", "Puma concolor"),
        (None, "rufus", "rufus"),
        ("Lynx", None, None),
    ],
)
def test_epithets_are_joined_unless_they_are_already(genus, species, full):
    rows, _ = cleaned(("genus", "species"), (genus, species), ("Felis", "Felis catus"))
    assert rows[0] == (genus, full)


def test_a_column_of_capitalised_epithets_is_one_of_epithets():
    rows, _ = cleaned(("genus", "species"), ("Lynx", "Rufus"), ("Felis", "Catus"))
    assert [row[1] for row in rows] == ["Lynx rufus", "Felis catus"]


def test_another_genus_in_the_species_is_a_warning():
    _, problems = cleaned(
        ("genus", "species"),
        ("Lynx", "Puma concolor"),
        ("Lynx", "Lynx rufus"),
        ("Puma", "Puma concolor"),
        ("Lynx", "Bay lynx"),
    )
    (said,) = [problem for problem in problems if problem.kind == "genus-mismatch"]
    assert said.severity == "warning"
    assert said.ids == ("Puma concolor (genus Lynx)",)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Mus musculus", "Mus musculuss", True),
        ("Mus musculus", "Mus muscluus", True),
        ("Isoetes lacustris", "Isoëtes lacustris", True),
        ("Aster novae-angliae", "Aster novae angliae", True),
        ("Mus musculus", "Mus spretus", False),
        ("Lynx sp. 1", "Lynx sp. 2", False),
        ("Pan", "Pans", False),
        ("Station A", "Station B", False),
    ],
)
def test_near_names(one, other, near):
    assert bool(near_names(sorted((one, other)))) is near


def test_near_names_of_two_parents_are_two_names():
    rows = [
        ("Charadriiformes", "Laridae"),
        ("Passeriformes", "Paridae"),
        ("Passeriformes", "Parridae"),
    ]
    _, problems = cleaned(("order", "family"), *rows)
    (said,) = [problem for problem in problems if problem.kind == "similar-names"]
    assert said.ids == ("Paridae (1 row) and Parridae (1 row)",)
    _, problems = cleaned(("order", "family"), (None, "Laridae"), ("Passeriformes", "Paridae"))
    assert kinds(problems) == ["similar-names"], "an unknown parent may be the same"


def test_near_names_of_thousands_are_found_at_once():
    names = sorted({f"Genus{a}{b} species{b}{a}" for a in "abcdefgh" for b in "abcdefghijkl"})
    assert near_names([*names, "Genusaa speciesaaa"])


HOMONYMS = [
    ("Animalia", "Syrphidae", "Microdon", "Microdon mutabilis"),
    ("Animalia", "Syrphidae", "Microdon", "Microdon mutabilis"),
    ("Plantae", "Scrophulariaceae", "Microdon", "Microdon dubius"),
    ("Plantae", "Fagaceae", "Quercus", "Quercus ilex"),
]
RANKS = ("kingdom", "family", "genus", "species")


def test_homonyms_are_told_apart():
    table = pd.DataFrame(HOMONYMS, columns=RANKS, dtype=object)
    found, problems = qualify_homonyms(table, RANKS)
    assert list(found["genus"]) == [
        "Microdon (Syrphidae)", "Microdon (Syrphidae)", "Microdon (Scrophulariaceae)", "Quercus"
    ]  # fmt: skip
    assert kinds(problems) == ["homonym"]


@pytest.mark.parametrize(
    "stray",
    [
        ("Animalia", "Muscidae", "Microdon", "Microdon mutabilis"),  # a species in both families
        ("Animalia", "Syrphidaee", "Microdon", "Microdon analis"),  # the family is misspelt
    ],
)
def test_mistakes_are_no_homonyms(stray):
    table = pd.DataFrame([*HOMONYMS[:2], stray], columns=RANKS, dtype=object)
    found, problems = qualify_homonyms(table, RANKS)
    assert list(found["genus"]) == ["Microdon"] * 3
    assert problems == ()
