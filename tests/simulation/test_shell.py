"""The renderer: what is drawn can be measured in the image."""

import numpy as np
import pytest

from phylolens.simulation import View, draw_view, named_traits, render_shell, trait_values
from phylolens.simulation.camera import BACKGROUNDS, to_jpeg
from phylolens.simulation.shell_shape import DIRECTIONS, build_outline, viable
from phylolens.simulation.shell_surface import LUMINANCE, pigment_colour
from phylolens.simulation.traits import TRAITS

PLAIN = named_traits(trait_values(np.zeros(len(TRAITS)))) | {
    "elongation": 1.1,
    "auricle": 0.0,
    "coiling": 0.0,
    "obliquity": 0.0,
    "irregularity": 0.0,
    "rib_strength": 0.0,
    "fold_strength": 0.0,
    "rays": 0.0,
    "bands": 0.0,
    "tents": 0.0,
    "growth_line_strength": 0.12,
}
SIZE = 224


def picture(traits=None, view=None, seed=0, size=SIZE):
    return render_shell(
        PLAIN | (traits or {}), view or View(), np.random.default_rng(seed), size=size
    )


def along_arc(image, outline, view, stage, n):
    """Sample brightness at ``stage`` of the way to the margin, evenly along the margin."""
    points = outline.points
    scale = view.scale * len(image) / np.ptp(points, axis=0).max()
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    place = (np.arange(n) + 0.5) / n
    x = np.interp(place, outline.margin, points[:, 0]) * stage
    y = np.interp(place, outline.margin, points[:, 1]) * stage
    column = np.round(len(image) / 2 + (x - middle[0]) * scale - 0.5).astype(int)
    row = np.round(len(image) / 2 - (y - middle[1]) * scale - 0.5).astype(int)
    return (image[row, column] @ LUMINANCE).astype(float)


@pytest.mark.parametrize("ribs", [16, 23, 31])
def test_rib_number_is_measurable(ribs):
    traits = PLAIN | {"rib_number": ribs, "rib_strength": 1.0}
    # Light along the hinge: it crosses all ribs from the same side.
    view = View(blur=0.0, azimuth=180)
    outline = build_outline(traits, np.zeros(DIRECTIONS))
    arc = along_arc(picture(traits, view), outline, view, 0.9, 512)[64:-64]
    smooth = np.convolve(arc, np.ones(65) / 65, mode="same")
    power = np.abs(np.fft.rfft((arc - smooth) * np.hanning(len(arc)), 4096))
    peak = np.argmax(power[: 60 * 8]) / 4096 * 512  # ribs along the whole margin
    assert peak == pytest.approx(ribs, abs=0.7)


