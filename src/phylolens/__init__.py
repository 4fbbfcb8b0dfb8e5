"""PhyloLens measures whether looks follow lineage.

Specimens and a phylogeny go in; features, classifications, guided embeddings, tests of visual
against genetic distance, and a report come out. The public names are imported when first used.
"""

from importlib import import_module
from typing import Any

from phylolens import _skbio

_PUBLIC = {
    "Features": "values",
    "TestResult": "values",
    "InputError": "errors",
    "Specimens": "specimens",
    "read_specimens": "specimens",
    "validate": "specimens",
    "split_specimens": "specimens",
    "read_phylogeny": "phylogeny",
    "to_rank": "phylogeny",
    "embed": "embedding",
    "classify": "classification",
    "fit_guided": "guided",
    "mantel": "stats",
    "signal": "stats",
    "taxon_means": "stats",
    "visual_distances": "stats",
    "simulate_world": "simulation",
    "write_report": "report",
    "Study": "pipeline.settings",
    "run": "pipeline.run",
}

__all__ = sorted(_PUBLIC)

_skbio.install()


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
