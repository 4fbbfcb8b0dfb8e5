"""The report: results directory to plain dict to figures to one page."""

from phylolens.report.html import write_report
from phylolens.report.summarize import summarize

__all__ = ["summarize", "write_report"]
