import numpy as np
import pytest
from PIL import Image

from phylolens.embedding import BACKBONES
from phylolens.embedding.preprocess import border_colour, check_fit, fit_square, normalise
from phylolens.errors import InputError

SPEC = BACKBONES["efficientnet-lite0"]


def plain(size, colour):
    return Image.new("RGB", size, colour)


def test_pad_puts_the_whole_picture_in_the_middle_of_its_border_colour():
    image = plain((400, 200), (10, 200, 30))
    image.paste((250, 0, 0), (100, 50, 300, 150))
    square = np.asarray(fit_square(image, SPEC, "pad"))
    assert square.shape == (224, 224, 3)
    np.testing.assert_array_equal(square[:56], np.broadcast_to([10, 200, 30], (56, 224, 3)))
    np.testing.assert_array_equal(square[112, 112], [250, 0, 0])
    red = square[..., 0] > 130  # the rectangle keeps its proportions: 112 x 56
    assert red.sum() == pytest.approx(112 * 56, rel=0.02)
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    assert (rows[0], rows[-1]) == (84, 139)
    assert (columns[0], columns[-1]) == (56, 167)


def test_pad_of_an_upright_picture_fills_left_and_right():
    square = np.asarray(fit_square(plain((50, 100), (9, 9, 9)), SPEC, "pad"))
    np.testing.assert_array_equal(square, np.full((224, 224, 3), 9))


def test_border_colour_is_the_median_of_the_outermost_pixels():
    pixels = np.full((5, 7, 3), 200, np.uint8)
    pixels[0] = pixels[-1] = 40  # 14 of 20 border pixels
    pixels[2, 3] = 255
    assert border_colour(Image.fromarray(pixels)) == (40, 40, 40)
    ring = [
        tuple(p) for p in np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, 6]])
    ]
    assert border_colour(Image.fromarray(pixels))[0] == np.median([p[0] for p in ring])


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 2)])
@pytest.mark.parametrize("fit", ["pad", "squash", "crop"])
def test_tiny_and_thin_pictures_still_fit(size, fit):
    square = fit_square(plain(size, (7, 8, 9)), SPEC, fit)
    np.testing.assert_array_equal(np.asarray(square)[0, 0], [7, 8, 9])
    assert square.size == (224, 224)


def test_squash_is_pillows_bicubic(draw):
    image = draw(3, (300, 210))
    expected = image.resize((224, 224), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(np.asarray(fit_square(image, SPEC, "squash")), expected)


def test_interpolation_follows_the_backbone(draw):
    image = draw(3, (300, 210))
    expected = image.resize((224, 224), Image.Resampling.BILINEAR)
    square = fit_square(image, BACKBONES["swav-resnet50"], "squash")
    np.testing.assert_array_equal(np.asarray(square), expected)


def test_crop_is_the_usual_resize_and_centre_crop(draw):
    image = draw(4, (512, 256))  # shorter side 256 = 224 / 0.875: no resizing, only the cut
    expected = np.asarray(image)[16:240, 144:368]
    np.testing.assert_array_equal(np.asarray(fit_square(image, SPEC, "crop")), expected)


def test_picture_of_the_right_size_is_untouched(draw):
    image = draw(5)
    for fit in ("pad", "squash"):
        np.testing.assert_array_equal(np.asarray(fit_square(image, SPEC, fit)), image)


def test_normalise_against_the_formula(draw):
    pixels = np.asarray(draw(6))[None]
    spec = BACKBONES["resnet50"]
    planes = normalise(pixels, spec.mean, spec.std)
    for channel in range(3):
        expected = (pixels[0, ..., channel] / 255 - spec.mean[channel]) / spec.std[channel]
        np.testing.assert_allclose(planes[0, channel], expected, atol=1e-6)


def test_unknown_fit_is_refused():
    assert check_fit("pad") == "pad"
    with pytest.raises(InputError, match="no fit 'stretch'"):
        check_fit("stretch")


@pytest.mark.parametrize("size", [(1, 65000), (65000, 3), (20000, 40)])
def test_long_thin_pictures_are_cropped_before_they_are_enlarged(size):
    image = plain(size, (0, 0, 0))
    centre = [side // 2 for side in size]
    half = 2 * min(size)
    image.paste((250, 20, 20), [c - half for c in centre] + [c + half + 1 for c in centre])
    square = np.asarray(fit_square(image, SPEC, "crop")).astype(int)
    assert np.abs(square[90:134, 90:134] - [250, 20, 20]).max() <= 1


def test_both_ways_to_crop_agree(draw, monkeypatch):
    image = draw(3, (900, 120))
    enlarged = np.asarray(fit_square(image, SPEC, "crop")).astype(int)
    monkeypatch.setattr("phylolens.embedding.preprocess.LONG", 1)
    cropped = np.asarray(fit_square(image, SPEC, "crop")).astype(int)
    assert np.abs(enlarged - cropped).max() <= 2
