"""``phylolens classify``."""

from typing import Annotated

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


def command(
    images: o.Images = None,
    meta: o.Meta = None,
    pattern: o.Pattern = None,
    ranks: o.Ranks = None,
    features: o.FeatureFile = None,
    rank: o.Rank = None,
    backbone: o.Backbone = o.BACKBONE,
    weights: o.Weights = None,
    layers: o.Layers = None,
    fit: o.Fit = None,
    device: o.Device = "auto",
    recipe: o.Recipe = "roy2025",
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
    skip_bad: o.SkipBad = False,
    seed: o.Seed = 0,
    out: o.Out = o.OUT,
    json: o.Json = False,
) -> None:
    """Classify specimens at every rank and test on specimens never seen."""
    from phylolens.study import make_study

    study = make_study(
        o.given(
            images=images,
            meta=meta,
            pattern=pattern,
            ranks=o.names(ranks),
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
            classify=o.given(
                recipe=recipe,
                ranks=o.names(at),
                models=o.names(models),
                upsample_to=upsample_to,
                test_share=test_share,
            ),
        ),
        where="options",
    )
    run_and_show(study, ("check", "classify"), json=json)
