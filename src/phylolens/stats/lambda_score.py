"""Do relatives look alike? The score test of Pagel's lambda, taxa permuted.

The score is the slope of the likelihood of lambda at zero: the sum over pairs of shared history
times visual similarity. Similarity is that of directions (:mod:`phylolens.stats.unit_length`), so
that neither a taxon's own variance nor the number of its images counts. Both sides are centred pair
by pair, without their diagonals (U-centring; Székely & Rizzo 2014, Ann. Stat. 42:2382): that takes
out whatever a taxon adds to all its pairs, the depth of its tip among it, so that the score does
not depend on the root. Equal to an unbiased HSIC of features and tree with linear kernels (Gretton
et al. 2005, Algorithmic Learning Theory 16:63), and divided by the norms of both sides.
"""

from typing import Any

import numpy as np

from phylolens.phylogeny import as_distances, as_genetic
from phylolens.random import Seed, as_seed
from phylolens.stats._align import same_taxa
from phylolens.stats._pairs import permuted_products
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats.centred import double_centre
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.unit_length import directions, noisy_squares
from phylolens.values import TestResult


def lambda_score(
    visual: Any,
    genetic: Any,
    *,
    permutations: int = 999,
    seed: Seed = 0,
    blocks: np.ndarray | None = None,
) -> TestResult:
    """Test whether relatives look more alike than chance makes them.

    Parameters
    ----------
    visual : VisualDistances, DistanceMatrix, DataFrame, str or Path
        Distances between n taxa, four or more; the similarity of different taxa is free of
        sampling noise where specimens are known.
    genetic : TreeNode, DistanceMatrix, DataFrame, str or Path
        A tree, or path lengths in it between the same taxa, in any order; aligned by id.
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    seed : int or numpy.random.Generator
        Seed of the permutations.
    blocks : int array, shape (n,), optional
        Codes of the taxa sorted by name; only taxa of one code change places.

    Returns
    -------
    TestResult
        ``statistic`` is the score as a correlation, in [-1, 1]: about 0 without signal, 1 where
        similarity is shared history itself; one-sided ``greater``.

    Raises
    ------
    InputError
        If ids differ, fewer than four taxa are given, or nothing varies between them.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.spatial.distance import pdist
    >>> from phylolens import as_distances, lambda_score
    >>> places = np.array([[0.0], [0.2], [1.5], [3.0], [3.3]])
    >>> visual = as_distances(pdist(places), ids=list("abcde"))
    >>> tree = "(((a:1,b:1):1,c:2):2,(d:1,e:1):3);"
    >>> result = lambda_score(visual, tree)
    >>> round(result.statistic, 2), result.exact
    (0.88, True)
    """
    seed = as_seed(seed)
    if not isinstance(visual, VisualDistances):
        visual = VisualDistances.of_matrix(as_distances(visual))
    genetic = as_genetic(genetic, visual.ids)
    names = sorted(visual.ids)
    shared = -0.5 * double_centre(same_taxa(visual.plain, genetic).filter(names).data)
    alike = double_centre(directions(noisy_squares(visual.filter(names))))
    n = len(names)
    alike, shared = alike / np.linalg.norm(alike), shared / np.linalg.norm(shared)
    require_permutations(permutations)
    tried, exact = orders(n, permutations, seed, blocks)
    # The identity is the first row, so that the observed value is reached in the same way.
    every = np.vstack([np.arange(n), tried])
    scores = 2 * permuted_products(alike, [shared], every)[:, 0]
    return result_of("lambda_score", float(scores[0]), scores[1:], exact, n, seed=seed)
