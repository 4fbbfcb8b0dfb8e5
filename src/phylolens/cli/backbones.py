"""``phylolens backbones``."""

import typer

from phylolens import embedding
from phylolens.cli import _options as o
from phylolens.cli._console import show


def command(json: o.Json = False) -> None:
    """List feature extractors: size, licence, where weights come from, whether they are here."""
    rows = embedding.backbone_table()
    if json:
        show({"backbones": rows}, json=True)
        return
    for row in rows:
        typer.echo(
            f"{row['name']:<20}{row['feature_size']:>5} features, {row['input_size']} px, "
            f"{row['licence']}; {'present' if row['present'] else 'not on this machine'}"
        )
        typer.echo(f"    weights: {row['weights_source']}\n    {row['paper']}\n    {row['note']}")
