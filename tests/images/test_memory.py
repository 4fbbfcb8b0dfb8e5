"""What an image needs is known before it is decoded, and large ones are shrunk."""

import threading
import time

import numpy as np
import pytest
from PIL import Image

from phylolens.images import UnreadableImage, decode, memory, read_rgb
from phylolens.images.memory import Budget, shrinking


def test_too_many_pixels_are_counted_not_called_damaged(monkeypatch, encoded):
    monkeypatch.setattr(memory, "MOST_PIXELS", 1_000_000)
    data = encoded(Image.new("1", (3000, 1000)))
    with pytest.raises(UnreadableImage, match="3 million pixels, limit 1 million") as caught:
        decode(data)
    assert caught.value.kind == "too-large-image"


def test_the_limit_goes_by_bytes_a_pixel(monkeypatch, encoded):
    monkeypatch.setattr(memory, "MOST_BYTES", 9_000_000)
    decode(encoded(Image.new("RGB", (2000, 1000))))
    with pytest.raises(UnreadableImage, match="2 million pixels, limit 1 million"):
        decode(encoded(Image.new("RGBA", (2000, 1100))))


def test_very_long_images_are_refused(monkeypatch, encoded):
    monkeypatch.setattr(memory, "LONGEST_SIDE", 9000)
    with pytest.raises(UnreadableImage, match=r"10,000 pixels long, limit 9,000"):
        decode(encoded(Image.new("L", (10_000, 2))))


@pytest.fixture
def small_is_large(monkeypatch):
    """Treat images of more than 10,000 pixels as large, cut into strips of 4,000."""
    monkeypatch.setattr(memory, "LARGE", 10_000)
    monkeypatch.setattr(memory, "REFERENCE", 64)
    monkeypatch.setattr("phylolens.images.values.STRIP_PIXELS", 4_000)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F", "CMYK"])
def test_shrinking_is_averaging(small_is_large, mode, encoded):
    y, x = np.mgrid[0:437, 0:301]
    grey = Image.fromarray(((x + y) / 738 * 255).astype(np.uint8))
    if mode in ("I;16", "F"):
        whole = np.asarray(grey).astype(np.uint16 if mode == "I;16" else np.float32)
        image = Image.fromarray(whole * (257 if mode == "I;16" else 1 / np.float32(255)))
    else:
        image = grey.convert(mode)
    data = encoded(image, "TIFF" if mode in ("F", "CMYK") else "PNG")
    factor = shrinking(image.size, 8)
    assert factor == 301 // 64
    found = np.asarray(decode(data, 8)).astype(int)
    exact = np.asarray(decode(data).reduce(factor)).astype(int)
    assert found.shape == exact.shape
    assert np.abs(found - exact).max() <= 1


def test_ordinary_images_are_not_shrunk():
    assert shrinking((8000, 8000), 224) == 1
    assert shrinking((13300, 13300), 224) == 12
    assert shrinking((400_000, 900), 224) == 1, "the shorter side has nothing to spare"
    assert shrinking((13300, 13300), 0) == 1


def test_strips_change_nothing(monkeypatch, colours, encoded):
    data = encoded(Image.fromarray(colours.astype(np.uint8)).convert("P"))
    whole = np.asarray(decode(data))
    monkeypatch.setattr("phylolens.images.values.STRIP_PIXELS", 100)
    np.testing.assert_array_equal(np.asarray(decode(data)), whole)


def test_orientation_of_a_shrunk_image(small_is_large, encoded):
    image = Image.new("L", (400, 200))
    image.paste(255, (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode(encoded(image, exif=exif), 8)
    assert found.size == (67, 134)
    assert np.asarray(found)[5, 60].max() == 255
    assert np.asarray(found)[5, 5].max() == 0


@pytest.mark.parametrize("end", [{}, {"no_jp2": True}])
def test_jpeg_2000_is_halved_while_it_is_decoded(small_is_large, encoded, end, monkeypatch):
    image = Image.effect_noise((400, 300), 60)
    monkeypatch.setattr("phylolens.images.decoding.shrinking", lambda *_: 1)
    assert decode(encoded(image, "JPEG2000", **end), 8).size == (100, 75)
    assert decode(encoded(image, "JPEG2000", num_resolutions=2, **end), 8).size == (200, 150)
    assert decode(encoded(image.resize((90, 80)), "JPEG2000"), 8).size == (90, 80)


def test_a_rough_look_shrinks_each_side(encoded):
    data = encoded(Image.new("L", (5000, 10), 90))
    assert read_rgb(data, 64, rough=True).image.size == (5000 // 39 + 1, 10)


def test_a_budget_is_shared_and_never_blocks_for_ever():
    budget, held, most = Budget(100), [0], [0]
    lock = threading.Lock()

    def work(wanted):
        with budget.reserve(wanted):
            with lock:
                held[0] += wanted
                most[0] = max(most[0], held[0])
            time.sleep(0.005)
            with lock:
                held[0] -= wanted

    threads = [threading.Thread(target=work, args=(n,)) for n in (40, 40, 40, 90, 150, 10) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] <= 150
