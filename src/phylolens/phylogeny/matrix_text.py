"""A matrix written as a table: square or a triangle, with names, or with its names missing."""

from pathlib import Path

import numpy as np

from phylolens.errors import InputError
from phylolens.phylogeny.names import require_unique
from phylolens.reading.cells import has_decimal_commas, to_number
from phylolens.reading.delimited import Records

BLANKS = ("", "NA", "na", "-", ".", "x", "X")
NO_NAMES = (
    "Write the names into the first row and column, or give them in a file, one a line in the "
    "order of the rows, with --ids."
)
Cells = list[list[str]]


def named_matrix(
    found: Records, given: list[str] | None, path: Path, said: list[str]
) -> tuple[list[str], np.ndarray]:
    """Return the names and the values of a matrix; blanks are NaN.

    Parameters
    ----------
    found : Records
        Rows as written; of a triangle they may be of any length.
    given : list of str, optional
        Names in the order of the rows, for a matrix that has none.
    path : Path
        For messages.
    said : list of str
        Receives what was decided.

    Raises
    ------
    InputError
        If the names are missing or do not agree, or a cell is no number.
    """
    rows = _rows(found)
    comma = has_decimal_commas((cell for row in rows for cell in row), found.separator, path)
    if comma:
        said.append("numbers have decimal commas")

    def number(cell: str) -> bool:
        return _is_number(cell, comma)

    header, body = rows[0], rows[1:]
    if all(map(number, header)) and header[0] and len(rows) >= len(header):
        positions = len(rows) == len(header) + 1 and _are_positions(header)
        names, cells = _unnamed(body if positions else rows, given, path, said)
    elif body and len(body) == len(header) and all(number(row[0]) and row[0] for row in body):
        names, cells = _named_above(header, body, given, path, said)
    else:
        names, cells = _named(header, body, given, path, said)
    return names, _mirrored(_values(cells, names, path, comma=comma), names, path, said)


def _rows(found: Records) -> Cells:
    """Cells without space; a text without separators is divided at blanks."""
    if all(len(row) == 1 for row in found.rows):
        return [row[0].split() for row in found.rows]
    return [[cell.strip() for cell in row] for row in found.rows]


def _unnamed(
    rows: Cells, given: list[str] | None, path: Path, said: list[str]
) -> tuple[list[str], Cells]:
    if given is None:
        raise InputError(
            f"no names in the first row and column of these {len(rows)} rows of numbers.",
            where=path,
            hint=NO_NAMES,
        )
    if len(given) != len(rows):
        raise InputError(
            f"--ids holds {len(given)} names, but the matrix has {len(rows)} rows.", where=path
        )
    said.append(f"the matrix has no names; the {len(given)} of --ids were given to its rows")
    return given, rows


def _named_above(
    header: list[str], body: Cells, given: list[str] | None, path: Path, said: list[str]
) -> tuple[list[str], Cells]:
    """Names in the first row alone, as of pandas with ``index=False``."""
    if _are_default(header) or given is not None:
        return _unnamed(body, given, path, said)
    said.append("only the first row holds names; rows are taken to be in the same order")
    return header, body


def _named(
    header: list[str], body: Cells, given: list[str] | None, path: Path, said: list[str]
) -> tuple[list[str], Cells]:
    n = len(body)
    full = max((len(row) for row in body), default=0)
    # R's write.table leaves the corner out.
    columns = header if len(header) == n and full == n + 1 else header[1:]
    while columns and not columns[-1] and len(columns) > n:
        columns = columns[:-1]
    names = [row[0] if row else "" for row in body]
    cells = [row[1:] for row in body]
    too_long = [name for name, row in zip(names, cells, strict=True) if any(row[len(columns) :])]
    if not columns or too_long or len(columns) != n:
        odd = too_long or sorted(set(names) ^ set(columns))
        raise InputError(
            f"not a square matrix: the header names {len(columns)} taxa, and there are {n} rows.",
            where=path,
            ids=odd,
            hint="First row and first column hold the names. A tree goes to --tree.",
        )
    if _are_positions(names) and _are_default(columns):
        return _unnamed(cells, given, path, said)
    require_unique(names, path, "rows")
    require_unique(columns, path, "columns")
    if set(names) != set(columns):
        raise InputError(
            f"row and column names differ ({n} rows, {len(columns)} columns).",
            where=path,
            ids=sorted(set(names) ^ set(columns)),
        )
    place = {name: number for number, name in enumerate(columns)}
    order = [place[name] for name in names]
    padded = [row + [""] * (len(columns) - len(row)) for row in cells]
    return names, [[row[column] for column in order] for row in padded]


def _are_positions(names: list[str]) -> bool:
    """Whether names are but the numbers of the rows."""
    n = len(names)
    return names in ([str(k) for k in range(n)], [str(k) for k in range(1, n + 1)])


def _are_default(names: list[str]) -> bool:
    """Whether column names are those a program makes up: V1, V2 ... or X1, X2 ..."""
    for start in ("V", "X", "X.", "Var", "col", "Column"):
        if all(name.startswith(start) for name in names) and _are_positions(
            [name.removeprefix(start) for name in names]
        ):
            return True
    return False


def _is_number(cell: str, comma: bool) -> bool:
    try:
        to_number(cell, decimal_comma=comma)
    except ValueError:
        return cell in BLANKS
    return True


def _values(cells: Cells, names: list[str], path: Path, *, comma: bool) -> np.ndarray:
    n = len(names)
    values = np.full((n, n), np.nan)
    wrong = []
    for place, row in enumerate(cells):
        try:
            found = [
                np.nan if cell in BLANKS else to_number(cell, decimal_comma=comma)
                for cell in row[:n]
            ]
        except ValueError:
            wrong.append(names[place])
            continue
        values[place, : len(found)] = found
    if wrong:
        raise InputError(
            "cells that are no numbers.",
            where=path,
            ids=wrong,
            hint="Decimals need a point (or a comma where semicolons separate).",
        )
    return values


def _mirrored(values: np.ndarray, names: list[str], path: Path, said: list[str]) -> np.ndarray:
    """Complete a triangle; a diagonal that is blank throughout is zero."""
    n = len(names)
    lower, upper = np.tril_indices(n, -1), np.triu_indices(n, 1)
    known = ~np.isnan(values)
    for filled, blank, which in ((lower, upper, "lower"), (upper, lower, "upper")):
        if n > 1 and known[filled].all() and not known[blank].any():
            values = values.copy()
            values[blank] = values.T[blank]
            said.append(f"the {which} triangle is read; the other one is its mirror image")
            break
    if not np.diag(known).any():
        np.fill_diagonal(values, 0.0)
    return values
