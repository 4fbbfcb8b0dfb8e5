"""PHYLIP matrices (square or a triangle, rows wrapped or not), and distances pair by pair."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from phylolens.errors import InputError
from phylolens.reading.cells import has_decimal_commas, to_number
from phylolens.reading.delimited import Records

STRICT = 10  # characters of a name in the strict format
MOST_TAXA = 100_000
Layout = Callable[[int, int], int]  # values in a row, of its place and the number of taxa
LAYOUTS: dict[str, Layout] = {
    "square": lambda i, n: n,
    "lower": lambda i, n: i,
    "lower with diagonal": lambda i, n: i + 1,
    "upper": lambda i, n: n - 1 - i,
    "upper with diagonal": lambda i, n: n - i,
}
NAMES = ("word", "strict", "blanks")
FEWEST, MOST = 3, 12  # columns
SIMILARITY_WORDS = ("ani", "similarity", "identity", "pident")
SAME = 1e-6  # of the largest: both directions of a pair may differ by rounding
SHOWN = 5


def is_phylip(text: str) -> bool:
    """Whether a text opens as PHYLIP does, with the number of taxa alone."""
    words = text.partition("\n")[0].split()
    return len(words) == 1 and words[0].isascii() and words[0].isdecimal() and len(words[0]) < 9


def read_phylip(text: str, path: Path) -> tuple[list[str], np.ndarray]:
    """Read a PHYLIP matrix.

    Each way of writing is tried in turn; the one that uses up all lines is right. A name is one
    word, or the first ten characters (the strict format), or all words before the numbers.

    Raises
    ------
    InputError
        If the text fits none of them.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    n = int(lines[0])
    if not 0 < n <= MOST_TAXA:
        raise InputError(f"a matrix of {n} taxa is not read.", where=path)
    for kind in NAMES:
        for name, layout in LAYOUTS.items():
            found = _parsed(lines[1:], n, layout, kind)
            if found is not None:
                return _whole(*found, name)
    raise InputError(
        f"not a PHYLIP matrix of {n} taxa: {len(lines) - 1} lines that are neither square nor a "
        "triangle.",
        where=path,
        ids=_odd_names(lines[1:]),
        hint="Each row holds a name and its numbers; the first line holds the number of taxa of "
        "the one matrix in the file.",
    )


def _parsed(
    lines: list[str], n: int, layout: Layout, kind: str
) -> tuple[list[str], list[list[float]]] | None:
    names, rows = [], []
    rest = iter(lines)
    for place in range(n):
        line = next(rest, None)
        if line is None:
            return None
        wanted = layout(place, n)
        divided = _divided(line, kind, wanted, square=layout is LAYOUTS["square"])
        if divided is None:
            return None
        name, values = divided
        more = _continued(rest, values, wanted)
        if more is None:
            return None
        names.append(name)
        rows.append(more)
    return None if next(rest, None) is not None else (names, rows)


def _divided(line: str, kind: str, wanted: int, *, square: bool) -> tuple[str, list[float]] | None:
    if kind == "strict":
        name, rest = line[:STRICT].strip(), line[STRICT:].split()
    elif kind == "word":
        words = line.split()
        name, rest = words[0], words[1:]
    else:
        words = line.split()
        start = len(words)
        while start > 1 and len(words) - start < wanted and _number(words[start - 1]) is not None:
            start -= 1
        name, rest = " ".join(words[:start]), words[start:]
    values = [_number(word) for word in rest]
    # A number within a name may be a value: only rows that are all of one length tell.
    numbers = any(_number(word) is not None for word in name.split()[1:])
    if numbers and not (kind == "strict" and square):
        return None
    if not name or len(values) > wanted or None in values:
        return None
    return name, [value for value in values if value is not None]


