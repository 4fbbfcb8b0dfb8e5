"""Read a phylogeny, of either kind; distance matrices in the layouts people have.

A matrix is read with its names: square, as a triangle, with R's missing corner, as PHYLIP (also
wrapped, strict or triangular), or as a list of pairs. Without names it is refused, or takes them
from a file of ids: rows are never compared by place in silence.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError, Problem
from phylolens.phylogeny.check import check_matrix
from phylolens.phylogeny.matrix_text import named_matrix
from phylolens.phylogeny.names import require_unique
from phylolens.phylogeny.phylip import is_pair_list, is_phylip, matrix_of_pairs, read_phylip
from phylolens.phylogeny.read_trees import read_tree
from phylolens.reading.delimited import read_records
from phylolens.reading.text import read_text, require_regular

Phylogeny: TypeAlias = TreeNode | DistanceMatrix
OTHER_KINDS = {
    ".meg": "Export it from MEGA as CSV.",
    ".xlsx": "Save the sheet as 'CSV UTF-8'.",
    ".xls": "Save the sheet as 'CSV UTF-8'.",
    ".rds": "Write it from R with write.csv(as.matrix(d), 'd.csv').",
    ".npy": "Write it with its names, as pandas.DataFrame(d, ids, ids).to_csv('d.csv').",
    ".npz": "Write it with its names, as pandas.DataFrame(d, ids, ids).to_csv('d.csv').",
    ".parquet": "Write it as CSV, with names in the first row and column.",
    ".zip": "Unpack it first.",
    ".gz": "Unpack it first.",
}
ROUNDING = 1e-6  # of the largest value: written matrices are rounded
FLAT = 0.02  # of the diagonal: how far it may vary in a matrix of similarities


def read_phylogeny(
    *,
    tree: Path | None = None,
    distances: Path | None = None,
    ids: Path | None = None,
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
        return read_distances(distances, notes, ids=ids)
    raise InputError("no phylogeny given.", hint="Give --tree FILE or --distances FILE.")


def read_distances(
    path: str | Path, notes: list[Problem] | None = None, *, ids: str | Path | None = None
) -> DistanceMatrix:
    r"""Read a matrix of distances between named taxa.

    CSV, tab-separated (lsmat), blank-separated or PHYLIP; square or a triangle; or one pair a row.
    Columns are matched to rows by name, in any order. Similarities (a constant largest diagonal)
    are turned into distances.

    Parameters
    ----------
    path : str or Path
        The file.
    notes : list of Problem, optional
        Receives what was decided in reading.
    ids : str or Path, optional
        A file with one name a line, in the order of the rows: for a matrix without names.

    Returns
    -------
    DistanceMatrix
        Scikit-bio's, in the order of the rows.

    Raises
    ------
    InputError
        If it has no names, is not square, names differ between rows and columns or repeat, or
        values are missing, negative, asymmetric, or neither distances nor similarities.

    Examples
    --------
    >>> from pathlib import Path
    >>> from phylolens import read_distances
    >>> _ = Path("distances.csv").write_text(",a,b,c\na,0,1,3\nb,1,0,2\nc,3,2,0\n")
    >>> distances = read_distances("distances.csv")
    >>> distances.ids, float(distances["a", "c"])
    (('a', 'b', 'c'), 3.0)
    """
    path = Path(path)
    require_regular(path, "Give an existing file to --distances.")
    if hint := OTHER_KINDS.get(path.suffix.lower()):
        raise InputError(
            f"matrices are read as CSV, TSV or PHYLIP text; got '{path.suffix}'.",
            where=path,
            hint=hint,
        )
    text = read_text(path, "Give an existing file to --distances.").lstrip("\n")
    _refuse_other_texts(text, path)
    said: list[str] = []
    given = None if ids is None else read_ids(Path(ids))
    if is_phylip(text):
        names, values = read_phylip(text, path)
    else:
        found = read_records(text, path)
        if is_pair_list(found):
            names, values = matrix_of_pairs(found, path, said)
        else:
            names, values = named_matrix(found, given, path, said)
        said = [*found.notes, *said]
    require_unique(names, path, "rows")
    values = settled(values, names, path, said)
    check_matrix(values, names, path)
    if notes is not None:
        notes += [Problem("matrix", "note", f"{path.name}: {one}") for one in said]
    return DistanceMatrix(values, names)


def read_ids(path: Path) -> list[str]:
    """Read one name a line."""
    text = read_text(path, "Give an existing file to --ids.")
    return [line.strip().strip('"') for line in text.split("\n") if line.strip()]


def _refuse_other_texts(text: str, path: Path) -> None:
    start = text.lstrip()
    if start.startswith("(") or start[:6].upper() == "#NEXUS":
        raise InputError(
            "this is a tree, not a matrix.",
            where=path,
            hint="Give it to --tree; a DISTANCES block is to be exported as CSV.",
        )
    if start[:5].upper() == "#MEGA":
        raise InputError("a MEGA file is not read.", where=path, hint="Export it as CSV.")


def settled(values: np.ndarray, names: Sequence[str], path: Path, said: list[str]) -> np.ndarray:
    """Return exactly symmetric distances with a diagonal of zero.

    A constant diagonal that no other value exceeds is one of similarities, which become distances:
    the diagonal less the similarity. Negative distances and asymmetry of the size of rounding are
    smoothed.

    Parameters
    ----------
    values : array of float, shape (n, n)
    names : sequence of str
    path : Path
        For messages.
    said : list of str
        Receives what was changed.

    Raises
    ------
    InputError
        If a value is missing or infinite, a distance negative, the matrix asymmetric, or the
        diagonal neither zero nor constant.
    """
    _require_finite(values, names, path)
    scale = float(np.abs(values).max()) or 1.0
    asymmetry = np.abs(values - values.T)
    if asymmetry.max() > ROUNDING * scale:
        far = np.flatnonzero((asymmetry > ROUNDING * scale).any(axis=1))
        i, j = map(int, np.unravel_index(int(asymmetry.argmax()), asymmetry.shape))
        raise InputError(
            f"the matrix is not symmetric: {names[i]} to {names[j]} is {values[i, j]:g}, "
            f"{names[j]} to {names[i]} is {values[j, i]:g}.",
            where=path,
            ids=[names[int(row)] for row in far],
            hint="The distance from one taxon to another must be the same in both directions.",
        )
    values = (values + values.T) / 2
    values = _of_similarities(values, path, said, scale)
    negative = values < 0
    if (values < -ROUNDING * scale).any():
        wrong = np.flatnonzero((values < -ROUNDING * scale).any(axis=1))
        raise InputError(
            f"negative distances, down to {values.min():g}.",
            where=path,
            ids=[names[int(row)] for row in wrong],
            hint="Set them to zero if they are rounding errors.",
        )
    if negative.any():
        said.append(f"{int(negative.sum()) // 2} negative values of rounding size became zero")
    values = np.where(negative, 0.0, values)
    np.fill_diagonal(values, 0.0)
    return values


def _of_similarities(values: np.ndarray, path: Path, said: list[str], scale: float) -> np.ndarray:
    own = np.diag(values)
    if np.abs(own).max() <= ROUNDING * scale:
        return values
    top = float(own.mean())
    outside = values[~np.eye(len(values), dtype=bool)]
    flat = np.ptp(own) <= FLAT * abs(top)
    if not flat or top <= 0 or outside.max(initial=-np.inf) > top * (1 + FLAT):
        raise InputError(
            f"the diagonal runs from {own.min():g} to {own.max():g}: it is neither zero, as of "
            "distances, nor the largest value throughout, as of similarities.",
            where=path,
            hint="Give distances; a covariance is to be turned into distances first.",
        )
    shown = f"{round(top, 6):g}"
    said.append(
        f"the diagonal is {shown}, so these are similarities; they became distances, {shown} less "
        "the similarity"
    )
    found = top - values
    np.fill_diagonal(found, 0.0)
    return np.where(np.abs(found) <= FLAT * top, np.maximum(found, 0.0), found)


def _require_finite(values: np.ndarray, names: Sequence[str], path: Path) -> None:
    wrong = ~np.isfinite(values)
    if not wrong.any():
        return
    both = np.argwhere(wrong | wrong.T).tolist()
    pairs = [f"{names[i]} and {names[j]}" for i, j in both if i < j]
    taxa = [names[int(row)] for row in np.flatnonzero(wrong.any(axis=1))]
    shown = f" Pairs: {', '.join(pairs[:3])}." if pairs else ""
    raise InputError(
        f"missing or infinite distances.{shown}",
        where=path,
        ids=taxa,
        hint="Remove these taxa or fill them.",
    )
