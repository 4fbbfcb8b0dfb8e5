"""Images of every format that is read, in several kinds each."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from phylolens.errors import InputError
from phylolens.images import UnreadableImage, decode, examine, open_file

SIDE = 224


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Small images; the ending is that of the format."""
    y, x = np.mgrid[0:40, 0:56]
    rgb = Image.fromarray(np.stack([x * 4, y * 6, (x * y) % 256], 2).astype(np.uint8))
    grey, alpha = rgb.convert("L"), rgb.convert("RGBA")
    alpha.putalpha(grey)
    wide = Image.fromarray((np.asarray(grey).astype(np.uint16)) * 16)
    floating = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    return {
        ".jpg": [
            _file(rgb, "JPEG", exif=exif),
            _file(rgb, "JPEG", progressive=True),
            _file(rgb.convert("CMYK"), "JPEG"),
            _file(rgb, "MPO", pages=True),
        ],
        ".png": [
            _file(alpha, "PNG", exif=exif),
            _file(wide, "PNG"),
            _file(rgb.quantize(16), "PNG", transparency=bytes(range(16))),
            _file(grey.convert("1"), "PNG"),
        ],
        ".tif": [
            _file(rgb, "TIFF", pages=True),
            _file(rgb, "TIFF", compression="tiff_lzw"),
            _file(rgb, "TIFF", compression="jpeg"),
            _file(grey.convert("1"), "TIFF", compression="group4"),
            _file(wide, "TIFF", compression="tiff_deflate"),
            _file(floating, "TIFF"),
            _file(rgb.convert("LAB"), "TIFF"),
        ],
        ".webp": [_file(alpha, "WEBP"), _file(rgb, "WEBP", lossless=True, pages=True)],
        ".gif": [_file(rgb.quantize(32), "GIF", pages=True)],
        ".bmp": [_file(rgb, "BMP"), _file(rgb.quantize(16), "BMP")],
        ".jp2": [_file(rgb, "JPEG2000"), _file(alpha, "JPEG2000", tile_size=(32, 32))],
        ".avif": [_file(rgb, "AVIF"), _file(alpha, "AVIF")],
        ".ppm": [_file(rgb, "PPM"), b"P2\n# grey\n4 3\n1000\n" + b"17 900 3 4\n" * 3],
    }


def attempt(path: Path) -> None:
    """Look at the image and decode it; both must agree, and warn of nothing."""
    with warnings.catch_warnings(), _without_remarks():
        warnings.simplefilter("error")
        look = examine(path)
        try:
            with open_file(path) as file:
                decode(file, SIDE)
        except UnreadableImage as error:
            if not look.trouble:
                raise AssertionError("passed the check, then failed") from error
            raise InputError(str(error), where=path) from error
        if look.trouble:
            raise AssertionError(f"failed the check, then read: {look.reason}")


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Drop what libtiff writes to the terminal about a damaged file."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _file(image: Image.Image, kind: str, pages: bool = False, **options: object) -> bytes:
    stream = io.BytesIO()
    if pages:
        options |= {"save_all": True, "append_images": [image.rotate(90)]}
    image.copy().save(stream, kind, **options)  # a saved image keeps settings of its format
    return stream.getvalue()
