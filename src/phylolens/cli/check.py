"""``phylolens check``."""

from typing import Any

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "rank", "confound")
def command(settings: dict[str, Any], *, json: o.Json = False) -> None:
    """Read images, labels and phylogeny; say what is wrong and which names match."""
    run_and_show(settings, ("check",), json=json)
