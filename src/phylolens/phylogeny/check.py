"""What a tree or a matrix must be to give genetic distances."""

from collections.abc import Sequence

import numpy as np
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny.names import require_unique

ROUNDING = 1e-9  # of the length of the whole tree
ASYMMETRY = 1e-6  # relative to the largest distance: written matrices are rounded


def check_tree(root: TreeNode, where: object) -> None:
    """Raise :class:`InputError` unless distances between named tips can be had from ``root``.

    At least three tips, each with a name of its own, and branch lengths that are all given, finite,
    not negative and not all zero. Names of inner nodes (support values) are not looked at; the
    root's own length neither.
    """
    tips = list(root.tips())
    nameless = sum(tip.name is None or not str(tip.name).strip() for tip in tips)
    if nameless:
        raise InputError(f"{nameless} tips have no name.", where=where)
    if len(tips) < 3:
        raise InputError(f"a tree needs at least three tips; got {len(tips)}.", where=where)
    require_unique([tip.name for tip in tips], where, "tips")
    nodes = [node for node in root.traverse() if node is not root]
    bare = [node for node in nodes if node.length is None]
    if len(bare) == len(nodes):
        raise InputError(
            "the tree has no branch lengths.",
            where=where,
            hint="Genetic distance needs them: use a dated or substitution tree.",
        )
    named = [node.name or "an inner node" for node in bare]
    if bare:
        raise InputError(
            "branches without a length.", where=where, ids=named, hint="Every branch needs one."
        )
    endless = [node.name or "an inner node" for node in nodes if not np.isfinite(node.length)]
    if endless:
        raise InputError("branches whose length is not finite.", where=where, ids=endless)
    negative = [node.name or "an inner node" for node in nodes if node.length < 0]
    if negative:
        raise InputError(
            "branches of negative length.",
            where=where,
            ids=negative,
            hint="Neighbour joining gives such; set them to zero, or use another tree.",
        )
    if not any(node.length > 0 for node in nodes):
        raise InputError("all branch lengths are zero.", where=where)


def without_rounding(root: TreeNode) -> int:
    """Set lengths that are negative by rounding alone to zero, in place; return how many."""
    lengths = [node.length for node in root.traverse() if node is not root]
    known = [length for length in lengths if length is not None and np.isfinite(length)]
    height = sum(length for length in known if length > 0)
    found = [
        node
        for node in root.traverse()
        if node is not root and node.length is not None and -ROUNDING * height <= node.length < 0
    ]
    for node in found:
        node.length = 0.0
    return len(found)


def check_matrix(values: np.ndarray, names: Sequence[str], where: object) -> None:
    """Raise :class:`InputError` unless ``values`` (n, n) are distances between three or more."""

    def stop(wrong: np.ndarray, problem: str, hint: str = "") -> None:
        rows = np.flatnonzero(wrong.any(axis=1) if wrong.ndim == 2 else wrong)
        if len(rows):
            raise InputError(problem, where=where, ids=[names[int(row)] for row in rows], hint=hint)

    if len(names) < 3:
        raise InputError(f"a matrix needs at least three taxa; got {len(names)}.", where=where)
    stop(~np.isfinite(values), "missing or infinite distances.", "Remove these taxa or fill them.")
    stop(values < 0, "negative distances.", "Set them to zero if they are rounding errors.")
    scale = float(values.max()) or 1.0
    hint = "Distances are wanted, not similarities."
    both = "The distance from one taxon to another must be the same in both directions."
    stop(np.abs(np.diag(values)) > ASYMMETRY * scale, "the diagonal is not zero.", hint)
    stop(np.abs(values - values.T) > ASYMMETRY * scale, "the matrix is not symmetric.", both)
    if not values.any():
        raise InputError("all distances are zero.", where=where)
