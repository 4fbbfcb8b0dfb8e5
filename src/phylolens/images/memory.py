"""How much memory decoding may take: of one image, and of all threads together."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image

from phylolens.images.formats import UnreadableImage

MOST_PIXELS = 512 * 10**6  # a drawer of insects at 600 dpi has some 200 million
MOST_BYTES = 1_500_000_000  # of one image while it is decoded
TOGETHER = 2_000_000_000  # of all images that are decoded at a time
LONGEST_SIDE = 1_000_000  # pixels; the weights of a resampling grow with the side
REFERENCE = 1024  # pixels; large images are shrunk to no less than this on the shorter side

# Bytes a pixel in Pillow, and what the libraries of some formats take beside them (measured).
MODES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
COLOUR = 4
BESIDE = {"WEBP": 13, "AVIF": 7, "JPEG2000": 16, "TIFF": 2}
BITS_PER_SAMPLE = 258  # a tag of TIFF
START_AND_SIZE, CODING_STYLE = b"\xff\x4f\xff\x51", b"\xff\x52"  # markers of JPEG 2000
PROGRESSIVE = 6  # a progressive JPEG keeps all coefficients, 2 bytes each of 3 colours


def cost(image: Image.Image) -> int:
    """Estimate the bytes that decoding an opened image takes, before any pixel is decoded.

    Raises
    ------
    UnreadableImage
        Of kind ``too-large-image``: the message says how many pixels there are, and the limit.
    """
    width, height = image.size
    pixels = width * height
    each = bytes_a_pixel(image)
    limit = min(MOST_PIXELS, int(MOST_BYTES / each))
    if pixels > limit:
        raise _too_large(f"{pixels / 1e6:,.0f} million pixels, limit {limit / 1e6:,.0f} million")
    if max(width, height) > LONGEST_SIDE:
        raise _too_large(f"{max(width, height):,} pixels long, limit {LONGEST_SIDE:,}")
    return math.ceil(pixels * each)


def bytes_a_pixel(image: Image.Image) -> float:
    """Bytes a pixel of the file takes while it is decoded and made RGB."""
    decoded = float(MODES.get(image.mode, COLOUR))
    if image.format in ("JPEG", "MPO"):
        kept = PROGRESSIVE if image.info.get("progressive") else 0
        smaller = min(8, 2 ** _halvings(image.size)) if image.format == "JPEG" else 1
        return decoded / smaller**2 + kept + COLOUR / _factor(image.size) ** 2
    if image.format == "JPEG2000":
        decoded = (decoded + BESIDE["JPEG2000"]) / 4 ** jpeg2000_halvings(image)
        return decoded + COLOUR / _factor(image.size) ** 2
    decoded += BESIDE.get(image.format or "", 0)
    if is_wide_colour(image):
        decoded += COLOUR  # high and low bytes are decoded apart
    elif image.mode == "RGB":
        return decoded
    return decoded + COLOUR / _factor(image.size) ** 2


def is_wide_colour(image: Image.Image) -> bool:
    """Whether a colour image has 16 bits a channel, of which Pillow keeps the upper 8."""
    if image.mode not in ("RGB", "RGBA"):
        return False
    bits = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (8,))
    tiles = getattr(image, "tile", ())
    return bits[0] == 16 or any(";16" in str(tile[3]) for tile in tiles)


def jpeg2000_halvings(image: Image.Image) -> int:
    """How often a large JPEG 2000 is halved while it is decoded; 0 for ordinary ones."""
    if image.size[0] * image.size[1] <= LARGE:
        return 0
    return min(_resolution_levels(image.fp), _halvings(image.size))  # type: ignore[attr-defined]


def _resolution_levels(file: BinaryIO) -> int:
    """Read from a JPEG 2000 file how often it can be halved; 0 where that is not found."""
    position = file.tell()
    file.seek(0)
    head = file.read(1 << 16)
    file.seek(position)
    at = head.find(START_AND_SIZE)
    while 0 <= at < len(head) - 10:
        marker, length = head[at : at + 2], int.from_bytes(head[at + 2 : at + 4], "big")
        if marker == CODING_STYLE:
            return min(32, head[at + 9])
        at += 2 if marker == START_AND_SIZE[:2] else 2 + length
        if head[at : at + 1] != b"\xff":
            break
    return 0


LARGE = 1 << 26  # pixels; larger images are shrunk before anything else is done to them


def shrinking(size: tuple[int, int], wanted: int) -> int:
    """By how much a large image is shrunk at once; 1 for ordinary ones.

    Both sides stay at least ``REFERENCE`` and four times the square that is wanted.
    """
    if size[0] * size[1] <= LARGE or not wanted:
        return 1
    return max(1, min(size) // max(REFERENCE, 4 * wanted))


def _factor(size: tuple[int, int]) -> int:
    return shrinking(size, REFERENCE // 4)


def _halvings(size: tuple[int, int]) -> int:
    return max(0, int(math.log2(max(1, min(size) / REFERENCE))))


def _too_large(detail: str) -> UnreadableImage:
    problem = "too many pixels for an image of its kind; save it smaller, or cut it into parts"
    return UnreadableImage(problem, "too-large-image", detail)


class Budget:
    """Bytes that threads may take together; who wants more than is left waits.

    One image larger than all there is waits until it is alone, so nothing waits for ever.

    Parameters
    ----------
    total : int
        Bytes.
    """

    def __init__(self, total: int) -> None:
        self._total, self._taken = total, 0
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, wanted: int) -> Iterator[None]:
        """Wait until ``wanted`` bytes are free and hold them."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + wanted <= self._total)
            self._taken += wanted
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted
                self._changed.notify_all()


DECODING = Budget(TOGETHER)
