"""``phylolens guide``."""

from pathlib import Path
from typing import Annotated, Any

import typer

import phylolens as pl
from phylolens import guided
from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, run_and_show, show
from phylolens.cli._stored import require_nothing_else


@o.takes(
    "preset",
    *o.SPECIMENS,
    *o.PHYLOGENY,
    "features",
    "rank",
    "confound",
    *o.EXTRACTION,
    section="guide",
)
def command(
    settings: dict[str, Any],
    *,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Stored model, the folder guide/model: embed the images of --images, or the "
            "rows of --features, with it."
        ),
    ] = None,
    json: o.Json = False,
) -> None:
    """Learn embeddings of taxa from genetic distance, judged on clades held out.

    The fitted model is stored in guide/model; --model applies it to new images, for classify or
    signal. Images that a column 'split' of --meta marks 'test' stay out of the fit.
    """
    if model is not None:
        _embed_new(model, settings, json=json)
        return
    run_and_show(settings, ("check", "guide"), json=json)


def _embed_new(model: Path, settings: dict[str, Any], *, json: bool) -> None:
    """Apply a stored model to new images."""
    asked = require_nothing_else(settings, "guide")
    features = settings.get("features")
    with progress_bar() as progress:
        summary = guided.embed_new(
            model,
            images=settings.get("images"),
            features=pl.read_features(features) if features else None,
            asked=asked,
            out=settings.get("out", Path("phylolens-out")),
            device=settings.get("device", "auto"),
            progress=progress,
        )
    show(summary, json=json)
