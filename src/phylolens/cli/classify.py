"""``phylolens classify``."""

from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, "features", "rank", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    recipe: o.Recipe = None,
    at: Annotated[
        str | None,
        typer.Option(help="Ranks to classify; by default all down to the rank of comparison."),
    ] = None,
    models: Annotated[
        str | None, typer.Option(help="Some of rf, rf-weighted, rf-balanced-bagging.")
    ] = None,
    upsample_to: Annotated[
        int | None,
        typer.Option(help="Raise rare training classes to this many images (0: do not)."),
    ] = None,
    test_share: Annotated[float | None, typer.Option(help="Share of specimens to test on.")] = None,
    json: o.Json = False,
) -> None:
    """Classify specimens at every rank and test on specimens never seen."""
    settings["classify"] = o.given(
        recipe=recipe,
        ranks=o.names(at),
        models=o.names(models),
        upsample_to=upsample_to,
        test_share=test_share,
    )
    run_and_show(settings, ("check", "classify"), json=json)
