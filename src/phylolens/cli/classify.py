"""``phylolens classify``."""

from pathlib import Path
from typing import Annotated, Any

import typer

import phylolens as pl
from phylolens import classification
from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, run_and_show, show
from phylolens.cli._stored import require_nothing_else
from phylolens.errors import InputError


@o.takes("preset", *o.SPECIMENS, "features", "rank", *o.EXTRACTION, section="classify")
def command(
    settings: dict[str, Any],
    *,
    model: Annotated[
        Path | None,
        typer.Option(help="Stored model: classify the new images of --images with it."),
    ] = None,
    guarantee: Annotated[
        str | None,
        typer.Option(
            help="With --model: 'each' (as promised for known taxa and for each kind of unknown "
            "ones; default), 'mixed' (on average over the expected mix) or 'known_only'."
        ),
    ] = None,
    json: o.Json = False,
) -> None:
    """Classify specimens at every rank; test on specimens and species kept from training.

    The calibrated model is stored in classify/model; --model applies it to new images.
    """
    if model is not None:
        _predict(model, settings, guarantee, json=json)
        return
    if guarantee is not None:
        raise InputError("this is for a stored model.", where="--guarantee", hint="Give --model.")
    run_and_show(settings, ("check", "classify"), json=json)


def _predict(
    model: Path,
    settings: dict[str, Any],
    guarantee: str | None,
    *,
    json: bool,
) -> None:
    """Apply a stored model; it brings its own taxonomy, so labels are not read."""
    wanted = require_nothing_else(settings, "classify")
    features = settings.get("features")
    with progress_bar() as progress:
        summary = classification.predict_new(
            model,
            images=settings.get("images"),
            features=pl.read_features(features) if features else None,
            wanted=wanted,
            out=settings.get("out", Path("phylolens-out")),
            guarantee=guarantee or "each",
            device=settings.get("device", "auto"),
            progress=progress,
        )
    show({k: v for k, v in summary.to_dict().items() if k != "schema_version"}, json=json)
