"""Random trees: what agreement comes by chance alone."""

import numpy as np


def random_clades(n: int, count: int, seed: int) -> np.ndarray:
    """Draw rooted binary trees on n tips, every labelled topology with the same chance.

    Each tip in turn is set on a branch drawn evenly among all there are, one above the root
    included (the "proportional to distinguishable arrangements" model, Rosen 1978, Syst. Zool.
    27:159). Without their roots these trees are uniform over unrooted topologies: the population
    to which the measures' expected values in the literature refer. Yule trees are better balanced
    and so a little closer to each other; the shape of the tree at hand is held by permuting its
    tips, the other null.

    Parameters
    ----------
    n : int
        Tips, at least two.
    count : int
        Trees.
    seed : int
        Seed.

    Returns
    -------
    array of bool, shape (count, n - 1, n)
        Clades of two tips or more of each tree, its root among them.
    """
    rng = np.random.default_rng([seed, 2])
    member = np.zeros((count, 2 * n - 1, n), dtype=bool)
    size = np.zeros((count, 2 * n - 1), dtype=np.int32)
    member[:, 0, 0] = size[:, 0] = True
    tree = np.arange(count)
    for tip in range(1, n):
        nodes = 2 * tip - 1  # so far; each has one branch above it
        below = rng.integers(nodes, size=count)
        beneath = member[tree, below]
        one = beneath.argmax(axis=1)  # the clades that hold it and are larger lie above
        above = member[tree, :nodes, one] & (size[:, :nodes] > size[tree, below][:, None])
        member[:, nodes] = beneath
        member[:, :nodes, tip] = above
        member[:, nodes : nodes + 2, tip] = True
        size[:, nodes], size[:, nodes + 1] = size[tree, below] + 1, 1
        size[:, :nodes] += above
    inner = np.r_[1 : 2 * n - 1 : 2]  # every new tip makes one inner node, before itself
    return member[:, inner]
