"""Look at every image and label once, and say what is wrong before any work is done."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.images import Look, examine
from phylolens.progress import Progress, silent
from phylolens.specimens.locate import is_address
from phylolens.specimens.other_columns import FORMAT, SHAPE, SIZE, other_columns
from phylolens.specimens.read import Specimens
from phylolens.specimens.split import check_given_split
from phylolens.taxonomy import conflicts, nesting_problems

# How each severe problem ends when the user asks to go on without the rows concerned.
ADVICE = {
    "missing-file": "Correct the file names, or the folder given to --images.",
    "unreadable-image": "Replace these images.",
    "too-large-image": "Save them smaller.",
    "unreadable-name": "Rename these files.",
    "unreadable-folder": "Correct the rights of these folders.",
    "same-picture-two-taxa": "Keep the image under the right taxon only.",
    "two-parents": "Correct the table: a taxon has one parent.",
    "specimen-two-taxa": "Give every specimen an id of its own, such as 'Pinna nobilis 3'.",
    "pattern-mismatch": "Rename these files or correct --pattern.",
}


def validate(specimens: Specimens, *, look: bool = True, progress: Progress = silent) -> Specimens:
    """Check files, images and labels; list the problems and mark the rows.

    Parameters
    ----------
    specimens : Specimens
        As read.
    look : bool
        Open the images; not wanted where features are given instead.

    Returns
    -------
    Specimens
        The same rows with a ``sha256`` column (missing where the image cannot be read) and all
        problems found. Nothing is dropped here: see :func:`usable`.
    """
    table, problems = specimens.table, list(specimens.problems)
    if look:
        looks = _look_at_all(list(table["path"]), progress)
        table = table.assign(sha256=[look.sha256 for look in looks])
        specimens = _with_formats(replace(specimens, table=table), looks)
        table = specimens.table
        problems += _troubles(table, looks)
        problems += _oddities(table, looks)
        problems += _duplicates(table, specimens.ranks)
    if "split" in table.columns:
        check_given_split(table)
    problems += nesting_problems(table, specimens.ranks)
    problems += _labels(table, specimens.ranks)
    if torn := _torn(specimens):
        message = "specimens whose images lie in two taxa of one rank"
        problems.append(Problem("specimen-two-taxa", "error", message, torn))
    return replace(specimens, table=table, problems=tuple(problems))


def _with_formats(specimens: Specimens, looks: list[Look]) -> Specimens:
    """Add what the files say of themselves, where images differ in it."""
    table = specimens.table
    known = {
        FORMAT: [look.format or None for look in looks],
        SIZE: [f"{look.size[0]} × {look.size[1]}" if look.format else None for look in looks],
        SHAPE: [look.shape if look.format else None for look in looks],
    }
    added = {name: pd.Series(cells, dtype=object) for name, cells in known.items()}
    added = {name: cells for name, cells in added.items() if name not in table}
    table = table.assign(**{name: cells.to_numpy() for name, cells in added.items()})
    others = (*specimens.others, *other_columns(table[list(added)], ()))
    return replace(specimens, table=table, others=others)


def _look_at_all(paths: list[Path], progress: Progress) -> list[Look]:
    looks = []
    with ThreadPoolExecutor() as pool:
        for done, look in enumerate(pool.map(examine, paths), start=1):
            looks.append(look)
            progress("checking images", done, len(paths))
    return looks


TROUBLES = {
    "missing-file": "image files that are not there",
    "unreadable-image": "files that cannot be read as images",
    "too-large-image": "images too large to be read",
}
NO_SUCH_FILE = "no such file"
ADDRESSES = "these are addresses on the web; download them, and name the files"
MOST_DETAILS = 3


def _troubles(table: pd.DataFrame, looks: list[Look]) -> Iterator[Problem]:
    """List what cannot be used: one problem a reason, so that a message fits all it names."""
    by_reason: dict[tuple[str, str], list[int]] = {}
    for row, look in enumerate(looks):
        if look.trouble:
            reason = look.reason
            if look.trouble == "missing-file":
                reason = ADDRESSES if is_address(table["file"].iloc[row]) else NO_SUCH_FILE
            by_reason.setdefault((look.trouble, reason), []).append(row)
    for (kind, reason), rows in sorted(by_reason.items(), key=_severest):
        message = f"{TROUBLES[kind]}: {reason}"
        details = [f"'{table['file'].iloc[row]}': {looks[row].detail}" for row in rows]
        if reason == NO_SUCH_FILE:
            message += f" (looked for '{table['path'].iloc[rows[0]]}')"
        elif looks[rows[0]].detail:
            more = ", ..." if len(details) > MOST_DETAILS else ""
            message += f" ({'; '.join(details[:MOST_DETAILS])}{more})"
        yield from _rows(kind, "error", message, table, rows)


def _severest(found: tuple[tuple[str, str], list[int]]) -> tuple[int, int]:
    """Missing files come first, then what concerns most files."""
    (kind, _), rows = found
    return list(TROUBLES).index(kind), -len(rows)


def _oddities(table: pd.DataFrame, looks: list[Look]) -> Iterator[Problem]:
    """Say what a user should know of images that can be used."""
    dark = [row for row, look in enumerate(looks) if look.dark]
    message = "images that are nearly black: look at them, and at how they were exported"
    yield from _rows("dark-image", "warning", message, table, dark)
    flat = [row for row, look in enumerate(looks) if look.flat]
    yield from _rows("blank-image", "warning", "images of nearly one colour", table, flat)
    yield from _assumed(table, looks)
    paged = [row for row, look in enumerate(looks) if look.pages]
    message = "files of several pages or frames: the first is read"
    yield from _rows("several-pages", "note", message, table, paged)


def _assumed(table: pd.DataFrame, looks: list[Look]) -> Iterator[Problem]:
    """Values taken for fewer bits than the file has; a warning where images of one set differ."""
    rows: dict[str, list[int]] = {}
    for row, look in enumerate(looks):
        if look.assumed:
            rows.setdefault(look.assumed, []).append(row)
    for assumed, found in sorted(rows.items()):
        message = (
            f"images whose values are taken as {assumed}, since they end far below what the file "
            "could hold"
        )
        if len(rows) > 1:
            message += " (others of this set otherwise: export all with one range of values)"
        severity = "warning" if len(rows) > 1 else "note"
        yield from _rows("assumed-values", severity, message, table, found)


def _rows(
    kind: str, severity: str, message: str, table: pd.DataFrame, rows: Iterable[int]
) -> list[Problem]:
    files = tuple(table["file"].iloc[list(rows)])
    return [Problem(kind, severity, message, files)] if files else []


def _duplicates(table: pd.DataFrame, ranks: tuple[str, ...]) -> list[Problem]:
    known = table[table["sha256"].notna()]
    copies = known[known.duplicated("sha256", keep=False)]
    if copies.empty:
        return []
    # A blank label is unknown, not another taxon.
    differs = (copies.groupby("sha256")[list(ranks)].transform("nunique") > 1).any(axis=1)
    clash, same = copies[differs], copies[~differs]
    repeats = same[same.duplicated("sha256")]
    problems = []
    if len(clash):
        message = "the same image stands under different taxa"
        files = tuple(clash.sort_values(["sha256", "file"])["file"])
        problems.append(Problem("same-picture-two-taxa", "error", message, files))
    if len(repeats):
        message = "repeated copies of an image under one taxon are left out (the first is kept)"
        problems.append(Problem("repeated-picture", "warning", message, tuple(repeats["file"])))
    return problems


def _labels(table: pd.DataFrame, ranks: tuple[str, ...]) -> list[Problem]:
    problems = []
    for rank in ranks:
        unknown = table["file"][table[rank].isna()]
        if len(unknown):
            message = f"images with unknown {rank} (blank is unknown, not a class)"
            problems.append(Problem("unknown-label", "note", message, tuple(unknown)))
        if table[rank].nunique() == 1:
            message = f"only one taxon of rank {rank}: nothing to tell apart there"
            problems.append(
                Problem("one-class", "note", message, (str(table[rank].dropna().iloc[0]),))
            )
    return problems


def _torn(specimens: Specimens) -> tuple[str, ...]:
    """Specimens in two taxa of a rank: mostly numbers that start anew in every taxon."""
    if not specimens.has_specimen_ids:
        return ()
    taxa = specimens.table.groupby("specimen_id", sort=True)[list(specimens.ranks)].nunique()
    return tuple(taxa.index[(taxa > 1).any(axis=1)])


def usable(specimens: Specimens, *, skip_bad: bool = False) -> Specimens:
    """Return the rows that can be used; stop at errors unless told to skip them.

    Parameters
    ----------
    specimens : Specimens
        As :func:`validate` returned them.
    skip_bad : bool
        Leave the rows concerned out instead of stopping; they stay listed in the problems.

    Raises
    ------
    InputError
        At the first kind of error, naming its rows, unless ``skip_bad``; and when no row is left.
    """
    errors = [problem for problem in specimens.problems if problem.severity == "error"]
    if errors and not skip_bad:
        first = errors[0]
        more = f" ({len(errors) - 1} more kinds or taxa: see check.json.)" if errors[1:] else ""
        raise InputError(
            f"{first.message}.{more}",
            ids=first.ids,
            hint=f"{ADVICE.get(first.kind, '')} Or leave them out with --skip-bad.".strip(),
        )
    kept = without_bad(specimens)
    if kept.table.empty:
        reason = f": {errors[0].message}" if errors else ""
        raise InputError(
            f"no usable image is left{reason}.",
            ids=errors[0].ids if errors else (),
            hint=ADVICE.get(errors[0].kind, "") if errors else "",
        )
    return kept


def without_bad(specimens: Specimens) -> Specimens:
    """Leave out the rows concerned by problems; maybe none is left."""
    dropped = set(_dropped_files(specimens))
    table = specimens.table[~specimens.table["file"].isin(dropped)].reset_index(drop=True)
    return replace(specimens, table=table)


def _dropped_files(specimens: Specimens) -> list[str]:
    table, by_row = specimens.table, (*TROUBLES, "pattern-mismatch")
    kinds = (*by_row, "same-picture-two-taxa", "repeated-picture")
    files = [name for p in specimens.problems if p.kind in kinds for name in p.ids]
    files += list(table["file"][table["specimen_id"].isin(_torn(specimens))])
    for coarse, fine, found in conflicts(table, specimens.ranks):
        for row in found[found.duplicated("fine")].itertuples():  # all but the main parent
            files += list(table["file"][(table[fine] == row.fine) & (table[coarse] == row.coarse)])
    return files
