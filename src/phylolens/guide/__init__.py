"""Can images learn the tree? Embeddings of taxa guided by genetic distance."""

from phylolens.guide.attention import AttentionPool
from phylolens.guide.bags import Bags, to_bags
from phylolens.guide.experiment import GuideResult, fit_guided, load_pool, write_guided
from phylolens.guide.recipes import GUIDE_RECIPES, GuideRecipe

__all__ = [
    "GUIDE_RECIPES",
    "AttentionPool",
    "Bags",
    "GuideRecipe",
    "GuideResult",
    "fit_guided",
    "load_pool",
    "to_bags",
    "write_guided",
]
