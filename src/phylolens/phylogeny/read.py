"""Read a phylogeny, of either kind; distance matrices in CSV, lsmat or PHYLIP."""

import csv
import io
from pathlib import Path
from typing import TypeAlias

import numpy as np
from skbio import DistanceMatrix, TreeNode

from phylolens.cells import unescaped
from phylolens.errors import InputError, Problem, require_file
from phylolens.phylogeny.check import check_matrix
from phylolens.phylogeny.names import require_unique
from phylolens.phylogeny.read_trees import read_tree

Phylogeny: TypeAlias = TreeNode | DistanceMatrix


def read_phylogeny(
    *,
    tree: Path | None = None,
    distances: Path | None = None,
    notes: list[Problem] | None = None,
) -> Phylogeny:
    """Read whichever of the two was given; ``notes`` receives what was decided in reading.

    Raises
    ------
    InputError
        If both or neither are given, or the file cannot be used.
    """
    if tree is not None and distances is not None:
        raise InputError("--tree and --distances exclude each other.", hint="Give one of them.")
    if tree is not None:
        return read_tree(tree, notes)
    if distances is not None:
        return read_distances(distances)
    raise InputError("no phylogeny given.", hint="Give --tree FILE or --distances FILE.")


def _read_text(path: Path, option: str) -> str:
    require_file(path, f"Give an existing file to {option}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text.", where=path) from error
    if not text.strip():
        raise InputError("the file is empty.", where=path)
    return text


def read_distances(path: Path) -> DistanceMatrix:
    """Read a square matrix with names: CSV, tab-separated (lsmat) or PHYLIP (square or lower).

    Columns are matched to rows by name, in any order.

    Raises
    ------
    InputError
        If it is not square, names differ between rows and columns or repeat, or values are
        missing, negative, asymmetric, or not zero on the diagonal.
    """
    text = _read_text(path, "--distances").lstrip("\n")
    if text.lstrip().startswith("(") or text.lstrip()[:6].upper() == "#NEXUS":
        raise InputError("this is a tree, not a matrix.", where=path, hint="Give it to --tree.")
    if text.partition("\n")[0].strip().isdecimal():  # PHYLIP opens with the number of taxa alone
        names, values = _phylip(text, path)
    else:
        names, values = _square(text, path)
    check_matrix(values, names, path)
    np.fill_diagonal(values, 0.0)  # checked to be zero but for rounding
    return DistanceMatrix((values + values.T) / 2, names)


def _square(text: str, path: Path) -> tuple[list[str], np.ndarray]:
    first = text.partition("\n")[0]
    separator = max("\t,;", key=first.count)
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    rows = [[unescaped(cell) for cell in row] for row in lines if any(row)]
    header, body = [name.strip() for name in rows[0][1:]], rows[1:]
    names = [row[0].strip() for row in body]
    ragged = [row[0] for row in body if len(row) != len(header) + 1]
    if not header or ragged:
        raise InputError(
            f"not a square matrix: the header names {len(header)} taxa, but rows differ in length.",
            where=path,
            ids=ragged,
            hint="First row and first column hold the names. A tree goes to --tree.",
        )
    require_unique(names, path, "rows")
    require_unique(header, path, "columns")
    if set(names) != set(header):
        raise InputError(
            f"row and column names differ ({len(names)} rows, {len(header)} columns).",
            where=path,
            ids=sorted(set(names) ^ set(header)),
        )
    values = _numbers([row[1:] for row in body], names, path)
    order = [header.index(name) for name in names]
    return names, values[:, order]


def _phylip(text: str, path: Path) -> tuple[list[str], np.ndarray]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    n, rows = int(lines[0][0]), lines[1:]
    lower = all(len(row) == place + 1 for place, row in enumerate(rows))
    square = all(len(row) == n + 1 for row in rows)
    if len(rows) != n or not (lower or square):
        raise InputError(
            f"not a PHYLIP matrix of {n} taxa: {len(rows)} rows, neither square nor lower.",
            where=path,
        )
    names = [row[0] for row in rows]
    require_unique(names, path, "rows")
    if square:
        return names, _numbers([row[1:] for row in rows], names, path)
    half = _numbers([row[1:] + ["0"] * (n - place) for place, row in enumerate(rows)], names, path)
    return names, half + half.T


def _numbers(rows: list[list[str]], names: list[str], path: Path) -> np.ndarray:
    try:
        return np.array([[float(cell) for cell in row] for row in rows])
    except ValueError as error:

        def bad(row: list[str]) -> bool:
            try:
                [float(cell) for cell in row]
            except ValueError:
                return True
            return False

        wrong = [name for name, row in zip(names, rows, strict=True) if bad(row)]
        raise InputError(
            "cells that are no numbers.",
            where=path,
            ids=wrong,
            hint="Decimals need a point, not a comma; blanks are not allowed.",
        ) from error
