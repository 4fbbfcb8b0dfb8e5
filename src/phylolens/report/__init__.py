"""The report: results directory to plain dict to figures to one page."""

from phylolens.report.build import write_report
from phylolens.report.summary import summarize

__all__ = ["summarize", "write_report"]
