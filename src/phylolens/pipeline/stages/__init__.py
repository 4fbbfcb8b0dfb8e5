"""The stages of a run: each takes the run context, writes its folder, sums up."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from phylolens import report as pages
from phylolens.errors import InputError
from phylolens.guided.files import EVERY_RECIPE, HELD_OUT_ONLY, PUBLISHED_ONLY, SOMETIMES
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.dataset import Dataset
from phylolens.pipeline.settings import Settings
from phylolens.pipeline.stages.circular import guided_twice

__all__ = ["ACTIONS", "FILES", "files_of", "missing_files", "not_possible"]

NEEDS_PHYLOGENY = "needs a phylogeny: give --tree, --distances or --barcodes"


def not_possible(stage: str, dataset: Dataset, *, alone: bool) -> str:
    """Say why a stage cannot run; asked for by itself, that is an error."""
    reason = ""
    if stage in ("guide", "signal", "place", "bench") and dataset.ranked is None:
        reason = NEEDS_PHYLOGENY
    elif stage in ("classify", "place", "bench") and dataset.taxon_level:
        reason = "needs features of images or specimens, not of taxa"
    elif stage in ("guide", "place", "bench"):
        reason = guided_twice(dataset)
    if reason and alone:
        raise InputError(f"'{stage}' {reason}.")
    return reason


def embed_originals(context: RunContext) -> dict[str, Any]:
    """Fill the feature store."""
    images = context.images
    features = images.originals
    return {
        "n_images": len(features),
        "n_features": int(features.matrix.shape[1]),
        "n_computed": images.n_computed,
        "n_reused": images.n_reused,
        "notes": list(images.notes),
        "spec": dict(features.spec),
    }


def report(context: RunContext) -> dict[str, Any]:
    """Write ``report.html`` from the results directory."""
    context.progress("writing the report", 0, 1)
    settings = context.settings
    roots = [root for root in (settings.images, settings.meta and settings.meta.parent) if root]
    path = pages.write_report(settings.out, images=roots)
    context.progress("writing the report", 1, 1)
    return {"path": str(path), "megabytes": path.stat().st_size / 1e6}


def _when_run(stage: str) -> Callable[[RunContext], dict[str, Any]]:
    """Return a stage's function, whose file is imported when it runs.

    Classifiers and learners bring scikit-learn, which ``check`` and ``signal`` do without.
    """

    def action(context: RunContext) -> dict[str, Any]:
        found: dict[str, Any] = getattr(import_module(f"{__name__}.{stage}"), stage)(context)
        return found

    return action


ACTIONS: Mapping[str, Callable[[RunContext], dict[str, Any]]] = {
    "embed": embed_originals,
    "classify": _when_run("classify"),
    "guide": _when_run("guide"),
    "signal": _when_run("signal"),
    "place": _when_run("place"),
    "bench": _when_run("bench"),
    "report": report,
}

# Files that show a stage is finished; stages without any always run.
FILES: Mapping[str, tuple[str, ...]] = {
    "embed": (),
    "classify": ("classify/metrics.json", "classify/predictions.csv"),
    "guide": tuple(f"guide/{name}" for name in EVERY_RECIPE),
    "signal": (
        "signal/signal.json",
        "signal/visual_distances.csv",
        "signal/visual_plain_distances.csv",
        "signal/genetic_distances.csv",
        "signal/tree.nwk",
        "signal/visual_tree.nwk",
    ),
    "place": (
        "place/place.json",
        "place/placements.csv",
        "place/placements.jplace",
        "place/unknowns.csv",
    ),
    "bench": ("bench/bench.json", "bench/bench.csv"),
    "report": (),
}


def files_of(stage: str, settings: Settings) -> tuple[str, ...]:
    """Name the files that show a stage of this study is finished."""
    if stage != "guide":
        return FILES[stage]
    in_sample = settings.guide.chosen().in_sample
    more = (*PUBLISHED_ONLY, *SOMETIMES) if in_sample else HELD_OUT_ONLY
    return (*FILES[stage], *(f"guide/{name}" for name in more))


def missing_files(stage: str, settings: Settings) -> list[str]:
    """Name the files of a finished stage that are not there."""
    return [name for name in files_of(stage, settings) if not (settings.out / name).is_file()]
