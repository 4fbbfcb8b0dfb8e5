"""Every file below a folder is read, or counted and named; links lead nowhere twice."""

import os

import pytest
from PIL import Image

from phylolens.errors import InputError
from phylolens.specimens import read_specimens
from phylolens.specimens.image_files import by_ending, find_images
from phylolens.specimens.locate import new_images


@pytest.fixture
def touch(tmp_path):
    """Write empty files into a folder called images, and return that folder."""

    def write(*names):
        for name in names:
            path = tmp_path / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        return tmp_path / "images"

    return write


def told(found):
    return {problem.kind: problem for problem in found.problems}


def test_images_without_hidden_ones_copies_and_results(touch):
    folder = touch(
        *("b/2.JPG", "b/1.png", "a.tiff", "results/figures/x.png", ".thumbs/a.png"),
        *("__MACOSX/a.png", "notes.txt", "b/.DS_Store", "b/Thumbs.db", "b/._1.png"),
    )
    found = find_images(folder, folder / "results")
    assert list(found.paths) == ["a.tiff", "b/1.png", "b/2.JPG"]
    assert len(find_images(folder).paths) == 4, "the figure is an image like any other"
    assert {p.kind: p.severity for p in found.problems} == {"other-files": "note"}
    with pytest.raises(InputError, match="no images"):
        find_images(folder / "results", folder / "results")


def test_every_file_that_is_not_read_is_counted_by_ending(touch):
    names = ["a/1.jpg", *(f"a/{n}.HEIC" for n in range(12)), "a/2.nef", "b/3.NEF", "m.csv", "b/x"]
    found = told(find_images(touch(*names)))
    unread = found["unread-files"]
    assert unread.severity == "warning"
    assert unread.message.startswith("files in formats that are not read: 12 .heic, 2 .nef.")
    assert "convert it to JPEG" in unread.message
    assert "RawTherapee" in unread.message
    assert len(unread.ids) == 14
    assert found["other-files"].message.endswith("1 .csv, 1 without ending")
    assert found["other-files"].severity == "note"


@pytest.mark.parametrize("ending", ["jfif", "jpe", "jp2", "j2k", "avif", "JPEG", "mpo", "ppm"])
def test_less_common_endings_are_read(touch, ending):
    assert list(find_images(touch(f"a/1.{ending}")).paths) == [f"a/1.{ending}"]


def test_a_folder_of_heic_is_refused_by_name(touch):
    folder = touch(*(f"Acer/{n}.heic" for n in range(3)), "notes.txt")
    with pytest.raises(InputError, match=r"no images.*holds 3 \.heic, 1 \.txt.*Convert|convert it"):
        find_images(folder)


def test_hidden_images_are_told(touch):
    assert told(find_images(touch("a/1.jpg", "a/.2.jpg")))["hidden-images"].ids == ("a/.2.jpg",)


def test_links_to_folders_and_files_are_followed(touch, tmp_path):
    folder = touch("Acer/1.jpg")
    (tmp_path / "store/Betula").mkdir(parents=True)
    (tmp_path / "store/Betula/2.jpg").write_text("")
    (folder / "Betula").symlink_to(tmp_path / "store/Betula")
    (folder / "Acer/3.jpg").symlink_to(tmp_path / "store/Betula/2.jpg")
    found = find_images(folder)
    assert list(found.paths) == ["Acer/1.jpg", "Acer/3.jpg", "Betula/2.jpg"]
    assert found.problems == ()


def test_links_in_a_circle_end(touch):
    folder = touch("Zelkova/1.jpg")
    (folder / "Acer").symlink_to(folder / "Zelkova")  # sorts first, yet the real folder is read
    (folder / "Zelkova/up").symlink_to(folder)
    (folder / "self.jpg").symlink_to("self.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    found = find_images(folder)
    assert list(found.paths) == ["Zelkova/1.jpg"]
    assert told(found)["repeated-folder"].ids == ("Acer", "Zelkova/up")
    assert told(found)["broken-link"].ids == ("gone.jpg", "self.jpg")


def test_a_link_that_a_copy_made_text_is_followed(touch, tmp_path):
    folder = touch("Acer/1.jpg", "Betula")
    (tmp_path / "store").mkdir()
    (tmp_path / "store/2.jpg").write_text("")
    (folder / "Betula").write_text("../store")
    (folder / "Notes").write_text("../nothing of the kind")
    found = find_images(folder)
    assert list(found.paths) == ["Acer/1.jpg", "Betula/2.jpg"]
    assert told(found)["lost-link"].ids == ("Betula",)
    assert found.others == ["Notes"]
    assert list(read_specimens(images=folder).table["species"]) == ["Acer", "Betula"]


def test_results_of_earlier_runs_are_not_searched(touch):
    folder = touch("a/1.jpg", "old/check.json", "old/run.json", "old/figures/x.png")
    found = find_images(folder)
    assert list(found.paths) == ["a/1.jpg"]
    assert told(found)["results-in-images"].ids == ("old",)


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on Unix only")
def test_names_that_are_no_text_are_an_error_and_left_out(touch):
    folder = touch("a/1.jpg")
    try:
        (folder / os.fsdecode(b"a/caf\xe9.jpg")).write_text("")
    except OSError:
        pytest.skip("this disk takes UTF-8 names only")
    found = find_images(folder)
    assert list(found.paths) == ["a/1.jpg"]
    assert told(found)["unreadable-name"].ids == ("a/caf\\xe9.jpg",)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_closed_folders_are_named(touch):
    folder = touch("a/1.jpg", "b/2.jpg")
    (folder / "b").chmod(0)
    try:
        assert told(find_images(folder))["unreadable-folder"].ids[0].startswith("b (no permission")
    finally:
        (folder / "b").chmod(0o755)


@pytest.mark.parametrize("name", ["new\nline.png", "a#b%20c.png", "-dash.png", "🐚.png", " x.png"])
def test_odd_names_are_names(touch, name):
    assert list(find_images(touch(f"a/{name}")).paths) == [f"a/{name}"]


def test_rare_endings_are_summed():
    names = [f"{n}.e{n}" for n in range(12)] + ["x.txt", "y.txt"]
    assert by_ending(names).startswith("2 .txt, 1 .e0,")
    assert by_ending(names).endswith("5 others")


def test_a_single_file_of_another_format_gets_advice(tmp_path):
    (tmp_path / "a.heic").write_text("")
    with pytest.raises(InputError, match=r"HEIC.*convert it"):
        new_images(tmp_path / "a.heic", tmp_path / "out", "")


def test_new_images_list_what_is_not_read_to_say_why(touch):
    folder = touch("1.jpg", "2.heic", "notes.txt")
    (folder / "gone.jpg").symlink_to("nowhere")
    assert list(new_images(folder, folder / "out", "")) == ["1.jpg", "2.heic", "gone.jpg"]


def test_files_named_in_a_table_are_found(tmp_path, write, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for place in ("photos/caf\u00e9/1.png", "photos/2.png", "home/3.png", "elsewhere/4 a.png"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(tmp_path / place)
    names = [
        "cafe\u0301/1.png",  # the accent written apart, as a Mac does
        "../photos/2.png",
        "~/3.png",
        (tmp_path / "elsewhere/4 a.png").as_uri(),
        str(tmp_path / "photos/2.png").replace("2.png", "./2.png"),
    ]
    rows = "\n".join(f"{name},F{number}" for number, name in enumerate(names))
    meta = write("meta.csv", f"file,family\n{rows}\n")
    table = read_specimens(meta=meta, images=tmp_path / "photos").table
    assert all(path.is_file() for path in table["path"]), list(table["path"])
