"""What is it? Classify specimens at every rank, beside what guessing achieves.

The names are imported when first used: recipes are read where scikit-learn is not wanted.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phylolens.classification.experiment import ClassifyResult, classify, write_classified
    from phylolens.classification.heads import HEADS, make_head
    from phylolens.classification.recipes import CLASSIFY_RECIPES, ClassifyRecipe

_HOME = {
    "CLASSIFY_RECIPES": "recipes",
    "HEADS": "heads",
    "ClassifyRecipe": "recipes",
    "ClassifyResult": "experiment",
    "classify": "experiment",
    "make_head": "heads",
    "write_classified": "experiment",
}

__all__ = [
    "CLASSIFY_RECIPES",
    "HEADS",
    "ClassifyRecipe",
    "ClassifyResult",
    "classify",
    "make_head",
    "write_classified",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
