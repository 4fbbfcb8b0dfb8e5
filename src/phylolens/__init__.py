"""PhyloLens measures whether looks follow lineage.

Specimens and a phylogeny go in; features, classifications, guided embeddings, tests of visual
against genetic distance, and a report come out. The public names are imported when first used.
"""

from importlib.metadata import version
from typing import Any

from phylolens import _skbio
from phylolens.lazy import lazy_names

_skbio.install()

# Where each public name stands; ``__init__.pyi`` tells type checkers and editors the same.
_PUBLIC = {
    "CladeValidation": "guided.embedding_model",
    "Features": "values",
    "GuidedEmbedding": "guided.embedding_model",
    "HierarchicalClassifier": "classification.hierarchical",
    "InputError": "errors",
    "Settings": "pipeline.settings",
    "SignalResult": "pipeline.signal",
    "Specimens": "specimens",
    "TestResult": "values",
    "as_covariance": "phylogeny",
    "as_distances": "phylogeny",
    "as_features": "embedding.feature_file",
    "as_specimens": "specimens",
    "as_tree": "phylogeny",
    "compare_embeddings": "pipeline.signal",
    "cross_validate_clades": "guided.embedding_model",
    "distance_correlation": "stats.dcor",
    "embed": "embedding.files",
    "kmult": "stats.kmult",
    "lambda_score": "stats.lambda_score",
    "mantel": "stats.mantel",
    "pagel_lambda": "stats.lambda_fit",
    "protest": "stats.protest",
    "read_distances": "phylogeny",
    "read_features": "embedding.feature_file",
    "read_specimens": "specimens",
    "read_tree": "phylogeny",
    "run": "pipeline.run",
    "signal": "pipeline.signal",
    "simulate_world": "simulation",
    "taxon_means": "stats.means",
    "visual_distances": "stats.visual",
    "write_report": "report",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


_find = lazy_names(__name__, _PUBLIC)


def __getattr__(name: str) -> Any:
    found = version("phylolens") if name == "__version__" else _find(name)
    globals()[name] = found  # importing a package of that name later must not take its place
    return found


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__name__"]
