import hashlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from phylolens.embedding.augment import ASPECT, CROP, _crop_box, _inverse_affine, augment, view
from phylolens.errors import InputError

CONTENT = hashlib.sha256(b"a shell").hexdigest()
NAMES = ["gaussian-noise", "flip-rotate-jitter-affine", "views"]


def made(image, name, copy=1, seed=0, content=CONTENT):
    return np.asarray(augment(image, name, content=content, copy=copy, seed=seed))


@pytest.mark.parametrize("name", NAMES)
def test_same_content_copy_and_seed_give_the_same_bytes_and_nothing_else_does(draw, name):
    image = draw(0)
    first = made(image, name)
    made(image, name, copy=7)  # work in between changes nothing
    np.testing.assert_array_equal(made(image, name), first)
    other = hashlib.sha256(b"another").hexdigest()
    for change in ({"copy": 2}, {"seed": 1}, {"content": other}):
        assert (made(image, name, **change) != first).any()


def test_noise_has_the_stated_spread_and_no_drift():
    grey = Image.new("RGB", (224, 224), (128, 128, 128))
    noise = made(grey, "gaussian-noise").astype(float) - 128
    n = noise.size
    assert abs(noise.mean()) < 5 * 25 / np.sqrt(n)
    assert noise.std() == pytest.approx(25, abs=5 * 25 / np.sqrt(2 * n))
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.02


def test_noise_is_clipped_not_wrapped():
    black = made(Image.new("RGB", (64, 64)), "gaussian-noise")
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.03)  # the half below 0
    assert black.max() < 150


def test_affine_undoes_what_it_says(draw):
    image = draw(2, (100, 80))
    none = np.zeros(2)

    def moved(*arguments):
        data = _inverse_affine(image.size, *arguments)
        return np.asarray(image.transform(image.size, Image.Transform.AFFINE, data), float)

    pixels = np.asarray(image, float)
    np.testing.assert_array_equal(moved(False, 0.0, 1.0, none), pixels)
    np.testing.assert_array_equal(moved(True, 0.0, 1.0, none), ImageOps.mirror(image))
    shifted = moved(False, 0.0, 1.0, np.array([7, -3]))
    np.testing.assert_array_equal(shifted[:-3, 7:], pixels[3:, :-7])
    turned = np.asarray(image.rotate(-10), float)  # Pillow counts the other way round
    assert np.abs(moved(False, np.radians(10), 1.0, none) - turned)[20:60, 20:80].mean() < 1


def test_about_half_of_the_copies_are_mirrored():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :32] = 255
    halves = Image.fromarray(pixels)
    mirrored = [
        made(halves, "flip-rotate-jitter-affine", copy)[20:44, 44:].mean() > 100
        for copy in range(200)
    ]
    assert 70 < sum(mirrored) < 130  # 4 standard deviations either way


def test_brightness_stays_within_its_factors():
    grey = Image.new("RGB", (32, 32), (100, 100, 100))
    means = [made(grey, "flip-rotate-jitter-affine", copy).mean() for copy in range(100)]
    assert min(means) >= 79
    assert max(means) <= 121
    assert np.std(means) == pytest.approx(40 / np.sqrt(12), rel=0.25)  # uniform on 80–120


def test_the_original_is_itself_and_unknown_names_are_refused(draw):
    image = draw(1)
    assert augment(image, "", content=CONTENT, copy=0, seed=0) is image
    with pytest.raises(InputError, match="no augmentation 'blur'"):
        made(image, "blur")


def test_crops_lie_inside_and_have_the_area_and_shape_they_say():
    rng = np.random.default_rng(0)
    for _ in range(200):
        area, ratio = rng.uniform(*CROP), np.exp(rng.uniform(-1, 1) * np.log(ASPECT))
        left, top, right, bottom = _crop_box((300, 200), area, ratio, rng.random(2))
        assert 0 <= left < right <= 300 + 1e-9
        assert 0 <= top < bottom <= 200 + 1e-9
        if area * max(ratio, 1 / ratio) <= 1:  # else it is cut to the image
            assert (right - left) * (bottom - top) == pytest.approx(area * 300 * 200)
            assert (right - left) / 300 / ((bottom - top) / 200) == pytest.approx(ratio)


def test_views_are_grey_and_mirrored_as_often_as_they_say():
    """On an image red to the left and blue to the right, both can be seen."""
    pixels = np.zeros((32, 32, 3), dtype=np.uint8)
    pixels[:, :16, 0], pixels[:, 16:, 2] = 200, 200
    image = Image.fromarray(pixels)
    grey = mirrored = 0
    n = 400
    for seed in range(n):
        found = np.asarray(view(image, np.random.default_rng(seed)), dtype=float)
        is_grey = np.ptp(found, axis=2).max() == 0
        grey += is_grey
        mirrored += not is_grey and found[:, 0, 0].mean() < found[:, -1, 0].mean()
    assert grey / n == pytest.approx(0.2, abs=3 * np.sqrt(0.16 / n))
    assert mirrored / (n - grey) == pytest.approx(0.5, abs=0.15)  # some crops have one half alone


def test_a_view_has_the_size_of_its_image(draw):
    assert view(draw(3, (90, 60)), np.random.default_rng(0)).size == (90, 60)
