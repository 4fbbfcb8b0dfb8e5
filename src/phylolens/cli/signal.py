"""``phylolens signal``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._audit import run_audit
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "trees", "features", "rank", "confound", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    distance: Annotated[
        str | None,
        typer.Option(
            help="Visual distance: chord, cosine, euclidean, manhattan, rbf, polynomial, "
            "gaussian-kl; several, separated by commas, are compared in one table, and the first "
            "is the one reported."
        ),
    ] = None,
    debias: Annotated[
        bool | None,
        typer.Option(
            help="Take the sampling noise of few specimens out of visual distances (default), or "
            "leave them as measured."
        ),
    ] = None,
    permutations: Annotated[
        int | None, typer.Option(help="Random permutations of the taxa (default 999).")
    ] = None,
    axes: Annotated[
        int | None, typer.Option(help="Principal coordinates that PROTEST compares.")
    ] = None,
    tree_method: Annotated[
        str | None, typer.Option(help="Tree from pictures: nj (default), bme or upgma.")
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            help="Replicates of the specimen bootstrap (default 100, of more than 500 taxa 50; 0 "
            "for none)."
        ),
    ] = None,
    simulations: Annotated[
        int | None,
        typer.Option(help="Simulations of Brownian motion for disagreeing pairs (default 500)."),
    ] = None,
    fdr: Annotated[
        float | None, typer.Option(help="False-discovery rate of disagreeing pairs (default 0.05).")
    ] = None,
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
    distances = o.names(distance) or ()
    own = o.given(
        distance=distances[0] if distances else None,
        compare=distances[1:] or None,
        debias=debias,
        permutations=permutations,
        axes=axes,
        tree_method=tree_method,
        replicates=replicates,
        simulations=simulations,
        fdr=fdr,
    )
    if audit is not None:
        run_audit(audit, settings, own, json=json)
        return
    settings["signal"] = own
    run_and_show(settings, ("check", "signal"), json=json)
