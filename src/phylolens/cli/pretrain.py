"""``phylolens pretrain``."""

from typing import Any

from phylolens import pipeline
from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, show
from phylolens.pipeline.settings import make_settings


@o.takes("images", "meta", "pattern", "ranks", "backbone", "weights", "fit", "device",
         section="pretrain")  # fmt: skip
def command(settings: dict[str, Any], *, json: o.Json = False) -> None:
    """Train a backbone on your own images without labels; the result is for --weights.

    Writes pretrain/: the network, what it has seen, and the loss of every epoch. Interrupted or
    out of time, the same command goes on; more --epochs train on. Images of the part 'test' of a
    column 'split' are never seen.
    """
    with progress_bar() as progress:
        study = make_settings(settings, where="options")
        summary = pipeline.train_backbone(study, progress=progress)
    show(summary, json=json)
