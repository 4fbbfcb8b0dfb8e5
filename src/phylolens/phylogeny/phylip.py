"""PHYLIP matrices: square or a triangle, rows wrapped or not, names with or without blanks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from phylolens.errors import InputError

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