def test_lightness_brightens_the_shell():
    middle = slice(SIZE // 2 - 20, SIZE // 2 + 20)
    bright = [
        picture({"lightness": value})[middle, middle].mean()
        for value in (0.3, 0.45, 0.6, 0.75, 0.9)
    ]
    assert (np.diff(bright) > 8).all()


def test_pigments_have_the_luminance_asked_for():
    for hue in (0.0, 0.3, 0.77, 1.0):
        tones = [pigment_colour(hue, 0.8, value) @ LUMINANCE for value in (0.3, 0.5, 0.7, 0.9)]
        assert (np.diff(tones) > 0.1).all()
        red, green, _ = pigment_colour(hue, 0.95, 0.5)
        assert green < red + 0.06  # no green shells


def test_left_and_right_valves_are_mirror_images():
    def coarse(valve):  # the grain is not mirrored: average it away
        image = picture({"umbo_position": -0.5}, View(azimuth=90, blur=0.0, valve=valve))
        return image.astype(float).reshape(28, 8, 28, 8, 3).mean(axis=(1, 3))

    left, right = coarse("left"), coarse("right")
    assert np.abs(left[:, ::-1] - right).mean() < 1.6
    assert np.abs(left - right).mean() > 4
    # Anterior is left in a left valve: the umbo, the highest point, lies left of the middle.
    outline = build_outline(PLAIN | {"umbo_position": -0.5}, np.zeros(DIRECTIONS))
    highest = outline.points[np.argmax(outline.points[:, 1]), 0]
    assert highest < outline.points[:, 0].mean()


def test_outline_has_the_asked_elongation():
    for value in (0.8, 1.0, 1.4):
        outline = build_outline(PLAIN | {"elongation": value}, np.zeros(DIRECTIONS))
        length, height = np.ptp(outline.points, axis=0)
        assert length / height == pytest.approx(value, rel=0.05)


def test_coiling_turns_growth_stages_by_the_logarithm_of_size():
    """The margin of size g is the margin turned by coiling * ln(1 / g): a log-spiral."""
    from phylolens.simulation.shell import _growth_coordinates

    outline = build_outline(PLAIN | {"coiling": 0.2}, np.zeros(DIRECTIONS))
    x, y = outline.points.T
    for size in (0.8, 0.4):
        turn = -0.2 * np.log(size)
        earlier = size * np.exp(1j * turn) * (x + 1j * y)
        stage, _ = _growth_coordinates(
            outline, earlier.real.astype(np.float32), earlier.imag.astype(np.float32)
        )
        assert np.median(np.abs(stage - size)) < 0.002


def test_viable_changes_only_unknown_combinations():
    assert viable(PLAIN) == PLAIN
    razor = viable(PLAIN | {"elongation": 4.0, "rib_strength": 1.0})
    assert razor["rib_strength"] == 0
    scallop = viable(PLAIN | {"auricle": 1.0, "coiling": 0.2, "umbo_position": -0.6})
    assert scallop["coiling"] == 0
    assert scallop["umbo_position"] == 0


def test_specimen_is_the_same_in_every_view_and_others_differ():
    same = picture(seed=1)
    assert (same == picture(seed=1)).all()
    assert (same != picture(seed=2)).any()


def test_light_comes_from_its_azimuth():
    half = SIZE // 2
    traits = {"inflation": 0.42, "gloss": 0.02, "umbo_position": 0.0}
    left = picture(traits, View(azimuth=180))
    right = picture(traits, View(azimuth=0))
    middle = slice(half - 10, half + 50)
    for image, sign in ((left, 1), (right, -1)):
        west, east = image[middle, 50:80].mean(), image[middle, 144:174].mean()
        assert sign * (west - east) > 10


def test_backgrounds_differ_and_the_shell_stays_clear_of_the_border():
    corners = {
        name: picture(view=View(background=name), size=64)[:6, :6].reshape(-1, 3).mean(axis=0)
        for name in BACKGROUNDS
    }
    values = list(corners.values())
    for place, one in enumerate(values):
        for other in values[place + 1 :]:
            assert np.abs(one - other).max() > 8


@pytest.mark.parametrize("seed", range(12))
def test_random_traits_always_give_one_whole_shell(seed):
    rng = np.random.default_rng(seed)
    traits = named_traits(trait_values(1.5 * rng.standard_normal(len(TRAITS))))
    view = View(background="velvet", blur=0.0, scale=0.8)
    image = render_shell(traits | {"lightness": 0.9}, view, rng, size=96)
    shell = image.max(axis=2) > 60
    assert 0.06 < shell.mean() < 0.75
    border = np.concatenate([shell[0], shell[-1], shell[:, 0], shell[:, -1]])
    assert border.mean() < 0.01


def test_nuisance_zero_keeps_the_pose():
    rng = np.random.default_rng(0)
    still = [draw_view(rng, valve="left", nuisance=0.0) for _ in range(5)]
    moving = [draw_view(rng, valve="left") for _ in range(50)]
    assert {view.rotation for view in still} == {0.0}
    assert 15 < max(abs(view.rotation) for view in moving) <= 20


def test_jpeg_is_close_to_the_picture():
    import io

    from PIL import Image

    image = picture()
    with Image.open(io.BytesIO(to_jpeg(image, 92))) as decoded:
        assert decoded.format == "JPEG"
        assert np.abs(np.asarray(decoded).astype(int) - image).mean() < 3
