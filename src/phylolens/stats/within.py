"""What does visual distance add to the taxonomy? Permutation within clades.

The Mantel correlation is taken over all pairs as usual, but taxa change places only with taxa of
their own clade. What clades alone give is then in every permutation, hence in the null: its median
is what the taxonomy says, what stands above it is new. Partial Mantel tests, the usual answer,
reject too often (Guillot & Rousset 2013, Methods Ecol. Evol. 4:336).
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats._align import aligned
from phylolens.stats._pairs import pair_test, require_method
from phylolens.values import TestResult

PAIRS = ("all", "within")
FEWEST_MOVED = 20  # taxa that change places: of seven, a p of 0.05 is luck in either direction


def within_clades(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    clades: pd.Series,
    *,
    method: str = "pearson",
    pairs: str = "all",
    permutations: int = 999,
    seed: int = 0,
) -> TestResult | None:
    """Test by Mantel's correlation against a null that keeps every taxon in its clade.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa, in any order; aligned by id.
    clades : Series of str
        Clade of each taxon, indexed by taxon; taxa without one, or alone in theirs, stay where
        they are.
    method : {'pearson', 'spearman'}
        Linear or rank correlation.
    pairs : {'all', 'within'}
        ``all`` correlates every pair, so that the null shows what the taxonomy alone gives.
        ``within`` correlates pairs of one clade only and leaves that out of the number. Of a dated
        tree both have the same power (the same p with ``pearson``: distances between two clades are
        equal, so nothing between them moves). Where rates differ between branches, pairs between
        clades are noise: with 80 taxa in 12 clades and traits under Brownian motion, ``all`` found
        66% and ``within`` 99% of worlds at the 5% level.
    permutations : int
        Random permutations; all are enumerated when there are 40,320 or fewer.
    seed : int
        Seed of the permutations.

    Returns
    -------
    TestResult or None
        ``n`` counts the taxa that can move; None when no clade has two of them. One-sided
        ``greater``; statistic minus the null's median is what visual distance adds to the taxonomy.

    Raises
    ------
    InputError
        If ids differ, a taxon has two clades, or one matrix is constant.
    """
    require_method(method)
    if pairs not in PAIRS:
        raise InputError(f"unknown pairs '{pairs}': all or within.")
    visual, genetic = aligned(visual, genetic)
    codes = clade_codes(list(visual.ids), clades)
    moved = int((np.bincount(codes)[codes] > 1).sum())
    if moved == 0:
        return None
    result = pair_test(
        f"within_clade{'s' if pairs == 'all' else '_pairs'}_{method}",
        visual.data,
        genetic.data,
        method=method,
        permutations=permutations,
        seed=seed,
        blocks=codes,
        among=None if pairs == "all" else codes[:, None] == codes[None, :],
    )
    return replace(result, n=moved)


def movable(clades: pd.Series) -> int:
    """Count the taxa whose clade holds another one."""
    sizes = clades.dropna().value_counts()
    return int(sizes[sizes > 1].sum())


def clade_codes(taxa: list[str], clades: pd.Series) -> np.ndarray:
    """Return a number for each clade; a taxon without one gets its own.

    Parameters
    ----------
    taxa : list of str
    clades : Series of str
        Indexed by taxon.

    Returns
    -------
    int array, shape (n,)
        In the order of ``taxa``; no number without a taxon.
    """
    repeated = clades.index[clades.index.duplicated()].unique()
    if len(repeated):
        raise InputError("a taxon has more than one clade.", ids=list(repeated))
    codes, named = pd.factorize(clades.reindex(taxa), sort=True)
    unknown = codes < 0
    codes[unknown] = len(named) + np.arange(unknown.sum())
    return codes
