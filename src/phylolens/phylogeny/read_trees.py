"""Read trees from Newick or NEXUS files: the only one, or all of them one by one."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from skbio import TreeNode

from phylolens.errors import InputError, Problem
from phylolens.phylogeny.check import check_tree, without_rounding
from phylolens.phylogeny.root import ROOTED
from phylolens.phylogeny.tree_text import NotATree, TreeText, parse_newick, tree_texts
from phylolens.reading.text import require_regular
from phylolens.specimens.names import key

_INNER_LABEL = re.compile(r"\)[^(),:;]*")


def read_tree(path: str | Path, notes: list[Problem] | None = None) -> TreeNode:
    """Read the tree of a Newick or NEXUS file.

    Branch lengths keep the file's unit (time or expected substitutions). Negative ones of the size
    of rounding become zero.

    Parameters
    ----------
    path : str or Path
        The file.
    notes : list of Problem, optional
        Receives what was decided in reading.

    Returns
    -------
    TreeNode
        Scikit-bio's, as it stands in the file.

    Raises
    ------
    InputError
        If the tree cannot be parsed, has fewer than three tips, repeated or nameless tips, or
        missing or negative branch lengths; if the file holds several different trees.

    Examples
    --------
    >>> from pathlib import Path
    >>> from phylolens import read_tree
    >>> _ = Path("tree.nwk").write_text("((Arca_noae:1,Arca_zebra:1):1,Venus_casina:2);")
    >>> sorted(tip.name for tip in read_tree("tree.nwk").tips())
    ['Arca_noae', 'Arca_zebra', 'Venus_casina']
    """
    path = Path(path)
    require_regular(path, "Give an existing file to --tree.")
    with closing(_texts(path, numbered=False)) as texts:
        first, where, _ = next(texts)
        root = _checked(first, where, notes, first=True)
        others = [_tree_alone(text) for text, _, _ in texts]
    if others:
        _require_same(_tree_alone(first), others, path, notes)
    return root


def read_trees(path: str | Path) -> Iterator[TreeNode]:
    """Read all trees of a file, such as a posterior sample, one at a time.

    Newick trees stand one after another; of NEXUS files the TREES blocks are read, with their
    TRANSLATE commands; comments such as ``[&rate=0.1]`` are skipped. Only the tree at hand is in
    memory.

    Returns
    -------
    iterator of TreeNode
        In the order of the file; each checked as :func:`read_tree` does.

    Raises
    ------
    InputError
        At once if there is no such file; while reading, at the first tree that cannot be used,
        with its number (from 1).
    """
    path = Path(path)
    require_regular(path, "Give an existing file of trees.")
    return _trees(path)


def _trees(path: Path) -> Generator[TreeNode]:
    with closing(_texts(path, numbered=True)) as texts:
        for text, where, first in texts:
            yield _checked(text, where, None, first=first)


def _texts(path: Path, *, numbered: bool) -> Generator[tuple[TreeText, object, bool]]:
    """Yield each tree of a file as text, what it is called, and whether it is the first."""
    number = 0
    where: object = path
    with path.open(encoding="utf-8-sig") as handle:
        texts = tree_texts(handle)
        while True:
            number += 1
            where = f"{path}, tree {number}" if numbered else path
            try:
                text = next(texts, None)
            except UnicodeDecodeError as error:
                raise InputError("the file is not UTF-8 text.", where=path) from error
            except NotATree as error:
                raise _no_tree(error, where, first=number == 1) from error
            if text is None:
                break
            yield text, where, number == 1
    if number == 1:
        raise InputError("the file is empty.", where=path)


def _no_tree(error: NotATree, where: object, *, first: bool) -> InputError:
    return InputError(
        f"not a Newick or NEXUS tree: {error}.",
        where=where,
        hint="A distance matrix goes to --distances." if first else "",
    )


def _checked(
    text: TreeText, where: object, notes: list[Problem] | None, *, first: bool
) -> TreeNode:
    try:
        root = parse_newick(text.newick)
        _name_tips(root, text)
    except NotATree as error:
        raise _no_tree(error, where, first=first) from error
    n = without_rounding(root)
    if n and notes is not None:
        said = f"branch lengths of {where} negative by rounding alone, set to zero: {n}"
        notes.append(Problem("rounded-lengths", "note", said))
    check_tree(root, where)
    setattr(root, ROOTED, text.rooted)
    return root


def _name_tips(root: TreeNode, text: TreeText) -> None:
    """Give tips the names that numbers stand for, and hold them against TAXLABELS."""
    if text.names:
        for tip in root.tips():
            tip.name = text.names.get(tip.name, tip.name)
    if text.labels:
        known = set(map(key, text.labels))
        foreign = [str(tip.name) for tip in root.tips() if key(tip.name) not in known]
        if foreign:
            raise NotATree(
                f"{len(foreign)} tips are not among the TAXLABELS, such as {foreign[0]!r}; names "
                "with blanks or apostrophes need quotes"
            )


def _tree_alone(text: TreeText) -> str:
    """Return a tree without the labels of inner nodes, which are often support values."""
    return _INNER_LABEL.sub(")", text.newick)


def _require_same(first: str, others: list[str], path: Path, notes: list[Problem] | None) -> None:
    n = len(others) + 1
    if any(other != first for other in others):
        raise InputError(
            f"the file holds {n} different trees, and the first of a run is its random start; one "
            "tree is needed.",
            where=path,
            hint="Give a summary tree to --tree (maximum clade credibility or consensus, with "
            "branch lengths, as from TreeAnnotator or MrBayes' sumt), and this file to --trees for "
            "intervals over the sample.",
        )
    if notes is not None:
        said = f"the {n} trees of {path} are the same but for labels of inner nodes; one is used"
        notes.append(Problem("same-trees", "note", said))
