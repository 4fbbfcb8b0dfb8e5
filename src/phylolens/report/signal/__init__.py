"""The section on signal: do looks follow lineage, beside what is known without a picture."""

from phylolens.report.signal.about import about_signal

__all__ = ["about_signal"]
