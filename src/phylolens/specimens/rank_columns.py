"""Which columns are ranks: those named by the user, or those with the names of ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.specimens.headers import BINOMIAL_RANKS, Headers
from phylolens.specimens.names import split_authorship
from phylolens.specimens.unknown import read_label
from phylolens.taxonomy import (
    find_ranks,
    nested_columns,
    require_coarse_to_fine,
)

GENUS, SPECIES = "genus", "species"
NOT_LABELS = ("file", "specimen_id", "view", "source", "split", "path")


@dataclass(frozen=True)
class RankColumns:
    """The ranks of a table.

    Parameters
    ----------
    ranks : tuple of str
        Coarse to fine; columns of the table are called so.
    names : mapping of str to str
        What the column of each rank is called in the file.
    problems : tuple of Problem
    """

    ranks: tuple[str, ...]
    names: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def rank_columns(
    frame: pd.DataFrame, headers: Headers, ranks: Sequence[str] | None, where: object
) -> tuple[RankColumns, pd.DataFrame]:
    """Find the ranks, and call their columns by them.

    Parameters
    ----------
    frame : DataFrame
        Text as written, with the column ``file``.
    headers : Headers
        What the columns mean.
    ranks : sequence of str, optional
        Those the user names: rank words or headers of the file, coarse to fine.

    Raises
    ------
    InputError
        If the columns named are not there or not coarse to fine, or none has the name of a rank:
        which column is a rank is never guessed.
    """
    if ranks is not None:
        return _named(frame, headers, ranks, where)
    frame, species, problems = _with_species(frame, headers)
    names = {rank: name for rank, name in headers.ranks.items() if name in frame.columns}
    names |= {SPECIES: species} if species else {}
    frame = _renamed(frame, names)
    known = _without_unknown(frame, tuple(names))
    found, left_out = find_ranks(known, list(names))
    if left_out:
        said = (
            "columns whose name may be a rank but whose values do not nest like one are not used "
            "(name them with --ranks to use them)"
        )
        problems.append(
            Problem("not-nested", "note", said, tuple(names[name] for name in left_out))
        )
    if not found:
        raise _no_ranks(frame, where)
    used = {rank: names[rank] for rank in found}
    problems += [*headers.problems, *_unused(frame, found, left_out)]
    return RankColumns(found, used, tuple(problems)), frame


def label_ranks(table: pd.DataFrame, ranks: Sequence[str], where: object) -> RankColumns:
    """Accept the ranks of labels from folders or file names, in their order.

    Raises
    ------
    InputError
        If there are none, one has the name of another column, or they are not coarse to fine.
    """
    if not ranks:
        raise InputError("no rank columns found: the pattern names no rank.", where=where)
    if wrong := [rank for rank in ranks if rank in NOT_LABELS or rank not in table.columns]:
        raise InputError("no such rank columns.", where=where, ids=wrong)
    _require_different(ranks)
    require_coarse_to_fine(_without_unknown(table, ranks), ranks, where)
    return RankColumns(tuple(ranks), {rank: rank for rank in ranks})


def _require_different(ranks: Sequence[str]) -> None:
    repeated = [name for place, name in enumerate(ranks) if name in ranks[:place]]
    if repeated:
        raise InputError("a rank is named twice.", where="--ranks", ids=repeated)


def _renamed(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Call columns by their rank; another column of that name gets out of the way."""
    taken = [rank for rank, name in names.items() if rank in frame.columns and name != rank]
    frame = frame.rename(columns={rank: f"{rank} (other)" for rank in taken})
    return frame.rename(columns={name: rank for rank, name in names.items()})


def _with_species(frame: pd.DataFrame, headers: Headers) -> tuple[pd.DataFrame, str, list[Problem]]:
    """Make a column of species from epithets or full names, where the table has no other."""
    if SPECIES in headers.ranks:
        return frame, headers.ranks[SPECIES], []
    if headers.epithet and GENUS in headers.ranks:
        said = f"species are read from '{headers.epithet}', with the genus before"
        return frame, headers.epithet, [Problem("species-column", "note", said)]
    if not headers.scientific:
        return frame, "", []
    name = headers.scientific
    coarser = _coarser(frame, headers)
    species = [None if c else v for v, c in zip(frame[name], coarser, strict=True)]
    frame = frame.assign(**{name: pd.Series(species, index=frame.index, dtype=object)})
    said = f"species are read from '{name}'"
    if n := sum(coarser):
        said += f"; {n} names of coarser taxa are no species"
    return frame, name, [Problem("species-column", "note", said)]


def _coarser(frame: pd.DataFrame, headers: Headers) -> list[bool]:
    """Say which full names are those of a genus or a coarser taxon."""
    names = frame[headers.scientific]
    given = frame[headers.taxon_rank] if headers.taxon_rank else [None] * len(frame)
    found = []
    for name, rank in zip(names, given, strict=True):
        told = rank is not None and rank.lower() not in BINOMIAL_RANKS
        single = name is not None and " " not in split_authorship(name)[0]
        found.append(name is not None and (told or single))
    return found


def _without_unknown(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the columns with unknown values missing: they say nothing about nesting."""
    cleaned = {}
    for name in names:
        read = {v: read_label(v, name).name for v in frame[name].dropna().unique()}
        cleaned[name] = [None if v is None else read[v] for v in frame[name]]
    return pd.DataFrame(cleaned, index=frame.index, dtype=object)


def _unused(frame: pd.DataFrame, found: Sequence[str], left_out: Sequence[str]) -> list[Problem]:
    unused = [str(name) for name in frame.columns if name not in (*found, *left_out, *NOT_LABELS)]
    if not unused:
        return []
    message = (
        "columns that are no standard rank are no labels (name them with --ranks to use them), but "
        "may be confounds"
    )
    return [Problem("unknown-columns", "note", message, tuple(unused))]


def _no_ranks(frame: pd.DataFrame, where: object) -> InputError:
    columns = [str(name) for name in frame.columns if name not in NOT_LABELS]
    nested = nested_columns(frame, columns)
    hint = "Name them with --ranks, coarse to fine, such as --ranks order,family,species."
    if nested:
        hint = f"Name them with --ranks, coarse to fine; these nest: {', '.join(nested)}."
    return InputError(
        f"no rank columns found; columns: {', '.join(columns) or 'none besides the file'}.",
        where=where,
        hint=hint,
    )


def _named(
    frame: pd.DataFrame, headers: Headers, ranks: Sequence[str], where: object
) -> tuple[RankColumns, pd.DataFrame]:
    columns = [str(name) for name in frame.columns if name not in NOT_LABELS]
    lower = {name.lower(): name for name in columns}
    names: dict[str, str] = {}
    missing = []
    for rank in ranks:
        column = rank if rank in columns else lower.get(rank.lower()) or headers.ranks.get(rank)
        if column is None or column not in columns:
            missing.append(rank)
        else:
            names[rank] = column
    if missing:
        raise InputError(
            f"no such rank columns; found: {', '.join(columns)}.",
            where=where,
            ids=missing,
            hint="Give --ranks names among those found, coarse to fine.",
        )
    _require_different(ranks)
    frame = _renamed(frame, names)
    known = _without_unknown(frame, tuple(names))
    require_coarse_to_fine(known, tuple(names), where)
    return RankColumns(tuple(names), names, tuple(_unused(frame, tuple(names), ()))), frame
