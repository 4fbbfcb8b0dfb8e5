"""``phylolens guide``."""

from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "rank", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    recipe: o.Recipe = None,
    per_taxon: Annotated[
        int | None, typer.Option(help="Images of each taxon: sampled down or altered copies added.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Steps of the fit.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the fit.")] = None,
    divisor: Annotated[
        float | None,
        typer.Option(help="Genetic distance that counts as -1; by default the largest."),
    ] = None,
    json: o.Json = False,
) -> None:
    """Fit embeddings of taxa to genetic distance (in-sample in the published recipe)."""
    settings["guide"] = o.given(
        recipe=recipe,
        per_taxon=per_taxon,
        epochs=epochs,
        learning_rate=learning_rate,
        divisor=divisor,
    )
    run_and_show(settings, ("check", "guide"), json=json)
