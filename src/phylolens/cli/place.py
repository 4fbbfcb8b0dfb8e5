"""``phylolens place``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens import pipeline
from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, run_and_show, show
from phylolens.cli._stored import OF_FEATURES
from phylolens.errors import InputError
from phylolens.pipeline.settings import SECTION_MODELS, Settings, make_settings, option_name

TAKEN = (*OF_FEATURES, "unknowns", "device", "seed", "out", "place")
OWN = ("depth", "age")  # settings that a stored placer can still be told


@o.takes(*o.SPECIMENS, *o.PHYLOGENY, "features", "unknowns", "rank", *o.EXTRACTION, section="place")
def command(
    settings: dict[str, Any],
    *,
    reference: Annotated[
        Path | None,
        typer.Option(help="Stored placer, the folder place/model: place --unknowns with it."),
    ] = None,
    json: o.Json = False,
) -> None:
    """Place unknown specimens on the tree, with the probability of every branch.

    Reference specimens come as for classify, the unknowns from --unknowns; specimens without a
    taxon at the rank of comparison are unknowns, too. Taxa left out of the reference at every rank
    show how far answers can be trusted; without unknowns that is all there is. The placer is stored
    in place/model; --reference places further unknowns with it.
    """
    if reference is not None:
        _place_more(reference, settings, json=json)
        return
    run_and_show(settings, ("check", "place"), json=json)


def _place_more(reference: Path, settings: dict[str, Any], *, json: bool) -> None:
    """Apply a stored placer."""
    more = [option_name(Settings, name) for name in settings if name not in TAKEN]
    own = settings.get("place", {})
    more += [option_name(SECTION_MODELS["place"], name) for name in own if name not in OWN]
    if more:
        raise InputError(
            "a stored placer stays as it was fitted.",
            where="--reference",
            ids=more,
            hint="Leave these options out.",
        )
    found = make_settings(settings, "options")
    if found.unknowns is None:
        raise InputError("no unknowns.", where="--reference", hint="Give --unknowns.")
    with progress_bar() as progress:
        summary = pipeline.place_new(
            reference,
            found.unknowns,
            found.out,
            wanted={name: settings[name] for name in OF_FEATURES if name in settings},
            depth=found.place.depth,
            age=found.place.age,
            device=found.device,
            progress=progress,
        )
    show({"place": summary}, json=json)
