"""Do relatives look alike? The score test of Pagel's lambda, taxa permuted.

The score is the slope of the likelihood of lambda at zero: the sum over pairs of shared history
times visual similarity. Both sides are centred pair by pair, without their diagonals (U-centring;
Székely & Rizzo 2014, Ann. Stat. 42:2382). That takes out whatever a taxon adds to all its
distances: its sampling noise, its own variance, the depth of its tip. What is left is zero on
average under independence whatever the taxa's variances are, and does not depend on the root of
the tree. Its spread does depend on them: divided by the root of its summed squares (studentised;
for the idea see Janssen 1997, Stat. Probab. Lett. 36:9), the score keeps its level where variances
or numbers of images follow the clades. Equal to a studentised HSIC of looks and tree (Gretton et
al. 2005, Algorithmic Learning Theory 16:63) with linear kernels.
"""

import numpy as np
from skbio import DistanceMatrix

from phylolens.stats._align import same_taxa
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats._products import permuted_products
from phylolens.stats.centred import double_centre
from phylolens.stats.debiased import VisualDistances
from phylolens.values import TestResult


def lambda_score(
    visual: VisualDistances | DistanceMatrix,
    genetic: DistanceMatrix,
    *,
    permutations: int = 999,
    seed: int = 0,
    blocks: np.ndarray | None = None,
) -> TestResult:
    """Test whether relatives look more alike than chance makes them.

    Parameters
    ----------
    visual : VisualDistances or DistanceMatrix
        n taxa, four or more; squared distances without sampling noise are used where known.
    genetic : DistanceMatrix
        Path lengths in the tree between the same taxa, in any order; aligned by id.
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    seed : int
        Seed of the permutations.
    blocks : int array, shape (n,), optional
        Codes of the taxa sorted by name; only taxa of one code change places.

    Returns
    -------
    TestResult
        ``statistic`` is the studentised score: about 0 without signal, with a spread of about 1
        over permutations; one-sided ``greater``.

    Raises
    ------
    InputError
        If ids differ, fewer than four taxa are given, or nothing varies between them.
    """
    if isinstance(visual, DistanceMatrix):
        visual = VisualDistances.of_matrix(visual)
    names = sorted(visual.ids)
    shared = -0.5 * double_centre(same_taxa(visual.plain, genetic).filter(names).data)
    alike = -0.5 * double_centre(visual.filter(names).squares)
    n = len(names)
    alike, shared = alike / np.linalg.norm(alike), shared / np.linalg.norm(shared)
    require_permutations(permutations)
    tried, exact = orders(n, permutations, seed, blocks)
    # The identity is the first row, so that the observed value is reached in the same way.
    every = np.vstack([np.arange(n), tried])
    sums = permuted_products(alike, [shared], every)[:, 0]
    squares = permuted_products(alike**2, [shared**2], every)[:, 0]
    scores = np.where(squares > 0, sums / np.sqrt(np.where(squares > 0, squares, 1.0)), 0.0)
    return result_of("lambda_score", float(scores[0]), scores[1:], exact, n, seed=seed)
