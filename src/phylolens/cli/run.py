"""``phylolens run``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "trees", "features", "rank", "confound", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    study: Annotated[
        Path | None, typer.Argument(help="A study.toml; options given here overrule it.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Of classification: default or roy2025.")
    ] = None,
    upsample_to: Annotated[
        int | None, typer.Option(help="Classification: raise rare classes to this many images.")
    ] = None,
    per_taxon: Annotated[
        int | None, typer.Option(help="Guided embedding: images of each taxon.")
    ] = None,
    permutations: Annotated[
        int | None, typer.Option(help="Of the tests of looks against lineage.")
    ] = None,
    json: o.Json = False,
) -> None:
    """From images and a tree to a report: check, embed, classify, guide, signal, report."""
    from phylolens.pipeline.settings import STAGES, read_settings

    values = (read_settings(study) if study else {}) | settings
    for section, given in (
        ("classify", o.given(recipe=recipe, upsample_to=upsample_to)),
        ("guide", o.given(per_taxon=per_taxon)),
        ("signal", o.given(permutations=permutations)),
    ):
        values[section] = {**values.get(section, {}), **given}
    run_and_show(values, STAGES, json=json, where=study or "options")
