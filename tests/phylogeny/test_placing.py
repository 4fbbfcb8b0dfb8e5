"""Tips find their taxa, or a reason is given; nothing is matched wrongly."""

import random

import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.phylogeny.placing import NoneMatch, place_tips
from phylolens.phylogeny.suggestions import suggest

RANKS = ("family", "genus", "species")
TABLE = pd.DataFrame(
    [
        ("Felidae", "Felis", "Felis catus"),
        ("Felidae", "Puma", "Puma concolor"),
        ("Canidae", "Canis", "Canis lupus"),
        ("Canidae", "Vulpes", "Vulpes vulpes"),
        ("Muridae", "Mus", "Mus musculus"),
        ("Muridae", "Rattus", "Rattus rattus"),
    ],
    columns=RANKS,
)
SPECIES = list(TABLE["species"])


def tips_of(pattern):
    return [pattern.format(name.replace(" ", "_"), number) for number, name in enumerate(SPECIES)]


@pytest.mark.parametrize(
    "pattern",
    ["{}_ott{}70315", "{}_FELIDAE_CARNIVORA", "{}_KX61{}00.1", "{}_NC_00{}234", "MN{}12345_{}"],
)
def test_one_suffix_of_all_tips_is_set_aside_and_said(pattern):
    if pattern.startswith("MN"):
        tips = [f"MN{k}12345.1_{name.replace(' ', '_')}" for k, name in enumerate(SPECIES)]
    else:
        tips = tips_of(pattern)
    found = place_tips(tips, TABLE, RANKS, "species")
    assert [found.taxon_of[tip] for tip in tips] == SPECIES
    (note,) = found.notes
    assert note.kind == "tip-suffix"
    assert len(note.ids) == 3


def test_two_accessions_of_a_species_are_both_its_tips():
    tips = [*tips_of("{}_KX610{}.1"), "Felis_catus_KX9999.1"]
    found = place_tips(tips, TABLE, RANKS, "species")
    assert [tip for tip, taxon in found.taxon_of.items() if taxon == "Felis catus"] == [
        tips[0], tips[-1]
    ]  # fmt: skip
    assert "averaged" in found.notes[0].message


def test_suffixes_of_some_tips_only_are_not_guessed():
    tips = [*tips_of("{}_MNHN{}x"), "Ursus"]
    with pytest.raises(NoneMatch, match="begin with the name of a taxon"):
        place_tips(tips, TABLE, RANKS, "species")
    found = suggest(tips, TABLE, RANKS)
    assert list(found["candidate"]) == sorted(SPECIES)


def test_tips_of_several_ranks_are_all_placed():
    tips = [
        "Felis_catus",
        "Puma",
        "Canis_lupus",
        "Vulpes",
        "Mus_sp.",
        "Rattus_norvegicus",
        "Muridae",
    ]
    found = place_tips(tips, TABLE, RANKS, "genus")
    assert set(found.taxon_of.values()) == set(TABLE["genus"])
    assert found.reasons == {"Muridae": "a tip of rank family, coarser than genus"}
    assert sum(found.matched_by.values()) == 6
    assert {note.kind for note in found.notes} == {"tips-of-ranks", "genus-tips", "genus-word"}


def test_finer_tips_come_before_a_tip_of_the_taxon_itself():
    tips = [name.replace(" ", "_") for name in SPECIES] + ["Felis", "Felis_sp.", "Felis_margarita"]
    found = place_tips(tips, TABLE, RANKS, "genus")
    assert sorted(found.reasons) == ["Felis", "Felis_margarita", "Felis_sp."]
    assert found.matched_by == {"equal names": 6}


def test_tips_of_a_coarser_rank_are_refused():
    with pytest.raises(InputError, match="taxa of rank family, coarser than genus"):
        place_tips(["Felidae", "Canidae", "Muridae"], TABLE, RANKS, "genus")


def test_given_matches_count_and_are_held_against_both_sides():
    tips = ["Felis_silvestris", "Puma_concolor", "Canis_lupus", "Vulpes_vulpes"]
    given = {"felis silvestris": "Felis catus"}
    found = place_tips(tips, TABLE, RANKS, "species", given)
    assert found.taxon_of["Felis_silvestris"] == "Felis catus"
    assert found.matched_by == {"equal names": 3, "--matches": 1}
    with pytest.raises(InputError, match=r"not in the phylogeny.*'Lynx lynx'"):
        place_tips(tips, TABLE, RANKS, "species", {"Lynx lynx": "Felis catus"})
    with pytest.raises(InputError, match=r"no taxon of the table.*'Lynx lynx'"):
        place_tips(tips, TABLE, RANKS, "species", {"Puma_concolor": "Lynx lynx"})


@pytest.mark.parametrize(
    ("tip", "candidate", "why"),
    [
        ("Felis_cattus", "Felis catus", "spelling"),
        ("Felis_silvestris_catus", None, ""),
        ("Mus_musculus_domesticus", "Mus musculus", "begins"),
        ("Felis_concolor", "Puma concolor", "same epithet"),
        ("Canis_lupa", None, ""),
        ("voucher_Canis_lupus", "Canis lupus", "ends"),
        ("Rattus_sp.", "Rattus", "begins"),
        ("Puma conco", "Puma concolor", "cut short"),
        ("Ursus_arctos", None, ""),
    ],
)
def test_suggestions(tip, candidate, why):
    found = suggest([tip], TABLE, RANKS)
    if candidate is None:
        assert found.empty or "lupus" in set(found["candidate"]).pop() or tip.startswith("Felis")
    else:
        assert list(found["candidate"]) == [candidate]
        assert why in found["why"].iloc[0]


def test_decorated_names_are_matched_rightly_or_not_at_all():
    chance = random.Random(3)
    suffixes = ["", "_ott{}", "_KX{}1.1", "_FELIDAE_CARNIVORA", "_voucher_{}", " (L.) Auth., 1800"]
    for _ in range(300):
        number = chance.randint(1000, 99999)
        tips = {}
        common = chance.choice(suffixes)
        for name in SPECIES:
            suffix = common if chance.random() < 0.8 else chance.choice(suffixes)
            written = chance.choice([name, name.replace(" ", "_"), name.upper()])
            tips[written + suffix.format(number)] = name
        try:
            found = place_tips(list(tips), TABLE, RANKS, "species")
        except NoneMatch:
            continue
        assert all(tips[tip] == taxon for tip, taxon in found.taxon_of.items())
        assert set(found.taxon_of) | set(found.reasons) == set(tips)


def test_a_large_tree_is_matched_at_once():
    table = pd.DataFrame(
        {
            "genus": [f"Genus{k // 4}" for k in range(4000)],
            "species": [f"Genus{k // 4} sp{k}x" for k in range(4000)],
        }
    )
    tips = [f"Genus{k // 4}_sp{k}x" for k in range(12_000)]
    found = place_tips(tips, table, ("genus", "species"), "species")
    assert len(found.taxon_of) == 4000
    assert len(suggest(list(found.reasons)[:2000], table, ("genus", "species"))) >= 0
