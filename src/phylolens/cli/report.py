"""``phylolens report``."""

from pathlib import Path
from typing import Annotated

import typer

import phylolens as pl
from phylolens.cli import _options as o
from phylolens.cli._console import show


def command(
    results: Annotated[Path, typer.Argument(help="A results directory.")],
    images: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder whose images may be shown, of results made by somebody else (several "
            "times for several folders)."
        ),
    ] = None,
    json: o.Json = False,
) -> None:
    """Write report.html from a results directory."""
    show({"report": str(pl.write_report(results, images=images or ()))}, json=json)
