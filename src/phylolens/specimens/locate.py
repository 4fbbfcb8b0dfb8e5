"""Find the files that a table names, or new images without a table.

``~`` is the user's home and ``file://`` an ordinary path. A name typed on a Mac may hold decomposed
letters, one from Windows composed ones; they look alike and are taken for each other.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from phylolens.errors import InputError
from phylolens.images import IMAGE_ENDINGS, advice
from phylolens.specimens.image_files import find_images

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_address(name: str) -> bool:
    """Whether a name is an address on the web or in a cloud, such as ``https://...``."""
    return bool(ADDRESS.match(name)) and not name.lower().startswith("file://")


class FileFinder:
    """Looks for files below several folders, in order.

    Parameters
    ----------
    roots : sequence of Path
        Searched in this order; the first also names what is not found.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._listed: dict[Path, dict[str, str]] = {}

    def find(self, name: str) -> Path:
        """Return the path of ``name`` in the first folder that has it."""
        plain = _plain(name)
        places = [root / plain for root in self._roots]
        for place in places:
            if _is_file(place):
                return place
        if not name.isascii():
            for place in places:
                if found := self._in_other_form(place):
                    return found
        # What is there and no regular file (a pipe, a broken link) is named as what it is.
        return next(filter(_exists, places), places[0])

    def _in_other_form(self, wanted: Path) -> Path | None:
        place = Path(wanted.anchor)
        for part in wanted.parts[len(place.parts) :]:
            actual = part
            if not _exists(place / part):
                actual = self._names(place).get(_form(part), "")
                if not actual:
                    return None
            place = place / actual
        return place if _is_file(place) else None

    def _names(self, folder: Path) -> dict[str, str]:
        if folder not in self._listed:
            try:
                found = sorted(os.listdir(folder))
            except OSError:
                found = []
            self._listed[folder] = {_form(name): name for name in found}
        return self._listed[folder]


def _plain(name: str) -> Path:
    if name.lower().startswith("file://"):
        return Path(unquote(urlsplit(name).path))
    path = Path(name)
    try:
        return path.expanduser() if name.startswith("~") else path
    except RuntimeError:  # no such user: a name that begins with a tilde
        return path


def _is_file(path: Path) -> bool:
    try:
        return os.path.isfile(path)
    except ValueError:  # a NUL byte
        return False


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def new_images(images: Path | None, out: Path, without: str) -> dict[str, Path]:
    """Find new images.

    Parameters
    ----------
    images : Path, optional
        An image, or a folder of images.
    out : Path
        Results directory, which is not searched.
    without : str
        What to say where nothing was given.

    Returns
    -------
    dict of str to Path
        By name: relative to the folder. Files of formats that are not read and broken links are
        among them, so that they are listed with the reason why they could not be read.

    Raises
    ------
    InputError
        If nothing was given, or it is neither an image nor a folder.
    """
    if images is None:
        raise InputError(without, hint="Give --images with an image or a folder, or --features.")
    if images.is_file():
        if images.suffix.lower() not in IMAGE_ENDINGS:
            known = f"not an image by its name; endings that are read: {', '.join(IMAGE_ENDINGS)}"
            raise InputError(f"{advice(images.name) or known}.", where=images)
        return {images.name: images}
    if not images.is_dir():
        raise InputError("no such file or folder.", where=images, hint="Check --images.")
    found = find_images(images, out)
    named = [*found.unread, *found.dangling]
    return dict(sorted((found.paths | {name: images / name for name in named}).items()))
