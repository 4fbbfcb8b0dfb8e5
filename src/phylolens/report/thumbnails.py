"""Thumbnails small enough to travel inside the report."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from phylolens.images import UnreadableImage, decode, open_file
from phylolens.report.results import Results

if TYPE_CHECKING:
    from PIL.Image import Image


SIDE, MOST_BYTES = 200, 8_000
COLOURS = 64  # of a drawing in the page
HEAVY = 40_000  # bytes, above which WebP is tried
MUCH = 1.3  # times heavier than WebP: then a drawing holds photographs


def thumbnail(path: Path) -> str | None:
    """Return an image as JPEG data address of at most 8,000 bytes; None where unreadable."""
    picture = small_image(path, SIDE)
    if picture is None:
        return None
    for quality in (80, 65, 50, 35, 20, 10):
        stream = io.BytesIO()
        picture.save(stream, format="JPEG", quality=quality, optimize=True)
        if stream.tell() <= MOST_BYTES:
            break
    return data_address(stream.getvalue(), "image/jpeg")


def small_image(path: Path, side: int) -> "Image | None":
    """Read an image upright, on white, its longer side at most ``side``; None where unreadable."""
    from PIL.Image import Resampling

    try:
        with open_file(path) as file:
            picture = decode(file, side)
    except (OSError, UnreadableImage):
        return None  # the report goes without
    picture.thumbnail((side, side), Resampling.LANCZOS)
    return picture


def data_address(data: bytes, kind: str) -> str:
    """Write bytes as an address that needs no file."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def light_address(png: bytes) -> str:
    """Write a drawing as the lightest image that looks the same: few colours, or WebP."""
    from PIL.Image import Dither, Quantize

    drawn = decode(png)
    few, smooth = io.BytesIO(), io.BytesIO()
    drawn.quantize(COLOURS, method=Quantize.MEDIANCUT, dither=Dither.NONE).save(
        few, format="PNG", optimize=True
    )
    if few.tell() > HEAVY:  # photographs, or very many marks
        drawn.save(smooth, format="WEBP", quality=82, method=4)
        if few.tell() > MUCH * smooth.tell():
            return data_address(smooth.getvalue(), "image/webp")
    return data_address(few.getvalue(), "image/png")


class Album:
    """The images of one results directory by file id.

    Parameters
    ----------
    results : Results
        Its ``specimens.parquet`` holds the paths, those of unknowns ``place/unknowns.csv``.
    """

    def __init__(self, results: Results) -> None:
        table = results.specimens
        known = table is not None and "path" in table.columns
        self._results = results
        self._paths = dict(zip(table["file"], table["path"], strict=True)) if known else {}  # type: ignore[index]
        unknowns = results.table("place/unknowns.csv")
        if unknowns is not None:
            self._paths = dict(zip(unknowns["file"], unknowns["path"], strict=True)) | self._paths
        self._made: dict[str, str | None] = {}

    def get(self, file: str) -> str | None:
        """Return the thumbnail of ``file``; None where the image is no longer there."""
        if file not in self._made:
            path = self._paths.get(file)
            where = self._results.image(path) if path else None
            self._made[file] = thumbnail(where) if where else None
        return self._made[file]
