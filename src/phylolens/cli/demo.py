"""``phylolens demo``."""

from pathlib import Path
from typing import Annotated

import typer

from phylolens import pipeline
from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, show


def command(
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("phylolens-demo"),
    json: o.Json = False,
) -> None:
    """Simulate shells with a known history, run everything on them, write the report."""
    with progress_bar() as progress:
        summary = pipeline.make_demo(out, seed=seed, progress=progress)
    if json:
        show(summary, json=True)
        return
    typer.echo(summary["in_words"])
    typer.echo(f"Report: {summary['report']}")
