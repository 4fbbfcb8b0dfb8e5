"""Find the files a table names, whatever Unicode form their names have on the disk.

A name typed on a Mac may hold decomposed letters, one from Windows composed ones; they look alike.
"""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path


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
        for root in self._roots:
            if os.path.isfile(root / name):
                return root / name
        for root in self._roots:
            if found := self._in_other_form(root, name):
                return found
        return self._roots[0] / name

    def _in_other_form(self, root: Path, name: str) -> Path | None:
        if name.isascii():
            return None
        place = root
        for part in Path(name).parts:
            actual = self._names(place).get(_form(part))
            if actual is None:
                return None
            place = place / actual
        return place if place.is_file() else None

    def _names(self, folder: Path) -> dict[str, str]:
        if folder not in self._listed:
            try:
                found = sorted(os.listdir(folder))
            except OSError:
                found = []
            self._listed[folder] = {_form(name): name for name in found}
        return self._listed[folder]


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name)
