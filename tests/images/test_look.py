"""Looking at an image finds what its user should know, and agrees with the embedding."""

import numpy as np
import pytest
from PIL import Image

from phylolens.images import decode, examine
from phylolens.specimens import read_specimens, validate


@pytest.fixture
def look(tmp_path):
    def at(data):
        (tmp_path / "x.png").write_bytes(data)
        return examine(tmp_path / "x.png")

    return at


def test_sound_images_have_nothing_to_tell(look, colours, encoded):
    found = look(encoded(Image.fromarray(colours.astype(np.uint8))))
    assert (found.trouble, found.assumed, found.pages, found.dark, found.flat) == ("", "", 0, 0, 0)
    assert len(found.sha256) == 64


def test_nearly_black_images_are_told(look, colours, encoded, png16):
    assert look(encoded(Image.fromarray((colours // 16).astype(np.uint8)))).dark
    assert look(png16((colours // 16 * 257).astype(np.uint16))).dark
    leaf = np.zeros((200, 200), np.uint8)
    leaf[:30, :30] = 90  # small and dim on a black ground, yet there
    assert not look(encoded(Image.fromarray(leaf))).dark


def test_images_of_one_colour_are_told(look, encoded):
    assert look(encoded(Image.new("RGB", (50, 50), (250, 250, 250)))).flat
    assert look(encoded(Image.new("RGB", (50, 50), (200, 20, 20)))).flat
    assert not look(encoded(Image.new("RGB", (50, 50), (1, 2, 3)))).flat, "this one is dark"


def test_pages_are_told(look, colours, encoded):
    image = Image.fromarray(colours.astype(np.uint8))
    more = {"save_all": True, "append_images": [image.rotate(90)]}
    assert look(encoded(image, "TIFF", **more)).pages
    assert look(encoded(image, "GIF", **more)).pages
    assert not look(encoded(image, "MPO", **more)).pages, "phones write these"
    assert not look(encoded(image, "TIFF")).pages


@pytest.mark.parametrize("mode", ["LAB", "YCbCr", "CMYK", "RGBA", "LA", "P", "1", "HSV"])
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "JPEG", "WEBP", "GIF", "JPEG2000", "AVIF", "BMP"])
def test_what_passes_can_be_decoded(look, mode, kind, encoded):
    try:
        data = encoded(Image.effect_noise((30, 20), 50).convert("RGB").convert(mode), kind)
    except (OSError, ValueError, KeyError):
        pytest.skip(f"{kind} knows no {mode}")
    found = look(data)
    if not found.trouble:
        assert decode(data, 224).mode == "RGB"


def test_problems_say_what_differs_and_what_is_common(tmp_path, write, colours, encoded, tiff):
    sound = encoded(Image.fromarray(colours.astype(np.uint8)))
    five = np.concatenate([colours, colours[..., :2]], axis=2).astype(np.uint8)
    files = {
        "a.png": sound,
        "cut1.png": sound[:2000],
        "cut2.jpg": encoded(Image.fromarray(colours.astype(np.uint8)), "JPEG")[:500],
        "five.tif": tiff(five),
        "twelve.tif": tiff((colours * 16).astype(np.uint16)),
        "ten.tif": tiff((colours * 4).astype(np.uint16)),
        "dark.png": encoded(Image.fromarray((colours // 20).astype(np.uint8))),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    names = [*files, "https://example.org/x.jpg", "absent.jpg"]
    meta = write("meta.csv", "file,family\n" + "".join(f"{name},F\n" for name in names))
    found = [(p.kind, p.severity, p.ids) for p in validate(read_specimens(meta=meta)).problems]
    assert found[:8] == [
        ("missing-file", "error", ("https://example.org/x.jpg",)),
        ("missing-file", "error", ("absent.jpg",)),
        ("unreadable-image", "error", ("cut1.png", "cut2.jpg")),
        ("unreadable-image", "error", ("five.tif",)),
        ("dark-image", "warning", ("dark.png",)),
        ("assumed-values", "warning", ("ten.tif",)),
        ("assumed-values", "warning", ("twelve.tif",)),
        ("one-class", "note", ("F",)),
    ]
    messages = [p.message for p in validate(read_specimens(meta=meta)).problems]
    assert "addresses" in messages[0]
    assert "'cut1.png': " in messages[2]
    assert "'cut2.jpg': " in messages[2]


@pytest.mark.parametrize(
    ("size", "shape"), [((30, 20), "wide"), ((20, 30), "tall"), ((100, 96), "square")]
)
def test_format_and_shape_are_told(tmp_path, size, shape):
    path = tmp_path / "a.jpg"  # the content counts, not the ending
    Image.new("RGB", size, (200, 30, 30)).save(path, format="PNG")
    found = examine(path)
    assert (found.format, found.size, found.shape) == ("PNG", size, shape)
