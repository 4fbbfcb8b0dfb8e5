"""``phylolens embed``."""

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


def command(
    images: o.Images = None,
    meta: o.Meta = None,
    pattern: o.Pattern = None,
    ranks: o.Ranks = None,
    backbone: o.Backbone = o.BACKBONE,
    weights: o.Weights = None,
    layers: o.Layers = None,
    fit: o.Fit = None,
    device: o.Device = "auto",
    skip_bad: o.SkipBad = False,
    seed: o.Seed = 0,
    out: o.Out = o.OUT,
    json: o.Json = False,
) -> None:
    """Turn images into features, kept in a store; only new images are computed."""
    from phylolens.study import make_study

    study = make_study(
        o.given(
            images=images,
            meta=meta,
            pattern=pattern,
            ranks=o.names(ranks),
            backbone=backbone,
            weights=weights,
            layers=o.names(layers),
            fit=fit,
            device=device,
            skip_bad=skip_bad,
            seed=seed,
            out=out,
        ),
        where="options",
    )
    run_and_show(study, ("check", "embed"), json=json)
