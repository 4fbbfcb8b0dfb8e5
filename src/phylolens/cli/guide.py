"""``phylolens guide``."""

from typing import Annotated

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


def command(
    images: o.Images = None,
    meta: o.Meta = None,
    pattern: o.Pattern = None,
    ranks: o.Ranks = None,
    tree: o.Tree = None,
    distances: o.Distances = None,
    features: o.FeatureFile = None,
    rank: o.Rank = None,
    backbone: o.Backbone = o.BACKBONE,
    weights: o.Weights = None,
    layers: o.Layers = None,
    fit: o.Fit = None,
    device: o.Device = "auto",
    recipe: o.Recipe = "roy2025",
    per_taxon: Annotated[
        int | None, typer.Option(help="Images of each taxon: sampled down or altered copies added.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Steps of the fit.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the fit.")] = None,
    divisor: Annotated[
        float | None,
        typer.Option(help="Genetic distance that counts as -1; by default the largest."),
    ] = None,
    skip_bad: o.SkipBad = False,
    seed: o.Seed = 0,
    out: o.Out = o.OUT,
    json: o.Json = False,
) -> None:
    """Fit embeddings of taxa to genetic distance (in-sample in the published recipe)."""
    from phylolens.study import make_study

    study = make_study(
        o.given(
            images=images,
            meta=meta,
            pattern=pattern,
            ranks=o.names(ranks),
            tree=tree,
            distances=distances,
            features=features,
            rank=rank,
            backbone=backbone,
            weights=weights,
            layers=o.names(layers),
            fit=fit,
            device=device,
            skip_bad=skip_bad,
            seed=seed,
            out=out,
            guide=o.given(
                recipe=recipe,
                per_taxon=per_taxon,
                epochs=epochs,
                learning_rate=learning_rate,
                divisor=divisor,
            ),
        ),
        where="options",
    )
    run_and_show(study, ("check", "guide"), json=json)
