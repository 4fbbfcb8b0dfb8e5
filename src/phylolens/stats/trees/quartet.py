"""Quartet distance: how often two trees group four tips differently."""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.stats import binomtest
from skbio import TreeNode

from phylolens.random import stream
from phylolens.stats.trees.splits import same_tips, splits

EXACT_UP_TO = 60  # tips; 487,635 quartets
SAMPLE = 100_000


@dataclass(frozen=True)
class QuartetDistance:
    """Share of quartets two trees group differently.

    Parameters
    ----------
    value : float
        In [0, 1].
    exact : bool
        Whether all quartets were looked at; otherwise a random sample.
    n_quartets : int
        Quartets looked at.
    interval : (float, float) or None
        95% interval of a sampled value (binomial, Clopper & Pearson); None when exact.
    """

    value: float
    exact: bool
    n_quartets: int
    interval: tuple[float, float] | None = None


def quartet_distance(
    first: TreeNode, second: TreeNode, *, sample: int = SAMPLE, seed: int = 0
) -> QuartetDistance:
    """Quartet distance of two unrooted trees (Estabrook, McMorris & Meacham 1985, Syst. Zool. 34).

    Four tips a, b, c, d are grouped ab|cd, ac|bd, ad|bc, or not at all where a polytomy holds
    them. The distance is the share of quartets that the trees group differently. A quartet that
    is unresolved in one tree only counts as different, one that is unresolved in both as the same.

    Parameters
    ----------
    first, second : TreeNode
        Trees on the same tips; roots are ignored, polytomies allowed.
    sample : int
        Quartets drawn (with replacement) where there are more than 60 tips.
    seed : int
        Seed of the sample.

    Raises
    ------
    InputError
        If the tips differ or are fewer than four.
    """
    n = len(same_tips(first, second))
    exact = n <= EXACT_UP_TO
    chosen = all_quartets(n) if exact else sampled_quartets(n, sample, seed)
    groups = [grouping(separation(splits(tree)), chosen) for tree in (first, second)]
    differ = int(np.count_nonzero(groups[0] != groups[1]))
    interval = None
    if not exact:
        low, high = binomtest(differ, len(chosen)).proportion_ci(0.95, method="exact")
        interval = (float(low), float(high))
    return QuartetDistance(differ / len(chosen), exact, len(chosen), interval)


def quartets_up_to(n: int, most: int, seed: int) -> np.ndarray:
    """All quartets of n tips, or ``most`` drawn at random where there are more."""
    return all_quartets(n) if comb(n, 4) <= most else sampled_quartets(n, most, seed)


def all_quartets(n: int) -> np.ndarray:
    """Return every four of n tips, shape (n choose 4, 4)."""
    flat = (tip for four in combinations(range(n), 4) for tip in four)
    return np.fromiter(flat, dtype=np.int64, count=4 * comb(n, 4)).reshape(-1, 4)


def sampled_quartets(n: int, count: int, seed: int) -> np.ndarray:
    """Draw fours of different tips, each with the same chance, with replacement."""
    rng = stream(seed, "stats.trees.quartets")
    # The k-th tip is drawn among those left: a number below n - k, raised past each tip drawn.
    drawn = np.empty((count, 4), dtype=np.int64)
    for place in range(4):
        tip = rng.integers(n - place, size=count)
        for taken in np.sort(drawn[:, :place], axis=1).T:
            tip += tip >= taken
        drawn[:, place] = tip
    return drawn


def separation(sides: np.ndarray) -> np.ndarray:
    """Count the splits between each two tips: path lengths without the tips' own branches.

    Parameters
    ----------
    sides : array of bool, shape (m, n)
        Splits.

    Returns
    -------
    array of int16, shape (n, n)
    """
    marked = sides.astype(np.float32)
    size = marked.sum(axis=0)
    return (size[:, None] + size - 2.0 * (marked.T @ marked)).astype(np.int16)


def grouping(apart: np.ndarray, quartets: np.ndarray) -> np.ndarray:
    """How a tree groups quartets, by the four-point condition (Buneman 1974).

    Of the three sums d(a, b) + d(c, d), d(a, c) + d(b, d), d(a, d) + d(b, c) two are equal and
    the third is smaller where the quartet is resolved, equal too where it is not.

    Parameters
    ----------
    apart : array of int16, shape (n, n)
        See :func:`separation`.
    quartets : array of int, shape (q, 4)

    Returns
    -------
    array of int8, shape (q,)
        1 for ab|cd, 2 for ac|bd, 3 for ad|bc, 0 for unresolved.
    """
    _, b, c, d = quartets.T
    flat, rows = apart.ravel(), quartets.T * apart.shape[0]

    def between(row: int, tip: np.ndarray) -> np.ndarray:
        return flat.take(rows[row] + tip)

    first = between(0, b) + between(2, d)
    second = between(0, c) + between(1, d)
    third = between(0, d) + between(1, c)
    found = (first < second).astype(np.int8)
    found[second < first] = 2
    found[third < np.minimum(first, second)] = 3
    return found
