"""Read a phylogeny: Newick or NEXUS trees; CSV, lsmat or PHYLIP distance matrices."""

import csv
import io
import re
from pathlib import Path
from typing import TypeAlias

import numpy as np
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError, require_file
from phylolens.phylogeny.names import require_unique

Phylogeny: TypeAlias = TreeNode | DistanceMatrix
ASYMMETRY = 1e-6  # relative to the largest distance: written matrices are rounded


def read_phylogeny(*, tree: Path | None = None, distances: Path | None = None) -> Phylogeny:
    """Read whichever of the two was given.

    Raises
    ------
    InputError
        If both or neither are given, or the file cannot be used.
    """
    if tree is not None and distances is not None:
        raise InputError("--tree and --distances exclude each other.", hint="Give one of them.")
    if tree is not None:
        return read_tree(tree)
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


def read_tree(path: Path) -> TreeNode:
    """Read the first tree of a Newick or NEXUS file.

    Branch lengths keep the file's unit (time or expected substitutions).

    Raises
    ------
    InputError
        If the tree cannot be parsed, has fewer than three tips, repeated or nameless tips, or
        missing or negative branch lengths.
    """
    text = _read_text(path, "--tree")
    try:
        if text.lstrip()[:6].upper() == "#NEXUS":
            text = _newick_of_nexus(text)
        root = TreeNode.read(
            io.StringIO(_first_tree(text)),
            format="newick",
            verify=False,  # its sniffer would say less than the parser about what is wrong
            convert_underscores=False,
        )
    except Exception as error:  # parsers raise many kinds; all mean the same to the user
        raise InputError(
            f"not a Newick or NEXUS tree ({error}).",
            where=path,
            hint="A distance matrix goes to --distances.",
        ) from error
    _check_tree(root, path)
    return root


def _first_tree(text: str) -> str:
    """Cut after the first semicolon that stands outside quotes and comments."""
    tokens = re.finditer(r"'(?:[^']|'')*'|\[[^\]]*\]|;", text)
    end = next((token.end() for token in tokens if token.group() == ";"), len(text))
    return text[:end]


def _newick_of_nexus(text: str) -> str:
    import dendropy

    trees = dendropy.TreeList.get(data=text, schema="nexus", preserve_underscores=True)
    if not len(trees):
        raise ValueError("no TREES block")
    return str(trees[0].as_string(schema="newick", suppress_rooting=True))


def _check_tree(root: TreeNode, path: Path) -> None:
    tips = list(root.tips())
    nameless = sum(tip.name is None or not str(tip.name).strip() for tip in tips)
    if nameless:
        raise InputError(f"{nameless} tips have no name.", where=path)
    if len(tips) < 3:
        raise InputError(f"a tree needs at least three tips; got {len(tips)}.", where=path)
    require_unique([tip.name for tip in tips], path, "tips")
    nodes = [node for node in root.traverse() if node is not root]
    bare = [node for node in nodes if node.length is None]
    if len(bare) == len(nodes):
        raise InputError(
            "the tree has no branch lengths.",
            where=path,
            hint="Genetic distance needs them: use a dated or substitution tree.",
        )
    named = [node.name or "an inner node" for node in bare]
    if bare:
        raise InputError(
            "branches without a length.", where=path, ids=named, hint="Every branch needs one."
        )
    endless = [node.name or "an inner node" for node in nodes if not np.isfinite(node.length)]
    if endless:
        raise InputError("branches whose length is not finite.", where=path, ids=endless)
    negative = [node.name or "an inner node" for node in nodes if node.length < 0]
    if negative:
        raise InputError(
            "branches of negative length.",
            where=path,
            ids=negative,
            hint="Neighbour joining gives such; set them to zero, or use another tree.",
        )
    if not any(node.length > 0 for node in nodes):
        raise InputError("all branch lengths are zero.", where=path)


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
    _check_matrix(values, names, path)
    np.fill_diagonal(values, 0.0)  # checked to be zero but for rounding
    return DistanceMatrix((values + values.T) / 2, names)


def _square(text: str, path: Path) -> tuple[list[str], np.ndarray]:
    first = text.partition("\n")[0]
    separator = max("\t,;", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
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


def _check_matrix(values: np.ndarray, names: list[str], path: Path) -> None:
    def stop(wrong: np.ndarray, problem: str, hint: str = "") -> None:
        rows = np.flatnonzero(wrong.any(axis=1) if wrong.ndim == 2 else wrong)
        if len(rows):
            raise InputError(problem, where=path, ids=[names[row] for row in rows], hint=hint)

    if len(names) < 3:
        raise InputError(f"a matrix needs at least three taxa; got {len(names)}.", where=path)
    stop(~np.isfinite(values), "missing or infinite distances.", "Remove these taxa or fill them.")
    stop(values < 0, "negative distances.", "Set them to zero if they are rounding errors.")
    scale = float(values.max()) or 1.0
    hint = "Distances are wanted, not similarities."
    both = "The distance from one taxon to another must be the same in both directions."
    stop(np.abs(np.diag(values)) > ASYMMETRY * scale, "the diagonal is not zero.", hint)
    stop(np.abs(values - values.T) > ASYMMETRY * scale, "the matrix is not symmetric.", both)
    if not values.any():
        raise InputError("all distances are zero.", where=path)