def _continued(rest: Iterator[str], values: list[float], wanted: int) -> list[float] | None:
    """Take further lines until a row has its values."""
    while len(values) < wanted:
        line = next(rest, None)
        more = None if line is None else [_number(word) for word in line.split()]
        if more is None or None in more or len(values) + len(more) > wanted:
            return None
        values = values + [value for value in more if value is not None]
    return values


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _whole(names: list[str], rows: list[list[float]], layout: str) -> tuple[list[str], np.ndarray]:
    n = len(names)
    values = np.zeros((n, n))
    for place, row in enumerate(rows):
        start = 0
        if layout.startswith("upper"):
            start = place + (layout == "upper")
        values[place, start : start + len(row)] = row
    if layout != "square":
        values = values + values.T - np.diag(np.diag(values))
    return names, values


def _odd_names(lines: list[str]) -> list[str]:
    """Name rows that hold something else than one name and numbers."""
    return [
        line.split()[0] for line in lines if any(_number(word) is None for word in line.split()[1:])
    ]


def is_pair_list(found: Records) -> bool:
    """Whether each row holds two names and a number, in a table that is not square."""
    rows = found.rows
    width = len(rows[0])
    body = _body(rows)
    if not FEWEST <= width <= MOST or len(body) < 1 or any(len(row) != width for row in body):
        return False
    if any(_as_number(row[2]) is None or not (row[0] and row[1]) for row in body):
        return False
    names = {row[0].strip() for row in body} | {row[1].strip() for row in body}
    if width == FEWEST and len(rows) == FEWEST + 1 and len(body) == FEWEST:
        return all(_as_number(row[1]) is None for row in body)  # else a square matrix of three
    second = {row[1].strip() for row in body}
    return all(_as_number(name) is None for name in second) or len(names) < len(body)


def matrix_of_pairs(found: Records, path: Path, said: list[str]) -> tuple[list[str], np.ndarray]:
    """Return the names, sorted, and the values; the diagonal is zero where it is not listed.

    Raises
    ------
    InputError
        If a pair is missing, or listed twice with different values, or the third column holds
        similarities by its name.
    """
    body = _body(found.rows)
    header = found.rows[0] if len(body) < len(found.rows) else []
    if len(header) > 2 and any(word in header[2].lower() for word in SIMILARITY_WORDS):
        raise InputError(
            f"the third column, '{header[2]}', holds similarities.",
            where=path,
            hint="Turn them into distances, such as 100 minus a percentage.",
        )
    comma = has_decimal_commas((row[2] for row in body), found.separator, path)
    names = sorted({cell.strip() for row in body for cell in row[:2]})
    place = {name: number for number, name in enumerate(names)}
    values = np.full((len(names), len(names)), np.nan)
    differing = []
    for row in body:
        i, j = place[row[0].strip()], place[row[1].strip()]
        value = _value(row[2], path, comma=comma)
        known = values[i, j]
        if not np.isnan(known) and abs(known - value) > SAME * max(abs(known), abs(value)):
            differing.append(" and ".join(sorted((names[i], names[j]))))
        values[i, j] = values[j, i] = value
    _require_pairs(differing, "pairs listed twice with different values.", path)
    np.fill_diagonal(values, np.nan_to_num(np.diag(values), nan=0.0))
    missing = [
        f"{names[i]} and {names[j]}"
        for i, j in zip(*np.where(np.isnan(values)), strict=True)
        if i < j
    ]
    _require_pairs(missing, "pairs that are not listed.", path)
    said.append(f"read as a list of {len(body)} pairs of {len(names)} taxa")
    return names, values


def _value(cell: str, path: Path, *, comma: bool) -> float:
    try:
        return to_number(cell, decimal_comma=comma)
    except ValueError as error:
        raise InputError(f"'{cell}' is no number.", where=path) from error


def _require_pairs(pairs: Sequence[str], problem: str, path: Path) -> None:
    if pairs:
        raise InputError(
            problem, where=path, ids=pairs, hint="A distance is needed for every pair of taxa."
        )


def _body(rows: list[list[str]]) -> list[list[str]]:
    """Rows without the header, if there is one."""
    headed = len(rows[0]) > 2 and _as_number(rows[0][2]) is None
    return rows[1:] if headed else rows


def _as_number(cell: str) -> float | None:
    for comma in (False, True):
        try:
            return to_number(cell, decimal_comma=comma)
        except ValueError:
            continue
    return None
