"""Which column of a table names the image files."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError, Problem
from phylolens.specimens.headers import FILE_WORDS

IMAGE_NAME = re.compile(
    r"\.(?:jpe?g|jpe|jfif|png|tiff?|bmp|webp|gif|jp2|j2k|avif|hei[cf]|nef|cr[23]|arw|dng)$",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"(?:https?|ftp|s3|gs)://", re.IGNORECASE)
MOSTLY = 0.5


def file_column(
    frame: pd.DataFrame, rows: Sequence[str], named: Sequence[str], where: Path, *, needed: bool
) -> tuple[pd.DataFrame, list[Problem]]:
    """Give the table a column ``file``; number the rows where none is needed and there.

    Parameters
    ----------
    frame : DataFrame
        Text.
    rows : sequence of str
        Names of the rows, for messages.
    named : sequence of str
        Columns whose headers speak of files, most likely first.
    where : Path
        The table.
    needed : bool
        Whether images are to be opened.

    Raises
    ------
    InputError
        If there is no such column, it holds web addresses, a cell is blank, or a file is named
        twice.
    """
    chosen, problems = _choose(frame, named, where, needed=needed)
    if chosen is None:
        return frame.assign(file=list(rows)), problems
    frame = frame.drop(columns="file").rename(columns={chosen: "file"}) if (
        chosen != "file" and "file" in frame
    ) else frame.rename(columns={chosen: "file"})  # fmt: skip
    blank = [rows[place] for place, value in enumerate(frame["file"]) if value is None]
    if blank:
        raise InputError("rows without a file name.", where=where, ids=blank)
    # Windows paths name the same files.
    frame = frame.assign(file=[str(value).replace("\\", "/") for value in frame["file"]])
    repeated = frame["file"][frame["file"].duplicated()].unique()
    if len(repeated):
        raise InputError("files named in more than one row.", where=where, ids=list(repeated))
    return frame, problems


def _choose(
    frame: pd.DataFrame, named: Sequence[str], where: Path, *, needed: bool
) -> tuple[str | None, list[Problem]]:
    addresses = [name for name in named if _share(frame[name], ADDRESS) > MOSTLY]
    usable = [name for name in named if name not in addresses and frame[name].notna().any()]
    likely = [name for name in usable if _share(frame[name], IMAGE_NAME) > MOSTLY]
    if not usable:
        if not needed:
            return None, []
        raise _without_files(frame, addresses, where)
    chosen = (likely or usable)[0]
    others = [name for name in named if name != chosen]
    if not others:
        return chosen, []
    said = f"the column '{chosen}' names the image files, not {', '.join(others)}"
    return chosen, [Problem("file-column", "note", said)]


def _share(column: pd.Series, expression: re.Pattern[str]) -> float:
    known = [value for value in column if value is not None]
    return sum(expression.search(value) is not None for value in known) / max(1, len(known))


def _without_files(frame: pd.DataFrame, addresses: Sequence[str], where: Path) -> InputError:
    columns = ", ".join(map(str, frame.columns))
    if addresses:
        return InputError(
            f"the column '{addresses[0]}' holds web addresses, not files; columns: {columns}.",
            where=where,
            hint="Download the images and name each row's file in a column 'file'.",
        )
    hint = f"Name that column 'file' (also understood: {', '.join(FILE_WORDS[1:6])}, ...)."
    seeming = [name for name in frame.columns if _share(frame[name], IMAGE_NAME) > MOSTLY]
    if seeming:
        hint = f"If '{seeming[0]}' names the files, call it 'file'."
    return InputError(f"no column of image files; columns: {columns}.", where=where, hint=hint)
