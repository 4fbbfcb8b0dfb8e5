"""The section on classification: scores, mistakes, confidence, and how deep names are safe."""

from phylolens.report.sections.classification.facts import about_classify

__all__ = ["about_classify"]
