"""Read a phylogeny, of either kind; distance matrices in the layouts people have.

A matrix is read with its names: square, as a triangle, with R's missing corner, as PHYLIP (also
wrapped, strict or triangular), or as a list of pairs. Without names it is refused, or takes them
from a file of ids: rows are never compared by place in silence.
"""

from pathlib import Path
from typing import TypeAlias

from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError, Problem
from phylolens.phylogeny.check import check_matrix
from phylolens.phylogeny.matrix_text import named_matrix
from phylolens.phylogeny.names import require_unique
from phylolens.phylogeny.pair_list import is_pair_list, matrix_of_pairs
from phylolens.phylogeny.phylip import is_phylip, read_phylip
from phylolens.phylogeny.read_trees import read_tree
from phylolens.phylogeny.settle import settled
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
