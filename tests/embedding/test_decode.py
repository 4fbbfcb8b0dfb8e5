import io

import numpy as np
import pytest
from PIL import Image

from phylolens.images import UnreadableImage, decode


def encoded(image, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **({"format": "PNG"} | options))
    return stream.getvalue()


@pytest.fixture
def corner() -> Image.Image:
    """An image whose top-left quarter is red, the rest blue; wider than high."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[...] = (0, 0, 255)
    pixels[:10, :20] = (255, 0, 0)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (3, lambda a: a[::-1, ::-1]),
        (6, lambda a: np.rot90(a, 1)),  # camera turned: shown after a quarter turn clockwise
        (8, lambda a: np.rot90(a, -1)),
        (2, lambda a: a[:, ::-1]),
    ],
)
def test_orientation_of_the_camera_is_applied(corner, orientation, undo):
    upright = np.asarray(corner)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(undo(upright))), exif=exif)
    np.testing.assert_array_equal(np.asarray(decode(data)), upright)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_lose_the_picture(corner):
    data = encoded(corner, format="JPEG", quality=95, exif=b"Exif\0\0II*\0nonsense")
    assert decode(data).size == (40, 20)


def test_sixteen_bit_grey_is_scaled_by_257():
    values = np.array([[0, 257, 25700, 65535]], np.uint16)
    rgb = np.asarray(decode(encoded(Image.fromarray(values))))
    np.testing.assert_array_equal(rgb, np.repeat([[[0], [1], [100], [255]]], 3, axis=2))


def test_sixteen_bit_dark_picture_stays_dark():
    values = np.full((2, 2), 2570, np.uint16)
    assert np.asarray(decode(encoded(Image.fromarray(values)))).max() == 10


def test_floating_point_tiff_between_0_and_1():
    values = np.array([[0.0, 0.5, 1.0]], np.float32)
    rgb = np.asarray(decode(encoded(Image.fromarray(values), format="TIFF")))
    np.testing.assert_array_equal(rgb[0, :, 0], [0, 128, 255])


def test_transparency_lies_on_white():
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [100, 100, 100, 128]]], np.uint8)
    rgb = np.asarray(decode(encoded(Image.fromarray(pixels))))
    half = round((100 * 128 + 255 * 127) / 255)
    np.testing.assert_array_equal(rgb[0, :2], [[10, 20, 30], [255, 255, 255]])
    assert abs(int(rgb[0, 2, 0]) - half) <= 1


def test_palette_with_transparent_entry():
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putdata([0, 1])
    rgb = np.asarray(decode(encoded(image, transparency=1)))
    np.testing.assert_array_equal(rgb[0], [[200, 0, 0], [255, 255, 255]])


def test_cmyk_grey_and_bilevel_become_rgb():
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # no cyan, full magenta and yellow: red
    red = np.asarray(decode(encoded(cmyk, format="TIFF")))[0, 0]
    assert red[0] > 200
    assert red[1:].max() < 50
    grey = decode(encoded(Image.new("L", (3, 3), 77)))
    np.testing.assert_array_equal(np.asarray(grey), np.full((3, 3, 3), 77))
    assert np.asarray(decode(encoded(Image.new("1", (3, 3), 1)))).min() == 255


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    data = encoded(frames[0], format="GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(np.asarray(decode(data))[0, 0], [255, 0, 0])


def test_large_jpeg_is_decoded_smaller_but_not_too_small(draw):
    data = encoded(draw(0, (2400, 1800)), format="JPEG", quality=92)
    reduced, full = decode(data, 224), decode(data)
    assert full.size == (2400, 1800)
    assert min(reduced.size) >= 2 * 224
    assert max(reduced.size) < 2400
    small = np.asarray(reduced.resize((224, 168), Image.Resampling.BICUBIC), float)
    exact = np.asarray(full.resize((224, 168), Image.Resampling.BICUBIC), float)
    assert np.abs(small - exact).mean() < 1.5  # of 255


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"no image at all", "known format"),
    ],
)
def test_what_is_no_picture_is_refused(data, reason):
    with pytest.raises(UnreadableImage, match=reason):
        decode(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_pictures_are_refused(draw, kind):
    data = encoded(draw(1), format=kind)
    decode(data)  # the whole file is fine
    with pytest.raises(UnreadableImage, match="damaged or cut short"):
        decode(data[: len(data) // 2])
