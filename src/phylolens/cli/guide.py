"""``phylolens guide``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, run_and_show, show
from phylolens.cli._stored import require_nothing_else

Text = str | None
Whole = int | None
NAMES = (
    "default, phylo-ridge, kernel-ridge, gp, attention, attention+projection, metric, finetune "
    "(trains the network itself; slow), unguided"
)


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "rank", "confound", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Stored model, the folder guide/model: embed the pictures of --images, or the "
            "rows of --features, with it."
        ),
    ] = None,
    recipe: Annotated[
        Text,
        typer.Option(help="default (judged on clades held out) or roy2025 (in-sample)."),
    ] = None,
    learner: Annotated[
        Text,
        typer.Option(
            help=f"Learners, separated by commas; the first is the headline. Some of {NAMES}."
        ),
    ] = None,
    held_out: Annotated[
        Text,
        typer.Option(
            help="Rank whose clades are held out; by default the next coarser one with three or "
            "more."
        ),
    ] = None,
    refits: Annotated[
        Whole,
        typer.Option(
            help="Refits to permuted taxa, for the p-value (default 99, of finetune none; 0: none)."
        ),
    ] = None,
    per_taxon: Annotated[
        Whole, typer.Option(help="Images of each taxon: sampled down or altered copies added.")
    ] = None,
    sample_down_to: Annotated[
        Whole,
        typer.Option(
            help="Sample frequent taxa down to this many images; every genus and species of a "
            "taxon stays."
        ),
    ] = None,
    sampling_table: Annotated[
        bool,
        typer.Option("--sampling-table", help="Compare ways of sampling by held-out skill."),
    ] = False,
    epochs: Annotated[Whole, typer.Option(help="Steps of the fit (roy2025).")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the fit (roy2025).")] = None,
    divisor: Annotated[
        float | None,
        typer.Option(help="Genetic distance that counts as -1; by default the largest."),
    ] = None,
    json: o.Json = False,
) -> None:
    """Learn embeddings of taxa from genetic distance, judged on clades held out.

    The fitted model is stored in guide/model; --model applies it to new pictures, for classify or
    signal. Images that a column 'split' of --meta marks 'test' stay out of the fit.
    """
    own = o.given(
        recipe=recipe,
        learner=o.names(learner),
        held_out=held_out,
        refits=refits,
        per_taxon=per_taxon,
        sample_down_to=sample_down_to,
        sampling_table=sampling_table or None,
        epochs=epochs,
        learning_rate=learning_rate,
        divisor=divisor,
    )
    if model is not None:
        _embed_new(model, settings, own, json=json)
        return
    settings["guide"] = own
    run_and_show(settings, ("check", "guide"), json=json)


def _embed_new(model: Path, settings: dict[str, Any], own: dict[str, Any], *, json: bool) -> None:
    """Apply a stored model to new pictures."""
    from phylolens.embedding.feature_file import read_features
    from phylolens.guided.apply import embed_new

    asked = require_nothing_else(
        settings, own, (*o.PHYLOGENY, "meta", "pattern", "ranks", "rank", o.CONFOUND)
    )
    features = settings.get("features")
    with progress_bar() as progress:
        summary = embed_new(
            model,
            images=settings.get("images"),
            features=read_features(features) if features else None,
            asked=asked,
            out=settings.get("out", Path("phylolens-out")),
            device=settings.get("device", "auto"),
            progress=progress,
        )
    show(summary, json=json)
