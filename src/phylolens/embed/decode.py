"""From a file's bytes to an upright 8-bit RGB picture, whatever the file holds."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

TRANSPARENT_TO = (255, 255, 255)  # what lies behind transparent pixels
SPARE = 2  # a JPEG is decoded to no less than this many times the pixels a side needs


class UnreadablePicture(ValueError):
    """The bytes are no picture, or a damaged one; the message says why, in plain words."""


def decode(data: bytes, wanted: int = 0) -> Image.Image:
    """Decode a picture.

    The orientation noted by the camera is applied, transparency is laid on white, 16-bit and
    floating-point values are scaled to 0–255, CMYK, grey and palette pictures become RGB, and of
    several frames or pages the first is taken.

    Parameters
    ----------
    data : bytes
        The file's content.
    wanted : int
        Side of the square the picture is for, pixels. Large JPEGs are decoded at a reduced scale
        (by the DCT) that leaves both sides at least twice this; 0 decodes in full.

    Returns
    -------
    PIL image
        Mode RGB.

    Raises
    ------
    UnreadablePicture
        If the bytes cannot be decoded completely.
    """
    if not data:
        raise UnreadablePicture("the file is empty")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if wanted and picture.format == "JPEG":
                picture.draft(None, (SPARE * wanted, SPARE * wanted))
            picture.load()
            return to_rgb(_upright(picture))
    except UnidentifiedImageError as error:
        raise UnreadablePicture("this is not a picture in a known format") from error
    except Image.DecompressionBombError as error:
        raise UnreadablePicture("the picture has too many pixels to be opened safely") from error
    except Exception as error:  # every format's reader fails in its own way on damaged bytes
        raise UnreadablePicture(f"the picture cannot be decoded ({error})") from error


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged EXIF says nothing about the picture itself
        return picture


def to_rgb(picture: Image.Image) -> Image.Image:
    """Return the picture as 8-bit RGB.

    Raises
    ------
    ValueError
        If Pillow knows no way from its colour mode to RGB.
    """
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_to_bytes(np.asarray(picture), picture.mode)).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*TRANSPARENT_TO, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def _to_bytes(values: np.ndarray[Any, Any], mode: str) -> np.ndarray[Any, Any]:
    """Scale 16-bit values by 257, wider or floating ones by their largest, to 0–255."""
    numbers = np.nan_to_num(values.astype(np.float64), nan=0, posinf=0, neginf=0).clip(min=0)
    top = float(numbers.max(initial=0))
    if mode.startswith("I"):
        top = 65535 if top <= 65535 else top
    else:
        top = next((limit for limit in (1.0, 255.0, 65535.0) if top <= limit), top)
    return np.round(numbers * (255 / top)).astype(np.uint8)
