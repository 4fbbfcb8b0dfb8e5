"""``phylolens signal``."""

from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "rank", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    distance: Annotated[
        str | None, typer.Option(help="Visual distance: chord, cosine, euclidean, manhattan.")
    ] = None,
    permutations: Annotated[
        int | None, typer.Option(help="Random permutations of the taxa.")
    ] = None,
    json: o.Json = False,
) -> None:
    """Test whether visual distance follows genetic distance; taxa are permuted."""
    settings["signal"] = o.given(distance=distance, permutations=permutations)
    run_and_show(settings, ("check", "signal"), json=json)
