"""Read trees from Newick or NEXUS files: the first, or all of them one by one."""

import io
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from skbio import TreeNode

from phylolens.errors import InputError, require_file
from phylolens.phylogeny.check import check_tree
from phylolens.phylogeny.tree_text import NotATree, TreeText, tree_texts


def read_tree(path: Path) -> TreeNode:
    """Read the first tree of a Newick or NEXUS file.

    Branch lengths keep the file's unit (time or expected substitutions).

    Raises
    ------
    InputError
        If the tree cannot be parsed, has fewer than three tips, repeated or nameless tips, or
        missing or negative branch lengths.
    """
    require_file(path, "Give an existing file to --tree.")
    with closing(_trees(path, numbered=False)) as trees:
        return next(trees)


def read_trees(path: Path) -> Iterator[TreeNode]:
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
    require_file(path, "Give an existing file of trees.")
    return _trees(path, numbered=True)


def _trees(path: Path, *, numbered: bool) -> Generator[TreeNode]:
    number = 0
    where: object = path
    with path.open(encoding="utf-8-sig") as handle:
        texts = tree_texts(handle)
        while True:
            number += 1
            where = f"{path}, tree {number}" if numbered else path
            try:
                text = next(texts, None)
                root = None if text is None else _parsed(text)
            except UnicodeDecodeError as error:
                raise InputError("the file is not UTF-8 text.", where=path) from error
            except NotATree as error:
                raise InputError(
                    f"not a Newick or NEXUS tree: {error}.",
                    where=where,
                    hint="A distance matrix goes to --distances." if number == 1 else "",
                ) from error
            if root is None:
                break
            check_tree(root, where)
            yield root
    if number == 1:
        raise InputError("the file is empty.", where=path)


def _parsed(text: TreeText) -> TreeNode:
    try:
        root = TreeNode.read(
            io.StringIO(text.newick),
            format="newick",
            verify=False,  # its sniffer would say less than the parser about what is wrong
            convert_underscores=False,
        )
    except Exception as error:  # the parser raises many kinds; all mean the same to the user
        raise NotATree(str(error).rstrip(".")) from error
    if text.names:
        for tip in root.tips():
            tip.name = text.names.get(tip.name, tip.name)
    return root
