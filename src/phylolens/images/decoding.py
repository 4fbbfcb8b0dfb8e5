"""From a file to an upright 8-bit RGB image, whatever the file holds, in bounded memory."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from phylolens.images.memory import (
    DECODING,
    cost,
    is_wide_colour,
    jpeg2000_halvings,
    shrinking,
)
from phylolens.images.opening import opened
from phylolens.images.values import WHITES, Scale, declared_white, scale_of, sixteen_bit, strips

TRANSPARENT_TO = (255, 255, 255)  # what lies behind transparent pixels
SPARE = 2  # a JPEG is decoded to no less than this many times the pixels a side needs
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DARK_UPPER = 63  # upper 8 of 16 bits: no brighter than what 14 bits can hold
SWAPPED = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
PLANES, SEPARATE = 284, 2


@dataclass(frozen=True)
class Reading:
    """An image as it was read.

    Parameters
    ----------
    image : PIL image
        Mode RGB, upright.
    assumed : str
        What its values were taken for where the file does not say, such as ``12 bits``.
    pages : bool
        Whether the file has more pages or frames than the one read.
    format : str
        What the file is by its content, such as ``JPEG``.
    size : tuple of int
        Width and height as stored, pixels.
    """

    image: Image.Image
    assumed: str = ""
    pages: bool = False
    format: str = ""
    size: tuple[int, int] = (0, 0)


def decode(source: bytes | BinaryIO, wanted: int = 0) -> Image.Image:
    """Decode an image.

    The orientation noted by the camera is applied, transparency is laid on white, values of more
    than 8 bits are scaled to 0–255 (see :mod:`phylolens.images.values`), CMYK, Lab, grey and
    palette images become RGB, and of several frames or pages the first is taken. Colour profiles
    are left alone.

    Parameters
    ----------
    source : bytes or binary file
        The file's content, or what :func:`~phylolens.images.opening.open_file` returned.
    wanted : int
        Side of the square the image is for, pixels. Large JPEGs are decoded at a reduced scale (by
        the DCT) that leaves both sides at least twice this; other images of more than 64 million
        pixels are shrunk by averaging; 0 decodes in full.

    Returns
    -------
    PIL image
        Mode RGB.

    Raises
    ------
    UnreadableImage
        If the file cannot be decoded completely, or would need too much memory.
    """
    return read_rgb(source, wanted).image


def read_rgb(source: bytes | BinaryIO, wanted: int = 0, *, rough: bool = False) -> Reading:
    """Decode an image and say what was assumed; see :func:`decode`.

    ``rough`` shrinks images of any size, each side by itself: enough to judge what is there.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with opened(file) as image, DECODING.reserve(cost(image)):
        pages = image.format != "MPO" and bool(getattr(image, "is_animated", False))
        form, size = image.format or "", image.size
        if wanted and image.format == "JPEG":
            image.draft(None, (SPARE * wanted, SPARE * wanted))
        if image.format == "JPEG2000" and (halvings := jpeg2000_halvings(image)):
            image.reduce = halvings  # type: ignore[method-assign, assignment]
        wide = is_wide_colour(image)
        if wide:
            _mend_planes(image)
        image.load()
        turned = _orientation(image)
        factors = _factors(image.size, wanted, rough)
        scale = Scale()
        if wide and (found := _wide_colour(image, file, factors)) is not None:
            rgb, scale = found
        elif image.mode.startswith(("I", "F")):
            scale = scale_of(image, file)
            rgb = _by_strips(image, lambda strip: _scaled(strip, scale), factors)
        else:
            rgb = _by_strips(image, to_rgb, factors)
        return Reading(_upright(rgb, turned), scale.assumed, pages, form, size)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an image of 8 bits a channel as RGB, transparent parts on white.

    Raises
    ------
    ValueError
        If Pillow knows no way from its colour mode to RGB.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*TRANSPARENT_TO, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _factors(size: tuple[int, int], wanted: int, rough: bool) -> tuple[int, int]:
    if rough:
        return max(1, size[0] // (SPARE * wanted)), max(1, size[1] // (SPARE * wanted))
    factor = shrinking(size, wanted)
    return factor, factor


def _by_strips(
    image: Image.Image,
    convert: Callable[[Image.Image], Image.Image],
    factors: tuple[int, int],
) -> Image.Image:
    """Convert an image to RGB strip by strip, shrinking each, so that little lies about."""
    found: Image.Image | None = None
    for top, strip in strips(image, factors[1]):
        part = convert(strip)
        if factors != (1, 1):
            part = part.reduce(factors)
        if strip is image:
            return part
        if found is None:
            found = Image.new("RGB", _shrunk(image.size, factors))
        found.paste(part, (0, top // factors[1]))
    assert found is not None
    return found


def _scaled(strip: Image.Image, scale: Scale) -> Image.Image:
    return Image.fromarray(scale.to_bytes(np.asarray(strip))).convert("RGB")


def _wide_colour(
    image: Image.Image, file: BinaryIO, factors: tuple[int, int]
) -> tuple[Image.Image, Scale] | None:
    """Read a colour image of 16 bits a channel whose values end far below 65,535.

    Pillow keeps the upper 8 bits of 16, which of 12-bit values are 0 to 15. The lower ones are had
    by decoding once more in the other byte order. None where the upper bits do.
    """
    colours = image.getextrema()[:3]
    if max(high for _, high in colours) > DARK_UPPER:  # type: ignore[misc]
        return None
    with opened(file) as lower:
        if not _swap_bytes(lower):
            return None
        lower.load()
        counts = np.zeros(65536, np.int64)
        for (_, high), (_, low) in zip(strips(image), strips(lower), strict=True):
            counts += np.bincount(_joined(high, low)[..., :3].ravel(), minlength=65536)
        scale = sixteen_bit(counts, declared_white(image, file))
        if scale.high == WHITES[-1]:
            return None
        found = Image.new("RGB", _shrunk(image.size, factors))
        pairs = zip(strips(image, factors[1]), strips(lower, factors[1]), strict=True)
        for (top, high), (_, low) in pairs:
            part = to_rgb(_from_wide(_joined(high, low), scale))
            part = part.reduce(factors) if factors != (1, 1) else part
            found.paste(part, (0, top // factors[1]))
    return found, scale


def _shrunk(size: tuple[int, int], factors: tuple[int, int]) -> tuple[int, int]:
    return -(-size[0] // factors[0]), -(-size[1] // factors[1])


def _joined(upper: Image.Image, lower: Image.Image) -> np.ndarray[Any, Any]:
    joined: np.ndarray[Any, Any] = np.asarray(upper).astype(np.uint16) << 8
    joined |= np.asarray(lower)
    return joined


def _from_wide(values: np.ndarray[Any, Any], scale: Scale) -> Image.Image:
    """Scale colours; opacity by the same white unless it uses all 16 bits."""
    pixels = scale.to_bytes(values)
    if values.shape[2] == 4 and values[..., 3].max(initial=0) > scale.high:
        pixels[..., 3] = values[..., 3] >> 8
    return Image.fromarray(pixels)


def _mend_planes(image: Image.Image) -> None:
    """Have colour planes stored one after another read as 16 bits; Pillow takes them for 8."""
    tiles = getattr(image, "tile", [])
    whole = {"R", "G", "B", "A"}
    order = "L" if getattr(image, "tag_v2", None) and image.tag_v2.prefix == b"II" else "B"  # type: ignore[attr-defined]
    for place, tile in enumerate(tiles):
        if tile.codec_name == "raw" and tile.args[0] in whole:
            tiles[place] = tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))


def _swap_bytes(image: Image.Image) -> bool:
    """Have the lower bytes of 16-bit channels decoded instead of the upper ones."""
    if not is_wide_colour(image):
        return False
    _mend_planes(image)
    tiles = image.tile  # type: ignore[attr-defined]
    separate = getattr(image, "tag_v2", {}).get(PLANES) == SEPARATE
    if separate and tiles[0].codec_name == "libtiff":
        return False  # Pillow takes the upper bytes of compressed planes, whatever it is told
    for place, tile in enumerate(tiles):
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        mode = args[0]
        if mode[:-1] not in ("RGB;16", "RGBA;16", "RGBX;16", "R;16", "G;16", "B;16", "A;16"):
            return False
        swapped = (mode[:-1] + SWAPPED[mode[-1]], *args[1:])
        tiles[place] = tile._replace(args=swapped if isinstance(tile.args, tuple) else swapped[0])
    return True


def _orientation(image: Image.Image) -> Any:
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF says nothing about the image itself
        return 1


def _upright(image: Image.Image, orientation: Any) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
