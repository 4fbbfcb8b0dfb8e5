"""Can images learn the tree? Embeddings of taxa guided by genetic distance.

The names are imported when first used: learners bring scikit-learn, which other stages do without.
"""

from typing import TYPE_CHECKING

from phylolens.lazy import lazy_names

if TYPE_CHECKING:
    from phylolens.guided.in_sample import GuideResult, fit_guided, load_pool, write_guided
    from phylolens.guided.published import AttentionPool, Bags, to_bags
    from phylolens.guided.recipes import GUIDE_RECIPES, GuideRecipe

_HOME = {
    "GUIDE_RECIPES": "recipes",
    "AttentionPool": "published",
    "Bags": "published",
    "GuideRecipe": "recipes",
    "GuideResult": "in_sample",
    "fit_guided": "in_sample",
    "load_pool": "in_sample",
    "to_bags": "published",
    "write_guided": "in_sample",
}

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


__getattr__ = lazy_names(__name__, _HOME)
