"""Bring values of 16 and more bits, or with a decimal point, to 0–255.

Cameras and microscopes write 10, 12 or 14 bits into files of 16. Divided by 65,535 such an image
is black. So the white of an image is, in this order: what the file declares (TIFF's
``MaxSampleValue``, PNG's ``sBIT``), or the smallest usual white that holds the brightest value. An
8-bit image widened to 16 bits keeps its own white: its values are multiples of 257 or 256.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

WHITES = (255, 1023, 4095, 16383, 65535)  # of 8, 10, 12, 14 and 16 bits
SIGNED_WHITE = 32767
WIDENED = (257, 256)
OVERSHOOT = {1.0: 1.5, 255.0: 280.0}  # resampling leaves floating-point values beyond white
BELOW_ZERO = 0.05  # of the largest value; smaller negative values are noise around black
STRIP_PIXELS = 1 << 22
MAX_SAMPLE_VALUE, S_MAX_SAMPLE_VALUE, PHOTOMETRIC, SAMPLE_FORMAT, BITS = 281, 341, 262, 339, 258
WHITE_IS_ZERO, SIGNED = 0, 2

Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Scale:
    """What is black and what is white.

    Parameters
    ----------
    low, high : float
        Values that become 0 and 255; what lies beyond is cut off.
    inverted : bool
        Whether the file counts from white to black.
    unsigned : bool
        Whether values of 32 bits are unsigned, which Pillow takes for signed ones.
    assumed : str
        What was inferred from the values and deserves a note, such as ``12 bits``; else empty.
    """

    low: float = 0.0
    high: float = 65535.0
    inverted: bool = False
    assumed: str = ""
    unsigned: bool = False

    def to_bytes(self, values: Values) -> Values:
        """Scale to 0–255; values that are not finite become 0."""
        if values.dtype.kind == "u" and values.dtype.itemsize == 2:
            table: Values = self._scaled(np.arange(65536))
            return table[values]
        return self._scaled(values)

    def _scaled(self, values: Values) -> Values:
        values = values.view(np.uint32) if self.unsigned else values
        numbers = np.nan_to_num(values.astype(np.float64), nan=0, posinf=0, neginf=0)
        numbers = numbers.clip(self.low, self.high) - self.low
        scaled = np.round(numbers * (255 / (self.high - self.low))).astype(np.uint8)
        return np.bitwise_not(scaled) if self.inverted else scaled


def strips(image: Image.Image, multiple: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Cut an image across into parts of a bounded size, each with the row it starts at.

    ``multiple`` divides the height of all but the last.
    """
    width, height = image.size
    rows = max(1, STRIP_PIXELS // (width * multiple)) * multiple
    if rows >= height:
        yield 0, image
        return
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(height, top + rows)))


def scale_of(image: Image.Image, file: BinaryIO) -> Scale:
    """Find black and white of a loaded grey image of mode ``I``, ``I;16`` or ``F``."""
    inverted = _tag(image, PHOTOMETRIC, -1) == WHITE_IS_ZERO
    if image.format == "PPM":
        return Scale()  # Pillow has scaled it by the white that the file names
    if image.mode.startswith("I;16"):
        counts = np.zeros(65536, np.int64)
        for _, strip in strips(image):
            counts += np.bincount(np.asarray(strip).ravel(), minlength=65536)
        return sixteen_bit(counts, declared_white(image, file), inverted)
    unsigned = image.mode == "I" and _tag(image, SAMPLE_FORMAT, 1) != SIGNED
    low, high = _range(image, unsigned)
    if low < -BELOW_ZERO * max(high, 0):
        return Scale(low, high, inverted, "values below zero, stretched from lowest to highest")
    if image.mode == "F":
        return _floating(high, inverted)
    whites: tuple[int, ...] = WHITES
    if _tag(image, SAMPLE_FORMAT, 1) == SIGNED and _tag(image, BITS, 32) == 16:
        whites = (*WHITES[:-1], SIGNED_WHITE)
    white = next((white for white in whites if high <= white), max(high, 1))
    return Scale(0, white, inverted, _words(white, whites[-1]), unsigned)


def sixteen_bit(counts: Values, declared: int | None, inverted: bool = False) -> Scale:
    """Find the white of 16-bit values.

    Parameters
    ----------
    counts : array of int, shape (65536,)
        How often each value occurs.
    declared : int or None
        What the file says white is.
    inverted : bool
        Whether the file counts from white to black.
    """
    present = np.flatnonzero(counts)
    top = int(present[-1]) if len(present) else 0
    if declared is not None and top <= declared:
        return Scale(0, declared, inverted)
    if not top or any((present % step == 0).all() for step in WIDENED):
        return Scale(0, WHITES[-1], inverted)
    white = next(white for white in WHITES if top <= white)
    return Scale(0, white, inverted, _words(white, WHITES[-1]))


def _floating(high: float, inverted: bool) -> Scale:
    if high <= OVERSHOOT[1.0]:
        return Scale(0, 1, inverted)
    if high <= OVERSHOOT[255.0]:
        return Scale(0, 255, inverted)
    white = float(next((white for white in WHITES if high <= white), high))
    return Scale(0, white, inverted, _words(white, WHITES[-1]))


def _words(white: float, usual: float) -> str:
    if white == usual:
        return ""
    bits = math.log2(white + 1)
    return f"{bits:.0f} bits" if bits.is_integer() and bits <= 16 else "their own largest value"


def _range(image: Image.Image, unsigned: bool) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for _, strip in strips(image):
        values: Values = np.asarray(strip)
        values = values.view(np.uint32) if unsigned else values
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    return (low, high) if low <= high else (0.0, 0.0)


def declared_white(image: Image.Image, file: BinaryIO) -> int | None:
    """Return the white that a file of 16 bits declares: 255, 1023, ... 65535, or None."""
    largest = 0
    if hasattr(image, "tag_v2"):
        largest = int(max(_tag(image, MAX_SAMPLE_VALUE, 0), _tag(image, S_MAX_SAMPLE_VALUE, 0)))
    elif image.format == "PNG":
        largest = (1 << significant_bits(file)) - 1
    return next((white for white in WHITES if WHITES[0] <= largest <= white), None)


def significant_bits(file: BinaryIO) -> int:
    """Return the bits a channel that a PNG declares in its ``sBIT`` chunk; 0 if it has none."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"sBIT":
            bits = file.read(min(length, 4))
            return max(bits[:3], default=0) if max(bits, default=0) <= 16 else 0
        if kind == b"IDAT":
            break
        file.seek(length + 4, 1)
    return 0


def _tag(image: Image.Image, number: int, otherwise: float) -> float:
    """Read a number from the tags of a TIFF, the largest where there are several."""
    value = getattr(image, "tag_v2", {}).get(number, otherwise)
    try:
        return float(max(value)) if isinstance(value, tuple) else float(value)
    except (TypeError, ValueError):
        return otherwise
