"""The names of this package, and the files they stand in."""

from .build import write_report as write_report
from .summary import summarize as summarize
