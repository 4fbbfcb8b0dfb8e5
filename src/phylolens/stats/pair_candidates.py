"""Which pairs of taxa can be convergent, which divergent, and what is expected of them.

*Convergence* is judged only between far relatives: taxa at least as far apart in the tree as the
median pair; where their clades are known, taxa of different clades at least half as far apart as
that. *Divergence* is judged only between nearest relatives: pairs of which one taxon is the other's
nearest relative, nearer than the median pair.
"""

from dataclasses import dataclass

import numpy as np

from phylolens.stats.brownian_pairs import Evolved

TIE = 1e-9  # of the largest distance: branch lengths are sums of rounded numbers


ENOUGH = 30  # pairs from which the width of their distribution can be told
MIDDLE = (0.25, 0.75)
STILL = 1e-6  # variance, relative to the size of the values, that is rounding


class PairNull:
    """The null of the values of pairs: standardised pair by pair, then pooled over pairs.

    A pair's own mean and variance come from its simulated values; the shape is that of all pairs,
    so that small p-values need few simulations. A simulated value is held against the other
    simulations only, as the observed one is: otherwise few of them would look too narrow.

    Where the bulk of the observed values is wider than the simulated ones, evolution was not as
    even as Brownian motion; values are divided by that width (never by less than 1), so that only
    pairs that stand out of the bulk can be significant (Devlin & Roeder 1999, Biometrics 55:997,
    for the idea). The same is done to every simulation.

    Parameters
    ----------
    observed : array, shape (m,)
    simulations : array of float32, shape (simulations, m)
        At least three rows; overwritten.
    """

    def __init__(self, observed: np.ndarray, simulations: np.ndarray) -> None:
        count = len(simulations)
        self.mean = simulations.mean(axis=0, dtype=np.float64)
        size = np.einsum("ij,ij->j", simulations, simulations, dtype=np.float64)
        sums = size - count * self.mean**2
        sums[sums <= STILL * np.maximum(size, 1e-30)] = (
            np.inf
        )  # a pair that cannot vary is never extreme
        self.sd = np.sqrt(sums / (count - 1) * (1 + 1 / count))
        for row in simulations:
            gap = (row - self.mean) * count / (count - 1)
            left = sums - gap**2 * (count - 1) / count
            row[:] = gap / np.sqrt(left.clip(1e-30) / (count - 2) * (1 + 1 / (count - 1)))
        self.width = 1.0
        if len(observed) >= ENOUGH:
            drawn = _bulk(simulations)
            usual = max(float(np.median(drawn)), 1e-30)
            self.width = max(1.0, float(_bulk((observed - self.mean) / self.sd) / usual))
            simulations /= np.maximum(1.0, drawn / usual)[:, None].astype(simulations.dtype)
        self.pooled = np.sort(simulations, axis=None)

    def standardised(
        self, values: np.ndarray, pairs: np.ndarray | slice = slice(None)
    ) -> np.ndarray:
        """Return ``values`` of ``pairs`` in standard deviations of their null."""
        return (values - self.mean[pairs]) / self.sd[pairs] / self.width

    def p_values(self, values: np.ndarray, pairs: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the share of the null that is at or below ``values`` of ``pairs``."""
        z = self.standardised(values, pairs)
        below = np.searchsorted(self.pooled, z.astype(self.pooled.dtype), side="right")
        return (below + 1.0) / (len(self.pooled) + 1.0)


@dataclass(frozen=True)
class Candidates:
    """Pairs that can be of one kind.

    Parameters
    ----------
    kind : str
        ``convergence`` or ``divergence``.
    pairs : int array, shape (m, 2)
        Rows of the two taxa, the smaller first.
    effects : array, shape (n, n), or None
        Turns sums over the pairs of a taxon into its effect; None for divergence.
    """

    kind: str
    pairs: np.ndarray
    effects: np.ndarray | None = None

    @property
    def sign(self) -> int:
        """Makes the most extreme values of this kind the lowest."""
        return 1 if self.kind == "convergence" else -1

    def level(self, roots: np.ndarray) -> np.ndarray:
        """Return what the cube roots of these pairs would be if no pair were special.

        Convergence: the least-squares sum of two effects of taxa. Divergence: the median pair.
        """
        if self.effects is None:
            return np.full(len(roots), np.median(roots) if len(roots) >= ENOUGH else 1.0)
        sums = np.bincount(self.pairs.ravel(), np.repeat(roots, 2), minlength=len(self.effects))
        of_taxon = self.effects @ sums
        return of_taxon[self.pairs].sum(axis=1)

    def possible(self, roots: np.ndarray) -> np.ndarray:
        """Tell which pairs can be of this kind: convergent ones look alike, not only relatively.

        Two odd taxa far from all others, and from each other, are no convergence.
        """
        if self.effects is None or not len(roots):
            return np.ones(len(roots), dtype=bool)
        return np.asarray(roots < np.median(roots))

    def values(self, evolved: Evolved) -> np.ndarray:
        """Return the departures of the pairs, the lowest the most extreme."""
        roots = evolved.roots(self.pairs)
        return self.sign * (roots - self.level(roots))


def candidates(apart: np.ndarray, clade: np.ndarray) -> tuple[Candidates, Candidates]:
    """Choose the pairs that can be convergent and those that can be divergent.

    Parameters
    ----------
    apart : array, shape (n, n)
        Genetic distances.
    clade : array of str, shape (n,)
        Blank where unknown.
    """
    n = len(apart)
    i, j = np.triu_indices(n, k=1)
    pairs, gap = np.column_stack([i, j]), apart[i, j]
    tie, middle = TIE * gap.max(), np.median(gap)
    nearest = np.where(np.eye(n, dtype=bool), np.inf, apart).min(axis=1) + tie
    near = (gap <= np.maximum(nearest[i], nearest[j])) & (gap < middle - tie) & (gap > tie)
    known = (clade != "")[pairs].all(axis=1)
    differ = (clade[i] != clade[j]) & (gap >= middle / 2)
    far = np.where(known, differ, gap >= middle - tie) & ~near
    return (
        Candidates("convergence", pairs[far], _effects(pairs[far], n)),
        Candidates("divergence", pairs[near]),
    )


def _effects(pairs: np.ndarray, n: int) -> np.ndarray:
    """Return the matrix from sums over a taxon's pairs to its least-squares additive effect."""
    normal = np.zeros((n, n))
    normal[pairs[:, 0], pairs[:, 1]] = 1.0
    normal += normal.T
    normal[np.diag_indices(n)] = normal.sum(axis=1)
    return np.linalg.pinv(normal, hermitian=True)


def _bulk(values: np.ndarray) -> np.ndarray:
    """Return the distance between quartiles along the last axis."""
    low, high = np.quantile(values, MIDDLE, axis=-1)
    return np.asarray(high - low)
