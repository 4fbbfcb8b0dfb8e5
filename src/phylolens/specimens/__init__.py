"""Specimens: read a table, folders or file names; validate; split; resample."""

from phylolens.specimens.folds import group_folds, specimen_folds
from phylolens.specimens.leave_out import leave_out, make_split, split_names
from phylolens.specimens.read import Specimens, as_specimens, read_specimens, specimens_of_labels
from phylolens.specimens.resample import balance, raise_rare, repeat, sample_down, view_id
from phylolens.specimens.split import Split, split_specimens
from phylolens.specimens.table import read_table
from phylolens.specimens.validate import usable, validate, without_bad

__all__ = [
    "Specimens",
    "Split",
    "as_specimens",
    "balance",
    "group_folds",
    "leave_out",
    "make_split",
    "raise_rare",
    "read_specimens",
    "read_table",
    "repeat",
    "sample_down",
    "specimen_folds",
    "specimens_of_labels",
    "split_names",
    "split_specimens",
    "usable",
    "validate",
    "view_id",
    "without_bad",
]
