"""Distances listed pair by pair, as Mash, R's ``as.data.frame`` and many scripts write them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from phylolens.errors import InputError
from phylolens.reading.delimited import Records
from phylolens.reading.numbers import has_decimal_commas, to_number

FEWEST, MOST = 3, 12  # columns
SIMILARITY_WORDS = ("ani", "similarity", "identity", "pident")
SAME = 1e-6  # of the largest: both directions of a pair may differ by rounding
SHOWN = 5


def is_pair_list(found: Records) -> bool:
    """Whether each row holds two names and a number, in a table that is not square."""
    rows = found.rows
    width = len(rows[0])
    body = _body(rows)
    if not FEWEST <= width <= MOST or len(body) < 1 or any(len(row) != width for row in body):
        return False
    if any(_number(row[2]) is None for row in body) or not all(row[0] and row[1] for row in body):
        return False
    names = {row[0].strip() for row in body} | {row[1].strip() for row in body}
    if width == FEWEST and len(rows) == FEWEST + 1 and len(body) == FEWEST:
        return all(_number(row[1]) is None for row in body)  # else a square matrix of three
    second = {row[1].strip() for row in body}
    return all(_number(name) is None for name in second) or len(names) < len(body)


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
    headed = len(rows[0]) > 2 and _number(rows[0][2]) is None
    return rows[1:] if headed else rows


def _number(cell: str) -> float | None:
    for comma in (False, True):
        try:
            return to_number(cell, decimal_comma=comma)
        except ValueError:
            continue
    return None
