"""``phylolens signal``."""

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
    distance: Annotated[
        str | None, typer.Option(help="Visual distance: chord, cosine, euclidean, manhattan.")
    ] = None,
    permutations: Annotated[
        int | None, typer.Option(help="Random permutations of the taxa.")
    ] = None,
    skip_bad: o.SkipBad = False,
    seed: o.Seed = 0,
    out: o.Out = o.OUT,
    json: o.Json = False,
) -> None:
    """Test whether visual distance follows genetic distance; taxa are permuted."""
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
            signal=o.given(distance=distance, permutations=permutations),
        ),
        where="options",
    )
    run_and_show(study, ("check", "signal"), json=json)
