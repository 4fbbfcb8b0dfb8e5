"""What is it? Classify specimens at every rank, beside what guessing achieves."""

from phylolens.classification.evaluate import evaluate
from phylolens.classification.experiment import ClassifyResult, classify, write_classified
from phylolens.classification.heads import HEADS, make_head
from phylolens.classification.recipes import CLASSIFY_RECIPES, ClassifyRecipe

__all__ = [
    "CLASSIFY_RECIPES",
    "HEADS",
    "ClassifyRecipe",
    "ClassifyResult",
    "classify",
    "evaluate",
    "make_head",
    "write_classified",
]
