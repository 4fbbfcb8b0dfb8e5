"""Can images learn the tree? Embeddings of taxa guided by genetic distance."""

from phylolens.guided.attention import AttentionPool
from phylolens.guided.bags import Bags, to_bags
from phylolens.guided.experiment import GuideResult, fit_guided, load_pool, write_guided
from phylolens.guided.recipes import GUIDE_RECIPES, GuideRecipe

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
