"""Finished parts of a long stage, so that an interrupted one goes on where it stopped."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from phylolens.provenance import text_hash
from phylolens.writing import write_json


class Checkpoints:
    """Parts of one stage, each a JSON file until the stage is finished.

    Parameters
    ----------
    folder : Path
        Where they wait.
    mark : str
        Fingerprint of everything the stage depends on; parts made with another one are removed.
    """

    def __init__(self, folder: Path, mark: str) -> None:
        self.folder, self.mark = folder, text_hash([mark])[:16]
        for path in self._files():
            if not path.stem.endswith(self.mark):
                path.unlink()

    def keep(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the part ``name``, made now unless it is there.

        What comes back has been through the file, so that a part has the same digits whether it
        was made now or earlier.
        """
        path = self.folder / f"{name}-{self.mark}.json"
        kept = _read(path)
        if kept is None:
            write_json(path, make())
            kept = _read(path)
        assert kept is not None, "the part just written is whole"
        return kept

    def clear(self) -> None:
        """Remove all parts: the stage's own files hold what was in them."""
        shutil.rmtree(self.folder, ignore_errors=True)  # with what a killed run left half-written

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []


def _read(path: Path) -> dict[str, Any] | None:
    """Return a part; None where there is none, or none that is whole."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
