"""Only regular files of an allowed format are opened, in bounded time, whatever they are called."""

import os
import socket
import threading
import warnings

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageFile

from phylolens.images import IMAGE_ENDINGS, UnreadableImage, decode, examine, open_file
from phylolens.images import opening as module
from phylolens.images.opening import opened

# PostScript that would write a file, were it run.
POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 20 20
(ran.txt) (w) file dup (ran) writestring closefile
showpage
"""


@pytest.fixture
def no_interpreter(monkeypatch):
    """Fail where Pillow would call an interpreter or another of its readers."""

    def refuse(*_, **__):
        raise AssertionError("an interpreter was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", refuse)
    monkeypatch.setattr("subprocess.Popen", refuse)


@pytest.mark.parametrize("name", ["leaf.jpg", "leaf.png", "leaf.tif", "leaf.eps"])
@pytest.mark.parametrize(
    "start", [b"", b"\x04", b"\xc5\xd0\xd3\xc6\x1e\0\0\0" + b"\xff\0\0\0" + b"\0" * 18]
)
def test_postscript_is_never_run(tmp_path, monkeypatch, no_interpreter, name, start):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(start + POSTSCRIPT)
    found = examine(tmp_path / name)
    assert (found.sha256, found.trouble) == (None, "unreadable-image")
    assert "PostScript" in found.reason
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"  <svg/>", "SVG"),
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"\xd7\xcd\xc6\x9a" + b"\0" * 40, "metafile"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw file"),
        (b"\0\0\0\x18ftypisom\0\0\0\1isommp42", "film"),
        (b"FUJIFILMCCD-RAW 0201", "raw file"),
        (b"\0" * 128 + b"DICM", "medical"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"PK\x03\x04\x14\0", "zip"),
        (b"\0\5\x16\7" + b"\0" * 80, "Mac"),
        (b"\0" * 500, "nothing but zeros"),
        (b"SIMPLE  =                    T", "volume"),
        (b"file,species\na.jpg,Acer\n", "known format"),
    ],
)
def test_what_is_no_image_is_named(tmp_path, no_interpreter, content, words):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert words in examine(path).reason


@pytest.mark.parametrize("name", ["a.NEF", "a.cr2", "a.dng"])
def test_raw_files_are_refused_though_their_thumbnail_could_be_read(tmp_path, colours, name, tiff):
    (tmp_path / name).write_bytes(tiff(colours.astype(np.uint8)))
    assert "raw file" in examine(tmp_path / name).reason


def test_what_is_not_known_by_content_is_named_by_its_ending(tmp_path, encoded):
    (tmp_path / "a.heic").write_bytes(b"nothing known")
    assert "HEIC" in examine(tmp_path / "a.heic").reason
    (tmp_path / "b.heic").write_bytes(encoded(Image.effect_noise((64, 48), 60), "JPEG"))
    assert examine(tmp_path / "b.heic").sha256, "a phone's JPEG under a wrong name"


def test_a_raw_file_called_tiff_is_refused(colours, tiff):
    with pytest.raises(UnreadableImage, match="raw file"):
        decode(tiff(colours.astype(np.uint8), tags=[(50706, 4, 1, 1)]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_devices_sockets_and_circles_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "self.jpg").symlink_to("self.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.jpg"))
        found = {path.name: examine(path) for path in sorted(tmp_path.iterdir())}
    assert {name: look.trouble for name, look in found.items()} == {
        "gone.jpg": "missing-file",
        "pipe.jpg": "unreadable-image",
        "s.jpg": "unreadable-image",
        "self.jpg": "unreadable-image",
        "zero.jpg": "unreadable-image",
    }
    assert "pipe, device or socket" in found["zero.jpg"].reason
    assert "leads back to itself" in found["self.jpg"].reason


def test_files_beyond_the_limit_are_refused_unread(tmp_path, monkeypatch):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(module.LARGEST_FILE + 1)  # a hole: nothing on the disk
    found = examine(tmp_path / "a.jpg")
    assert found.trouble == "too-large-image"
    assert found.detail == "2.1 GB, limit 2.1 GB"


KINDS = ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000", "AVIF", "MPO", "PPM"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_allowed_format_is_read_by_content(tmp_path, kind, encoded):
    image = Image.effect_noise((64, 48), 60).convert("RGB")
    for name in ("right.jpg", "without_ending", "wrong.gif"):
        (tmp_path / name).write_bytes(encoded(image, kind))
        with open_file(tmp_path / name) as file:
            assert decode(file).size == (64, 48)
        assert examine(tmp_path / name).sha256


def test_the_endings_searched_for_are_of_formats_that_are_read():
    known = Image.registered_extensions()
    assert {known.get(ending) for ending in IMAGE_ENDINGS} - {"DIB", None} <= set(KINDS)


def test_pillow_is_left_as_it_was(monkeypatch, encoded):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 123)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = encoded(Image.new("L", (40, 40)))
    with opened(data):
        assert Image.MAX_IMAGE_PIXELS is None
        decode(data)
        assert Image.MAX_IMAGE_PIXELS is None, "the outer one is not done yet"
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (123, True)


def test_files_cut_short_are_found_whatever_other_libraries_told_pillow(monkeypatch, encoded):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = encoded(Image.effect_noise((200, 200), 60), "JPEG")
    with pytest.raises(UnreadableImage, match="damaged or cut short"):
        decode(data[: len(data) // 2])


def test_limits_hold_in_threads(encoded):
    data = encoded(Image.effect_noise((300, 300), 60), "PNG")
    before = Image.MAX_IMAGE_PIXELS
    threads = [threading.Thread(target=decode, args=(data,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert before == Image.MAX_IMAGE_PIXELS


def test_progressive_jpegs_of_endless_scans_are_refused(monkeypatch, encoded):
    data = encoded(Image.effect_noise((1100, 1000), 60), "JPEG", progressive=True)
    decode(data)
    monkeypatch.setattr(module, "MOST_WORK", 10**6)
    with pytest.raises(UnreadableImage, match="scans"):
        decode(data)


def test_tiffs_of_other_kinds_say_which(colours, tiff):
    five = np.concatenate([colours, colours[..., :2]], axis=2).astype(np.uint8)
    with pytest.raises(UnreadableImage, match=r"TIFF of a kind.*5 bands of 8 bits"):
        decode(tiff(five))


def test_no_warning_reaches_the_user(colours, encoded, tiff):
    """Metadata may be odd: it says nothing about the pixels."""
    odd = tiff(colours.astype(np.uint8), tags=[(34665, 4, 1, 99999999)])
    palette = Image.effect_noise((40, 40), 60).quantize(8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decode(odd)
        decode(encoded(palette, transparency=bytes([0, 100, 255, 255, 255, 255, 255, 255])))
