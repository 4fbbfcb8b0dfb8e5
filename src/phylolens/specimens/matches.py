"""Matches of names that a user confirmed: ``matches.csv`` given back with ``--matches``."""

from pathlib import Path

from phylolens.errors import InputError
from phylolens.specimens.table import load_table
from phylolens.specimens.unknown import is_blank


def read_matches(path: Path) -> dict[str, str]:
    """Read which name of the phylogeny is which taxon of the table.

    Parameters
    ----------
    path : Path
        A table with the columns ``name`` (of the phylogeny) and ``candidate`` (of the table); rows
        without a candidate do not count.

    Raises
    ------
    InputError
        If a column is missing, or a name stands for two candidates.
    """
    loaded = load_table(path)
    columns = {str(name).lower(): name for name in loaded.frame.columns}
    missing = [name for name in ("name", "candidate") if name not in columns]
    if missing:
        raise InputError(
            "a column is missing.",
            where=path,
            ids=missing,
            hint="'name' holds names of the phylogeny, 'candidate' those of the table.",
        )
    found: dict[str, str] = {}
    for row, name, candidate in zip(
        loaded.rows, loaded.frame[columns["name"]], loaded.frame[columns["candidate"]], strict=True
    ):
        if candidate is None or is_blank(candidate):
            continue
        if name is None or found.get(name, candidate) != candidate:
            raise InputError(
                f"'{name}' stands for two candidates or is blank.",
                where=path,
                ids=[row],
                hint="Leave one candidate for each name; clear the others.",
            )
        found[name] = candidate
    return found
