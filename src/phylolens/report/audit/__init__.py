"""The audit of two matrices as words, figures and a page of its own."""

from phylolens.report.audit.page import write_page
from phylolens.report.audit.words import conclusions

__all__ = ["conclusions", "write_page"]
