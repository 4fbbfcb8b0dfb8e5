"""``phylolens run``."""

from pathlib import Path
from typing import Annotated

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


def command(
    study: Annotated[
        Path | None, typer.Argument(help="A study.toml; options given here overrule it.")
    ] = None,
    images: o.Images = None,
    meta: o.Meta = None,
    pattern: o.Pattern = None,
    ranks: o.Ranks = None,
    tree: o.Tree = None,
    distances: o.Distances = None,
    features: o.FeatureFile = None,
    rank: o.Rank = None,
    backbone: Annotated[str | None, typer.Option(help="See 'phylolens backbones'.")] = None,
    weights: o.Weights = None,
    layers: o.Layers = None,
    fit: o.Fit = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    upsample_to: Annotated[
        int | None, typer.Option(help="Classification: raise rare classes to this many images.")
    ] = None,
    per_taxon: Annotated[
        int | None, typer.Option(help="Guided embedding: images of each taxon.")
    ] = None,
    permutations: Annotated[int | None, typer.Option(help="Of the Mantel tests.")] = None,
    skip_bad: o.SkipBad = False,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Results directory; an existing one is continued.")
    ] = None,
    json: o.Json = False,
) -> None:
    """From images and a tree to a report: check, embed, classify, guide, signal, report."""
    from phylolens.study import STAGES, make_study, read_study

    values = read_study(study) if study else {}
    values |= o.given(
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
        seed=seed,
        out=out,
        skip_bad=skip_bad or None,
    )
    for section, settings in (
        ("classify", o.given(upsample_to=upsample_to)),
        ("guide", o.given(per_taxon=per_taxon)),
        ("signal", o.given(permutations=permutations)),
    ):
        if settings:
            values[section] = {**values.get(section, {}), **settings}
    run_and_show(make_study(values, where=study or "options"), STAGES, json=json)
