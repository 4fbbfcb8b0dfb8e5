"""Values of 10 to 32 bits and with a decimal point use the whole range from black to white."""

import numpy as np
import pytest
from PIL import Image

from phylolens.images import read_rgb

GREY = 1


def pixels(data):
    return np.asarray(read_rgb(data).image).astype(int)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("planar", [1, 2])
def test_colour_tiff_of_any_depth(colours, widened, bits, big_endian, planar, tiff):
    found = read_rgb(tiff(widened(bits), planar=planar, big_endian=big_endian))
    assert np.abs(np.asarray(found.image).astype(int) - colours).max() <= 1
    assert found.assumed == ("" if bits == 16 else f"{bits} bits")


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_colour_tiff_with_compression(colours, widened, bits, tiff):
    assert np.abs(pixels(tiff(widened(bits), deflate=True)) - colours).max() <= 1


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_opacity_of_sixteen_bits_beside_fewer(colours, widened, bits, tiff, png16):
    opaque = np.full((*colours.shape[:2], 1), 65535, np.uint16)
    data = np.concatenate([widened(bits), opaque], axis=2)
    assert np.abs(pixels(tiff(data, tags=[(338, 3, 1, 2)])) - colours).max() <= 1
    assert np.abs(pixels(png16(data)) - colours).max() <= 1


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_grey_of_any_depth(colours, widened, bits, kind, tiff, png16):
    values = widened(bits)[..., :1]
    found = read_rgb(tiff(values, GREY) if kind == "TIFF" else png16(values))
    assert np.abs(np.asarray(found.image)[..., :1].astype(int) - colours[..., :1]).max() <= 1


@pytest.mark.parametrize("bits", [12, 16])
def test_white_is_zero(colours, widened, bits, tiff):
    assert np.abs(pixels(tiff(widened(bits)[..., :1], 0)) - (255 - colours[..., :1])).max() <= 1


@pytest.mark.parametrize("step", [256, 257])
def test_dark_images_widened_from_8_bits_stay_dark(colours, step, tiff, png16):
    dark = (colours // 16 * step).astype(np.uint16)
    for data in (tiff(dark), tiff(dark[..., :1], GREY), png16(dark)):
        assert pixels(data).max() == 15
        assert read_rgb(data).assumed == ""


def test_what_the_file_declares_goes_before_what_is_inferred(colours, tiff, png16):
    dark = (colours * 3 + 1).astype(np.uint16)  # to 766 of 4,095
    for declared, brightest in ((4095, 48), (65535, 2), (1023, 191)):
        data = tiff(dark, tags=[(281, 3, 1, declared)])
        assert abs(pixels(data).max() - brightest) <= 1, declared
        assert read_rgb(data).assumed == ""
    assert abs(pixels(png16(dark, (12, 12, 12))).max() - 48) <= 1
    assert pixels(tiff(dark, tags=[(281, 3, 1, 255)])).max() == 191, "a wrong tag is passed over"


@pytest.mark.parametrize(
    ("scale", "brightest", "assumed"),
    [
        (1, 255, ""),
        (1.3, 255, ""),  # beyond white by resampling
        (0.4, 102, ""),
        (255, 255, ""),
        (262, 255, ""),
        (4095, 255, "12 bits"),
        (65535, 255, ""),
        (3e6, 255, "their own largest value"),
    ],
)
def test_floating_point(colours, scale, brightest, assumed, encoded):
    values = (colours[..., 0] / 255 * scale).astype(np.float32)
    found = read_rgb(encoded(Image.fromarray(values), "TIFF"))
    assert np.asarray(found.image).max() == brightest
    assert found.assumed == assumed


def test_values_that_are_not_finite_are_black(colours, encoded):
    values = (colours[..., 0] / 255).astype(np.float32)
    values[3, :3] = np.nan, np.inf, -np.inf
    found = pixels(encoded(Image.fromarray(values), "TIFF"))
    assert found[3, :3].max() == 0
    assert found[0, 1].max() == 255


def test_values_below_zero_are_stretched_and_said(colours, encoded):
    values = (colours[..., 0] / 127.5 - 1).astype(np.float32)
    found = read_rgb(encoded(Image.fromarray(values), "TIFF"))
    assert np.abs(np.asarray(found.image)[..., 0].astype(int) - colours[..., 0]).max() <= 1
    assert "below zero" in found.assumed


def test_a_little_noise_below_zero_is_black(colours, encoded):
    values = (colours[..., 0] / 255).astype(np.float32)
    values[5, 5] = -0.02
    found = read_rgb(encoded(Image.fromarray(values), "TIFF"))
    assert np.asarray(found.image)[5, 5].max() == 0
    assert found.assumed == ""


@pytest.mark.parametrize(
    ("factor", "assumed"), [(16, "12 bits"), (2**24, "their own largest value")]
)
def test_unsigned_values_of_32_bits(colours, tiff, factor, assumed):
    found = read_rgb(tiff(colours[..., :1].astype(np.uint32) * factor, GREY))
    assert np.abs(np.asarray(found.image)[..., :1].astype(int) - colours[..., :1]).max() <= 1
    assert found.assumed == assumed


def test_signed_values_of_16_bits_have_their_own_white(colours, tiff):
    values = (colours[..., :1].astype(float) / 255 * 32767).astype(np.int16)
    found = read_rgb(tiff(values, GREY, tags=[(339, 3, 1, 2)]))
    assert np.abs(np.asarray(found.image)[..., :1].astype(int) - colours[..., :1]).max() <= 1
    assert found.assumed == ""
