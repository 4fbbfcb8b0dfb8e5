"""Where downloaded weights and exported networks are kept between runs."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return the cache folder: ``PHYLOLENS_CACHE``, or the platform's own place for caches."""
    chosen = os.environ.get("PHYLOLENS_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "phylolens"
