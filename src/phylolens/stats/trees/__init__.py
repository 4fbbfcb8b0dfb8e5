"""Trees from visual distances, and their comparison with a reference tree."""

from phylolens.stats.trees.compare import compare_trees
from phylolens.stats.trees.untangle import crossings, untangle
from phylolens.stats.trees.visual_tree import TREE_METHODS, visual_tree

__all__ = ["TREE_METHODS", "compare_trees", "crossings", "untangle", "visual_tree"]
