"""Every bad image and label is named; nothing is dropped unless asked."""

import pytest

from phylolens.errors import InputError
from phylolens.specimens import read_specimens, usable, validate


@pytest.fixture
def validated(write, image):
    """Read a table of images made on the way: rows are (file, family, genus)."""

    def check(rows):
        lines = ["file,family,genus", *(",".join(row) for row in rows)]
        return validate(read_specimens(meta=write("meta.csv", "\n".join(lines) + "\n")))

    return check


def kinds(specimens, severity="error"):
    return {p.kind: p.ids for p in specimens.problems if p.severity == severity}


GOOD = [("a.jpg", "F", "g"), ("b.jpg", "F", "h"), ("c.jpg", "H", "i")]


@pytest.fixture
def good(image):
    for seed, row in enumerate(GOOD):
        image(row[0], seed)
    return GOOD


def test_sound_input_has_no_errors_and_loses_nothing(validated, good):
    found = validated(good)
    assert kinds(found) == {}
    assert found.table["sha256"].nunique() == 3
    assert len(usable(found)) == 3


@pytest.mark.parametrize("ending", ["jpg", "png"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_pictures_cut_short_are_named(validated, good, image, ending, share):
    path = image(f"cut.{ending}", 9)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    found = validated([*good, (path.name, "H", "i")])
    assert kinds(found) == {"unreadable-image": (path.name,)}
    with pytest.raises(InputError, match=path.name):
        usable(found)
    assert list(usable(found, skip_bad=True).table["file"]) == ["a.jpg", "b.jpg", "c.jpg"]


def test_missing_pictures_are_named(validated, good, tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    found = validated([*good, ("gone.jpg", "H", "i"), ("folder.jpg", "H", "i")])
    assert kinds(found) == {"missing-file": ("gone.jpg", "folder.jpg")}
    with pytest.raises(InputError, match=r"'gone\.jpg'.*--skip-bad"):
        usable(found)


def test_same_picture_under_two_taxa_is_an_error_for_both(validated, good, image):
    image("copy.jpg", 0)
    found = validated([*good, ("copy.jpg", "H", "i")])
    assert kinds(found) == {"same-picture-two-taxa": ("a.jpg", "copy.jpg")}
    assert list(usable(found, skip_bad=True).table["file"]) == ["b.jpg", "c.jpg"]


def test_same_picture_under_one_taxon_is_kept_once(validated, good, image):
    image("copy.jpg", 0)
    found = validated([*good, ("copy.jpg", "F", "g")])
    assert kinds(found) == {}
    assert kinds(found, "warning") == {"repeated-picture": ("copy.jpg",)}
    assert list(usable(found).table["file"]) == ["a.jpg", "b.jpg", "c.jpg"]


def test_blank_label_does_not_make_a_copy_another_taxon(validated, good, image):
    image("copy.jpg", 0)
    found = validated([*good, ("copy.jpg", "F", "")])
    assert kinds(found) == {}
    assert kinds(found, "warning") == {"repeated-picture": ("copy.jpg",)}


def test_genus_under_two_families_keeps_the_most_frequent(validated, good, image):
    image("d.jpg", 4)
    image("e.jpg", 5)
    found = validated([*good, ("d.jpg", "H", "g"), ("e.jpg", "H", "g")])
    assert kinds(found) == {"two-parents": ("g",)}
    with pytest.raises(InputError, match="'g'"):
        usable(found)
    assert list(usable(found, skip_bad=True).table["file"]) == ["b.jpg", "c.jpg", "d.jpg", "e.jpg"]


def test_after_skipping_no_error_is_left(validated, good, image):
    for seed, name in enumerate(["d.jpg", "e.jpg", "f.jpg"]):
        image(name, 10 + seed)
    rows = [*good, ("d.jpg", "H", "g"), ("e.jpg", "H", "g"), ("f.jpg", "Q", "g")]
    left = usable(validated([*rows, ("gone.jpg", "F", "g")]), skip_bad=True)
    assert (
        kinds(validated(list(left.table[["file", "family", "genus"]].to_records(index=False))))
        == {}
    )


def test_blank_labels_are_notes(validated, good, image):
    image("d.jpg", 4)
    found = validated([*good, ("d.jpg", "H", "")])
    assert kinds(found) == {}
    assert kinds(found, "note")["unknown-label"] == ("d.jpg",)
    assert len(usable(found)) == 4


def test_nothing_left_is_refused(validated):
    found = validated([("gone.jpg", "F", "g"), ("lost.jpg", "G", "h")])
    with pytest.raises(InputError, match="no usable image"):
        usable(found, skip_bad=True)


def test_every_picture_is_reported_as_progress(good, write):
    seen = []
    meta = write("meta.csv", "file,family\na.jpg,F\nb.jpg,G\n")
    validate(read_specimens(meta=meta), progress=lambda *step: seen.append(step[1:]))
    assert seen == [(1, 2), (2, 2)]


@pytest.fixture
def numbered(write):
    """Read rows of (specimen, family) without looking at images."""

    def check(rows):
        lines = [f"{place}.jpg,{specimen},{family}" for place, (specimen, family) in rows]
        text = "\n".join(["file,specimen_id,family", *lines])
        return validate(read_specimens(meta=write("m.csv", text)), look=False)

    return lambda rows: check(enumerate(rows))


def test_specimen_numbers_that_start_anew_in_every_taxon_are_errors(numbered):
    found = numbered([("1", "F"), ("1", "F"), ("2", "F"), ("1", "G"), ("3", "G")])
    assert kinds(found) == {"specimen-two-taxa": ("1",)}
    with pytest.raises(InputError, match=r"'1'.*id of its own"):
        usable(found)
    assert list(usable(found, skip_bad=True).table["specimen_id"]) == ["2", "3"]


def test_specimens_of_one_taxon_or_partly_unknown_are_sound(numbered):
    assert kinds(numbered([("1", "F"), ("1", ""), ("2", "G"), ("2", "G")])) == {}
