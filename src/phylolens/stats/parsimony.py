"""How often does a state change along a tree? Fewest changes, by parsimony.

Fitch (1971, Syst. Zool. 20:406); for nodes of more than two branches Hartigan (1973, Biometrics
29:53). A state that sits on the tree in one piece each has one change fewer than states.
"""

import numpy as np
import pandas as pd
from skbio import TreeNode


def fewest_changes(
    tree: TreeNode, states: pd.Series, orders: np.ndarray | None = None
) -> np.ndarray:
    """Count the fewest changes that give the tips their states.

    Parameters
    ----------
    tree : TreeNode
        Tips without a state may have any.
    states : Series of str, shape (n,)
        Indexed by tip.
    orders : int array, shape (m, n), optional
        Orders of the states to try; as they are by default.

    Returns
    -------
    int array, shape (m,)

    Examples
    --------
    >>> tree = TreeNode.read(["((a,b),(c,d));"])
    >>> fewest_changes(tree, pd.Series({"a": "x", "b": "x", "c": "y", "d": "y"}))
    array([1])
    """
    codes, names = pd.factorize(states, sort=True)
    tried = np.arange(len(states))[None] if orders is None else orders
    place = {str(tip): row for row, tip in enumerate(states.index)}
    free = np.ones((len(tried), len(names)), dtype=bool)
    changes = np.zeros(len(tried), dtype=int)
    possible: dict[int, np.ndarray] = {}
    for node in tree.postorder(include_self=True):
        if node.is_tip():
            row = place.get(str(node.name))
            own = free if row is None else np.eye(len(names), dtype=bool)[codes[tried[:, row]]]
            possible[id(node)] = own
            continue
        below = [possible.pop(id(child)) for child in node.children]
        votes = np.sum(below, axis=0, dtype=int)
        most = votes.max(axis=1, keepdims=True)
        changes += len(below) - most[:, 0]
        possible[id(node)] = votes == most
    return changes
