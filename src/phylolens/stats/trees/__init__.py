"""Trees from visual distances, and their comparison with a reference tree."""

from phylolens.stats.trees.compare import compare_trees

__all__ = ["compare_trees"]
