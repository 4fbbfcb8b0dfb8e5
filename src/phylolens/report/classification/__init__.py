"""The section on classification: scores, mistakes, confidence, and how deep names are safe."""

from phylolens.report.classification.about import about_classify

__all__ = ["about_classify"]
