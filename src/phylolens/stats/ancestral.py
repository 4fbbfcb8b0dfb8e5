"""Values at the inner nodes of a tree, from those at its tips, under Brownian motion."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve
from skbio import TreeNode

from phylolens.errors import InputError

# Share of the tree's longest branch that a branch without length is given: nodes without a branch
# between them then have the same value to as many digits.
SHORTEST = 1e-9


def ancestral_states(tree: TreeNode, tips: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Estimate the values of all nodes by maximum likelihood under Brownian motion.

    The estimates minimise the sum over branches of squared change / length (Maddison 1991, Syst.
    Zool. 40:304), which makes each inner node the mean of its neighbours weighted by 1 / length.
    They equal those of generalised least squares (Martins & Hansen 1997, Am. Nat. 149:646) and of
    ``fastAnc`` of the R package phytools.

    Parameters
    ----------
    tree : TreeNode
        Any number of children at a node; branch lengths of at least zero, missing ones zero.
    tips : sequence of str
        Names of the tips, each once, in the order of ``values``.
    values : array of float, shape (n,) or (n, k)
        Traits of the tips, estimated one by one.

    Returns
    -------
    array of float, shape (nodes,) or (nodes, k)
        In the order of ``tree.preorder()``: the root first; tips keep their values.

    Raises
    ------
    InputError
        If the names are not those of the tree's tips, a length is negative, or all are zero.
    """
    nodes = list(tree.preorder())
    row_of = {name: row for row, name in enumerate(tips)}
    found = [str(node.name) for node in nodes if node.is_tip()]
    if sorted(found) != sorted(tips) or len(row_of) != len(tips):
        raise InputError(
            "the tips of the tree are not the taxa.", ids=sorted(set(found) ^ set(tips))
        )
    is_tip = np.array([node.is_tip() for node in nodes])
    known = np.asarray(values, dtype=np.float64)[[row_of[name] for name in found]]
    laplacian = _laplacian(nodes)
    inner = np.flatnonzero(~is_tip)
    states = np.empty((len(nodes), *known.shape[1:]))
    states[is_tip] = known
    towards = -(laplacian[inner][:, np.flatnonzero(is_tip)] @ known)
    solved = spsolve(laplacian[inner][:, inner].tocsc(), towards)
    states[inner] = np.reshape(solved, (len(inner), *known.shape[1:]))
    return states


def _laplacian(nodes: Sequence[TreeNode]) -> csr_array:
    """Weighted Laplacian of a tree, weights 1 / length, shape (nodes, nodes)."""
    place = {id(node): row for row, node in enumerate(nodes)}
    child = np.arange(1, len(nodes))  # every node but the root has one branch above it
    parent = np.array([place[id(node.parent)] for node in nodes[1:]], dtype=int)
    lengths = np.array([node.length or 0.0 for node in nodes[1:]])
    if (lengths < 0).any():
        raise InputError("a branch of the tree has a negative length.")
    if not lengths.any():
        raise InputError("all branches of the tree have length zero.")
    weights = 1.0 / np.maximum(lengths, SHORTEST * lengths.max())
    rows = np.concatenate([child, parent, child, parent])
    columns = np.concatenate([parent, child, child, parent])
    entries = np.concatenate([-weights, -weights, weights, weights])
    return csr_array((entries, (rows, columns)), shape=(len(nodes), len(nodes)))
