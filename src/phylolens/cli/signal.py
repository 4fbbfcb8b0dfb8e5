"""``phylolens signal``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._audit import run_audit
from phylolens.cli._console import run_and_show


@o.takes(
    *o.SPECIMENS,
    *o.PHYLOGENY,
    "trees",
    "features",
    "rank",
    "confound",
    *o.EXTRACTION,
    section="signal",
)
def command(
    settings: dict[str, Any],
    *,
    audit: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="A B",
            help="Instead: two square matrices, visual and genetic. What published statistics "
            "make of them, beside the right ones, each with its own null.",
        ),
    ] = None,
    json: o.Json = False,
) -> None:
    """Test whether visual distance follows genetic distance; taxa are permuted."""
    if audit is not None:
        own = settings.pop("signal", {})
        run_audit(audit, settings, own, json=json)
        return
    run_and_show(settings, ("check", "signal"), json=json)
