"""One name, many spellings: what is equal, what is not, and where the authorship begins."""

import unicodedata

import pytest

from phylolens.specimens.names import canonical, key, split_authorship, well_formed

EQUAL = [
    ("Felis silvestris", "Felis_silvestris", "felis  silvestris", "FELIS SILVESTRIS"),
    ("Felis silvestris", "Felis silvestris Schreber, 1777", "Felis silvestris (Schreber)"),
    (
        "Isoëtes lacustris",
        unicodedata.normalize("NFD", "Isoëtes lacustris"),
        "Isoëtes lacustris L.",
    ),
    ("Puma concolor", "\ufeffPuma concolor", "Pu\u00adma\u200b concolor", "Puma\u00a0concolor"),
    ("Rosa × alba", "Rosa ×alba", "Rosa x alba", "Rosa_x_alba", "Rosa X alba", "Rosa × alba L."),
    ("× Festulolium loliaceum", "×Festulolium loliaceum", "x Festulolium loliaceum"),
    ("Hers's maple", "Hers\u2019s maple", "'Hers\u2032s maple'", "hers's_maple"),
    ("Aster novae-angliae", "Aster novae\u2011angliae", "aster_novae\u2013angliae"),
    ("Carabus nemoralis", "Carabus (Archicarabus) nemoralis", "Carabus nemoralis O.F.Müller, 1764"),
    ("Parus ater britannicus", "Parus ater subsp. britannicus", "Parus ater ssp. britannicus"),
    ("Acer", "Acer L.", "ACER"),
    ("Felidae", "Felidae Fischer von Waldheim, 1817"),
]
DIFFERENT = [
    ("Isoëtes lacustris", "Isoetes lacustris"),
    ("Rosa alba", "Rosa × alba"),
    ("Acer palmatum var. dissectum", "Acer palmatum"),
    ("Microdon (Syrphidae)", "Microdon (Scrophulariaceae)"),
    ("Aus sp. 1", "Aus sp. 2"),
    ("American Robin", "American Crow"),
    ("Bacillus subtilis ATCC 6633", "Bacillus subtilis ATCC 6051"),
    ("Xylaria alba", "Ylaria alba"),
    ("-1", "1"),
    ("Aster novae-angliae", "Aster novae angliae"),
]


@pytest.mark.parametrize("spellings", EQUAL)
def test_spellings_of_one_name_are_equal(spellings):
    assert len({key(name) for name in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_names_stay_different(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("name", "proper", "authors"),
    [
        ("Alnus cordata (Loisel.) Duby", "Alnus cordata", "(Loisel.) Duby"),
        ("Ilex aquifolium L., 1753", "Ilex aquifolium", "L., 1753"),
        ("Aus bus subsp. cus (L.) Ab.Cde", "Aus bus subsp. cus", "(L.) Ab.Cde"),
        ("Larus ridibundus van der Hoeven, 1833", "Larus ridibundus", "van der Hoeven, 1833"),
        ("Vitis vinifera Torr. & A.Gray", "Vitis vinifera", "Torr. & A.Gray"),
        ("Croton tiglium Müll.Arg.", "Croton tiglium", "Müll.Arg."),
        ("Pinus sylvestris Hook. f.", "Pinus sylvestris", "Hook. f."),
        ("Pinus sylvestris f. alba", "Pinus sylvestris f. alba", ""),
        ("Rosa × alba L.", "Rosa × alba", "L."),
        ("Melospiza d'Orbigny & Lafresnaye, 1837", "Melospiza", "d'Orbigny & Lafresnaye, 1837"),
    ],
)
def test_authorship_is_set_apart(name, proper, authors):
    assert split_authorship(name) == (proper, authors)


@pytest.mark.parametrize(
    "name",
    ["Steller's jay", "American Robin", "BLUE GROUSE", "Great tit", "770315", "鳥", "Aus bus 12",
     "Felis catus 'Tom'", "Microdon (Syrphidae)", "Quercus robur × Quercus petraea", "Aus A",
     "n01440764"],
)  # fmt: skip
def test_other_names_stay_whole(name):
    assert split_authorship(name) == (canonical(name), "")


def test_case():
    assert well_formed("Felis silvestris")
    assert not well_formed("FELIS")
    assert not well_formed("felis")
    assert not well_formed("12")
