"""One gate a kind: whatever holds distances, a tree or shared history, as the value used within.

Every public function takes a file, a table, an array or scikit-bio's own value, through these.
"""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError, some
from phylolens.phylogeny.check import check_matrix, check_tree
from phylolens.phylogeny.geometry import covariance
from phylolens.phylogeny.names import require_unique
from phylolens.phylogeny.rank import patristic
from phylolens.phylogeny.read import Phylogeny, read_distances
from phylolens.phylogeny.read_trees import read_tree
from phylolens.phylogeny.tree_text import NotATree, parse_newick

TREE_ENDINGS = (".nwk", ".newick", ".tre", ".tree", ".nex", ".nexus", ".trees", ".treefile")
KINDS = "a DistanceMatrix, a square DataFrame, an array with ids, or a file"


def as_distances(
    value: Any, ids: Sequence[str] | None = None, *, where: str = "distances"
) -> DistanceMatrix:
    """Take distances between named taxa, whatever holds them.

    Parameters
    ----------
    value : DistanceMatrix, DataFrame, array, str or Path
        A square DataFrame has the same names in rows and columns, in any order. An array of shape
        (n, n), or of the n (n - 1) / 2 pairs as scipy's ``pdist`` gives them, needs ``ids``.
    ids : sequence of str, optional
        Names of the rows of an array.
    where : str
        What the value is called in messages.

    Returns
    -------
    DistanceMatrix
        Scikit-bio's, between the taxa in the order given.

    Raises
    ------
    InputError
        If names are missing or repeated, or values are not those of distances.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens.phylogeny import as_distances
    >>> distances = as_distances(np.array([1.0, 2.0, 3.0]), ids=["a", "b", "c"])
    >>> float(distances["a", "c"])
    2.0
    """
    if isinstance(value, DistanceMatrix):
        return value
    if isinstance(value, str | Path):
        return read_distances(value)
    if isinstance(value, pd.DataFrame):
        rows, columns = [[str(name) for name in names] for names in (value.index, value.columns)]
        if sorted(rows) != sorted(columns):
            raise InputError(
                "a square table of distances has the same names in its rows and columns.",
                where=where,
                ids=sorted(set(rows) ^ set(columns)),
            )
        require_unique(rows, where, "rows")
        table = value.set_axis(rows, axis=0).set_axis(columns, axis=1).loc[rows, rows]
        return _checked(table.to_numpy(dtype=float), rows, where)
    if isinstance(value, np.ndarray):
        square = _square(value, where)
        return _checked(square, _names(ids, len(square), where), where)
    raise InputError(
        f"expected {KINDS}; got {type(value).__name__}.", where=where, hint="Give one of these."
    )


def as_tree(value: Any) -> TreeNode:
    """Take a tree with branch lengths: scikit-bio's, Newick text, or a file.

    Parameters
    ----------
    value : TreeNode, str or Path
        Text that begins with a parenthesis is Newick itself.

    Returns
    -------
    TreeNode
        Scikit-bio's.

    Raises
    ------
    InputError
        If there is no tree, or its tips or branch lengths cannot be used.

    Examples
    --------
    >>> from phylolens.phylogeny import as_tree
    >>> sorted(tip.name for tip in as_tree("((a:1,b:1):1,c:2);").tips())
    ['a', 'b', 'c']
    """
    if isinstance(value, TreeNode):
        check_tree(value, "tree")
        return value
    if isinstance(value, str) and value.lstrip().startswith("("):
        try:
            tree = parse_newick(value.strip())
        except NotATree as error:
            raise InputError(f"this is no Newick tree ({error}).", where="tree") from error
        check_tree(tree, "tree")
        return tree
    if isinstance(value, str | Path):
        return read_tree(value)
    raise InputError(
        f"expected a TreeNode, Newick text or a file; got {type(value).__name__}.", where="tree"
    )


def as_covariance(value: Any, taxa: Iterable[str]) -> pd.DataFrame:
    """Take the shared history of taxa under Brownian motion: of a tree, or as it is.

    Parameters
    ----------
    value : TreeNode, str, Path or DataFrame
        A tree (:func:`as_tree`) with the taxa among its tips, or a covariance.
    taxa : iterable of str
        The taxa wanted. Other tips of a tree are left out, with a warning that names them.

    Returns
    -------
    DataFrame, shape (n, n)
        In the unit of the branch lengths.

    Raises
    ------
    InputError
        If the tree lacks a taxon.

    Examples
    --------
    >>> from phylolens import as_covariance
    >>> as_covariance("((a:1,b:1):2,c:3);", ["a", "b", "c"]).to_numpy().tolist()
    [[3.0, 2.0, 0.0], [2.0, 3.0, 0.0], [0.0, 0.0, 3.0]]
    """
    if isinstance(value, pd.DataFrame):
        return value
    shared, wanted = covariance(as_tree(value)), [str(taxon) for taxon in taxa]
    _require_tips(shared.index, wanted)
    return shared.loc[wanted, wanted]


def as_phylogeny(value: Any) -> Phylogeny:
    """Take a tree or a matrix of distances, whichever the value is; a file may hold either."""
    return as_tree(value) if _is_tree(value) else as_distances(value, where="phylogeny")


def as_genetic(value: Any, taxa: Iterable[str]) -> DistanceMatrix:
    """Take genetic distances between taxa: a matrix, or path lengths in a tree.

    Parameters
    ----------
    value
        As for :func:`as_distances` or :func:`as_tree`; a file may hold either.
    taxa : iterable of str
        The taxa wanted. Others of a tree are left out, with a warning that names them.
    """
    if not _is_tree(value):
        return as_distances(value, where="genetic distances")
    distances, wanted = patristic(as_tree(value)), sorted({str(taxon) for taxon in taxa})
    _require_tips(distances.ids, wanted)
    return distances.filter(wanted)


def _is_tree(value: Any) -> bool:
    if isinstance(value, TreeNode):
        return True
    if not isinstance(value, str | Path):
        return False
    text = str(value).lstrip()
    return text.startswith("(") or Path(value).suffix.lower() in TREE_ENDINGS


def _require_tips(tips: Iterable[str], wanted: Sequence[str]) -> None:
    """Refuse taxa that a tree lacks; name its tips that are not compared."""
    missing, others = sorted(set(wanted) - set(tips)), sorted(set(tips) - set(wanted))
    if missing:
        raise InputError("taxa without a tip in the tree.", where="tree", ids=missing)
    if others:
        warnings.warn(
            f"tips of the tree that are not compared ({len(others)}): {some(others)}",
            stacklevel=4,
        )


def _square(values: np.ndarray, where: str) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.ndim == 1:
        n = round((1 + np.sqrt(1 + 8 * len(values))) / 2)
        if n * (n - 1) // 2 != len(values):
            raise InputError(
                f"{len(values)} values are not the pairs of any number of taxa.", where=where
            )
        full = np.zeros((n, n))
        full[np.triu_indices(n, k=1)] = values
        return full + full.T
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise InputError(f"expected a square array; got shape {values.shape}.", where=where)
    return values


def _names(ids: Sequence[str] | None, n: int, where: str) -> list[str]:
    if ids is None or len(ids) != n:
        got = "none" if ids is None else str(len(ids))
        raise InputError(f"an array of {n} taxa needs as many ids; got {got}.", where=where)
    names = [str(name) for name in ids]
    require_unique(names, where, "rows")
    return names


def _checked(values: np.ndarray, names: list[str], where: str) -> DistanceMatrix:
    check_matrix(values, names, where)
    return DistanceMatrix(values, names)
