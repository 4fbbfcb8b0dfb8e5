"""Look at an image once: can it be used, and what should its user know of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phylolens.images.decoding import read_rgb
from phylolens.images.formats import UnreadableImage
from phylolens.images.opening import open_file, sha256_of
from phylolens.reading.text import system_fault

SIDE = 64  # pixels; what is looked at is at least twice this on the shorter side
DARK = 20  # of 255: an image whose bright spots are no brighter than this shows nothing
FLAT = 4  # of 255: an image that varies by no more shows nothing
SPOTS = 0.1  # per cent of the pixels that count as bright or dark spots


@dataclass(frozen=True)
class Look:
    """What came of looking at one image.

    Parameters
    ----------
    sha256 : str or None
        Hash of the file; None where it cannot be used.
    trouble : str
        Kind of the problem that keeps it from being used, such as ``missing-file``; else empty.
    reason, detail : str
        Why, in plain words, and what differs from image to image.
    assumed : str
        What its values were taken for, such as ``12 bits``; empty where the file says it.
    pages : bool
        Whether it has more pages or frames than the one that is read.
    dark, flat : bool
        Whether it is nearly black; whether it is nearly of one colour otherwise.
    format : str
        What the file is by its content, such as ``JPEG``; empty where it cannot be used.
    size : tuple of int
        Width and height as stored, pixels.
    """

    sha256: str | None
    trouble: str = ""
    reason: str = ""
    detail: str = ""
    assumed: str = ""
    pages: bool = False
    dark: bool = False
    flat: bool = False
    format: str = ""
    size: tuple[int, int] = (0, 0)

    @property
    def shape(self) -> str:
        """Whether it is ``wide``, ``tall`` or, to a twentieth, ``square``."""
        width, height = self.size
        if abs(width - height) * 20 <= max(width, height):
            return "square"
        return "wide" if width > height else "tall"


def examine(path: Path) -> Look:
    """Decode an image as the embedding does, smaller; never raises for what is wrong with it."""
    try:
        with open_file(path) as file:
            found = read_rgb(file, SIDE, rough=True)
            sha256 = sha256_of(file)
    except UnreadableImage as error:
        return Look(None, error.kind, error.problem, error.detail)
    except OSError as error:
        return Look(None, "unreadable-image", "the file cannot be read", system_fault(error))
    pixels = np.asarray(found.image)
    shades = np.percentile(pixels, (SPOTS, 100 - SPOTS), axis=(0, 1))  # of each colour
    dark = float(shades[1].max()) <= DARK
    flat = not dark and float(np.ptp(shades, axis=0).max()) <= FLAT
    return Look(
        sha256, "", "", "", found.assumed, found.pages, dark, flat, found.format, found.size
    )
