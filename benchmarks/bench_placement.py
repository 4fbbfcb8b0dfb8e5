"""Placement by Brownian motion: 10,000 unknowns on trees of 1,000 and 10,000 tips.

Likelihoods, probabilities of branches, and expected distances to every tip, after fitting; the
ratio says how time grows with the tree::

    python benchmarks/bench_placement.py
"""

import time

import numpy as np

from phylolens.placement.branches import Branches
from phylolens.placement.brownian import Motion
from phylolens.placement.points import Points
from phylolens.simulation import birth_death_tree

UNKNOWNS, AXES = 10_000, 120
AT_ONCE = 2**24  # numbers of a block


def seconds(n: int) -> float:
    """Place unknowns on a tree of n tips."""
    rng = np.random.default_rng(0)
    named = birth_death_tree(n, clades=(2, 4, 10, 24), extinction=0.2, rng=rng)
    tree = Branches.of(named.tree)
    means = rng.normal(size=(n, AXES))
    motion = Motion(tree, means, np.full((n, AXES), 0.01), np.ones(AXES), np.full(AXES, 0.6))
    points = Points(tree, tree.height)
    unknowns = rng.normal(size=(UNKNOWNS, AXES))
    started = time.perf_counter()
    densities = motion.densities(points, np.full(AXES, 0.05))
    prior = points.log_prior.astype(np.float32)
    size = max(1, AT_ONCE // len(points.branch))
    for start in range(0, UNKNOWNS, size):
        logs = densities.log(unknowns[start : start + size]) + prior
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        points.expected_distances(shares).argmin(axis=1)
    return time.perf_counter() - started


def main() -> None:
    """Print seconds and their ratio."""
    small, large = seconds(1_000), seconds(10_000)
    print(f"{UNKNOWNS:,} unknowns on 1,000 tips: {small:.1f} s ({UNKNOWNS / small:,.0f} a second)")
    print(f"{UNKNOWNS:,} unknowns on 10,000 tips: {large:.1f} s; ratio {large / small:.1f}")


if __name__ == "__main__":
    main()
