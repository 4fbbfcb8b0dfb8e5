"""``phylolens bench``."""

from typing import Any

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show

ALL = ("all",)


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "rank", *o.EXTRACTION, section="bench")
def command(settings: dict[str, Any], *, json: o.Json = False) -> None:
    """Judge every paradigm of similarity learning on the same held-out clades.

    One table in the order of the study's map, in bench/; finished methods are kept, so that a run
    that was stopped goes on, and more cells can be added later.
    """
    own = settings.setdefault("bench", {})
    own.setdefault("cells", ALL)
    run_and_show(settings, ("check", "bench"), json=json)
