"""The section on guided embeddings: how much of the tree the images can learn."""

from phylolens.report.sections.guided.facts import about_guide

__all__ = ["about_guide"]
