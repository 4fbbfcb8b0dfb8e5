"""The section on signal: do looks follow lineage, beside what is known without an image."""

from phylolens.report.sections.signal.facts import about_signal

__all__ = ["about_signal"]
