"""``phylolens embed``."""

from typing import Any

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.EXTRACTION)
def command(settings: dict[str, Any], *, json: o.Json = False) -> None:
    """Turn images into features, kept in a store; only new images are computed."""
    run_and_show(settings, ("check", "embed"), json=json)
