"""The command line: one file a verb, each of which parses, calls one library function, writes."""

import sys

import typer

from phylolens.cli import (
    backbones,
    bench,
    check,
    classify,
    demo,
    embed,
    guide,
    place,
    pretrain,
    report,
    run,
    signal,
    simulate,
)
from phylolens.cli._faults import guarded

app = typer.Typer(
    name="phylolens",
    help="Do looks follow lineage? Specimen images measured against a phylogeny.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (
    check, embed, classify, guide, signal, place, bench, pretrain, report, run, simulate, demo,
    backbones,
):  # fmt: skip
    app.command(verb.__name__.rsplit(".", 1)[-1])(verb.command)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"phylolens {installed('phylolens')}")
        raise typer.Exit


def main() -> None:
    """Run the command line; bad input ends with one message and exit code 2."""
    sys.exit(guarded(app))
