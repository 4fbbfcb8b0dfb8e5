"""What is it? Classify specimens at every rank, beside what guessing achieves.

The names are imported when first used: recipes are read where scikit-learn is not wanted.
"""

from typing import TYPE_CHECKING

from phylolens.lazy import lazy_names

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


__getattr__ = lazy_names(__name__, _HOME)
