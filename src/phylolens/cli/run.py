"""``phylolens run``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show
from phylolens.pipeline.settings import SECTIONS, STAGES, read_settings


@o.takes_all(
    "preset", *o.SPECIMENS, *o.PHYLOGENY, "trees", "features", "rank", "confound", *o.EXTRACTION
)
def command(
    settings: dict[str, Any],
    *,
    study: Annotated[
        Path | None, typer.Argument(help="A study.toml; options given here overrule it.")
    ] = None,
    json: o.Json = False,
) -> None:
    """From images and a tree to a report: check, embed, classify, guide, signal, report."""
    written = read_settings(study) if study else {}
    run_and_show(_merged(written, settings), STAGES, json=json, where=study or "options")


def _merged(written: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Put what was given over what a study says, within sections, too."""
    values = written | given
    for section in SECTIONS:
        if isinstance(written.get(section), dict) and section in given:
            values[section] = written[section] | given[section]
    return values
