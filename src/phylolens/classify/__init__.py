"""What is it? Classify specimens at every rank, beside what guessing achieves."""

from phylolens.classify.evaluate import evaluate
from phylolens.classify.experiment import ClassifyResult, classify, write_classified
from phylolens.classify.heads import HEADS, make_head
from phylolens.classify.recipes import CLASSIFY_RECIPES, ClassifyRecipe

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
