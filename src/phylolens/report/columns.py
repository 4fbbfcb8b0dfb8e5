"""Columns that may make taxa look alike, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.report.text import count, listed, percent, plural
from phylolens.results.confounds import GuideConfound

SHOWN = 4  # values of a column


def quoted(columns: Sequence[Mapping[str, Any]]) -> str:
    """Name columns as the table does."""
    return listed([f"“{column['column']}”" for column in columns])


def with_twins(column: Mapping[str, Any]) -> str:
    """Name a column, and those that divide the images in the same way."""
    twins = column.get("also") or []
    return f"“{column['column']}”" + (f" (as {listed([f'“{n}”' for n in twins])})" if twins else "")


def constancy(column: Mapping[str, Any], rank: str) -> str:
    """Say how a column divides the taxa, with counts."""
    values = [one for one in column["values"] if one["n_taxa"]]
    parts = [f"{one['value']} in {one['n_taxa']:,}" for one in values[:SHOWN]]
    more = len(values) - SHOWN
    parts += [f"{more:,} more"] if more > 0 else []
    taxa = count(column["n_taxa"], rank)
    if not column["n_taxa_several_images"]:
        return f"each of {taxa} has one image ({', '.join(parts)})"
    return (
        f"{percent(column['constant'])} of the images have the commonest value of their {rank} "
        f"({', '.join(parts)} of {taxa})"
    )


def named_in(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Choose from ``check.json`` the columns that the user named, or those found unasked."""
    own = found.get("confounds") or {}
    key = "asked" if own.get("asked") else "named"
    return [column for column in own.get("columns") or [] if column.get(key)]


def possible_confounds(found: Mapping[str, Any], rank: str) -> list[str]:
    """Sentences on the columns of ``check.json`` that may make taxa look alike."""
    return [
        f"{with_twins(column)} may be a confound: {constancy(column, rank)}, so that "
        f"{plural(rank)} may look alike or apart for it."
        for column in named_in(found)
    ]


def guided_by_source(columns: Sequence[GuideConfound], rank: str) -> str:
    """Say that a guided embedding may have learnt the source of the images; blank without one."""
    if not columns:
        return ""
    named = listed([f"“{column.column}”" for column in columns])
    tied = [f"“{column.column}”" for column in columns if column.coincide]
    if tied:
        return (
            f"{listed(tied)} goes with the clades: whether images tell the tree or their source, "
            "nothing here can show."
        )
    hardly = "hardly varies" if len(columns) == 1 else "hardly vary"
    return (
        f"{named} {hardly} within {plural(rank)}: part of what is learnt may be the "
        "source of the images."
    )
