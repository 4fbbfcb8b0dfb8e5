"""Do looks follow the tree? K_mult, the multivariate K, taxa permuted.

Adams (2014) Syst. Biol. 63:685. K is the variance of appearance about its value at the root,
taken as if taxa were independent, over the same taken along the tree; it is divided by what
Brownian motion is expected to give, so that 1 is Brownian motion, less is less signal.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve, cholesky
from skbio import DistanceMatrix

from phylolens.errors import InputError, some
from phylolens.phylogeny import as_covariance, as_distances
from phylolens.random import Seed, as_seed
from phylolens.stats._align import FEWEST_TAXA
from phylolens.stats._pairs import permuted_products
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats.correlation import CONSTANT
from phylolens.values import TestResult

NO_LENGTH = 1e-9  # of the tree's height: a branch that short is no branch
WORST_CONDITION = 1e12  # beyond it, fewer than four digits of K could be trusted
ROWS_AT_ONCE = 1024  # permutations held in memory together
HINT = (
    "Merge such tips into one, drop all but one of them, or give their terminal branches a length."
)


def kmult(
    distances: Any,
    tree: Any,
    *,
    permutations: int = 999,
    seed: Seed = 0,
) -> TestResult:
    """Test whether relatives look more alike than chance, with the tree's branch lengths.

    Only distances between taxa are needed: the cross-products ``G = -1/2 J D² J`` of appearance
    about their mean hold all that K asks of them, and a permutation costs n² operations however
    many features there are.

    Parameters
    ----------
    distances : DistanceMatrix, DataFrame, str or Path
        Between n taxa; Euclidean visual distances of any features (chord distances are).
    tree : TreeNode, str, Path or DataFrame
        A tree with branch lengths, any unit, the taxa among its tips; or their covariance under
        Brownian motion, shape (n, n), rows and columns named
        (:func:`phylolens.phylogeny.covariance`).
    permutations : int
        Random permutations; with 8 taxa or fewer all orders are enumerated.
    seed : int or numpy.random.Generator
        Seed of the permutations.

    Returns
    -------
    TestResult
        ``statistic`` is K_mult, expected to be 1 under Brownian motion for any number of taxa and
        features; one-sided ``greater``. Compare trees by ``z``, not by K.

    Raises
    ------
    InputError
        If names differ, there are fewer than three taxa, the visual distances are all equal or far
        from Euclidean, or tips without a branch of their own make the covariance singular.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.spatial.distance import pdist
    >>> from phylolens import as_distances, kmult
    >>> places = np.array([[0.0], [0.2], [3.0], [3.3]])
    >>> visual = as_distances(pdist(places), ids=list("abcd"))
    >>> round(kmult(visual, "((a:1,b:1):3,(c:1,d:1):3);").statistic, 2)
    2.24
    """
    seed = as_seed(seed)
    require_permutations(permutations)
    visual = as_distances(distances)
    covariance = as_covariance(tree, visual.ids)
    names = _same_names(visual, covariance)
    prepared, n = PreparedTree.of(covariance.loc[names, names]), len(names)
    tried, exact = orders(n, permutations, seed)
    # The identity is the first row, so that the observed value is reached in the same way.
    ratios = prepared.kmult(visual.filter(names), np.vstack([np.arange(n), tried]))
    return result_of("kmult", float(ratios[0]), ratios[1:], exact, n, seed=seed)


@dataclass(frozen=True)
class PreparedTree:
    """What K_mult needs of a tree, made once for many visual matrices.

    Parameters
    ----------
    precision : array, shape (n, n)
        Inverse of the covariance, in units of its mean variance.
    variances : array, shape (n,)
        The diagonal of that covariance.
    """

    precision: np.ndarray
    variances: np.ndarray

    @classmethod
    def of(cls, covariance: pd.DataFrame) -> "PreparedTree":
        """Invert a covariance; raises :class:`InputError` where it is singular."""
        names = list(covariance.index)
        shared = _sound(covariance.to_numpy(dtype=np.float64), names)
        return cls(_inverse(shared, names), np.diag(shared).copy())

    def without(self, kept: np.ndarray) -> "PreparedTree":
        """Return the tree of the rows ``kept``, at the cost of inverting a matrix of the others."""
        gone = np.setdiff1d(np.arange(len(self.precision)), kept)
        across = self.precision[np.ix_(kept, gone)]
        removed = across @ np.linalg.solve(self.precision[np.ix_(gone, gone)], across.T)
        precision = self.precision[np.ix_(kept, kept)] - removed
        return PreparedTree((precision + precision.T) / 2, self.variances[kept])

    def kmult(self, visual: DistanceMatrix, tried: np.ndarray | None = None) -> np.ndarray:
        """K_mult of features whose taxa stand in the order of the tree, for every order tried.

        Parameters
        ----------
        visual : DistanceMatrix
        tried : int array, shape (m, n), optional
            Orders of the features' taxa; as they are by default.

        Returns
        -------
        array, shape (m,)
        """
        n = len(self.precision)
        expected = (self.variances.sum() - n / self.precision.sum()) / (n - 1)
        tried = np.arange(n)[None] if tried is None else tried
        return _ratios(_cross_products(visual), self.precision, tried) / expected


def _same_names(visual: DistanceMatrix, covariance: pd.DataFrame) -> list[str]:
    """Names of the taxa, sorted."""
    rows = covariance.index
    repeated = sorted(set(rows[rows.duplicated()]))
    if repeated or sorted(rows) != sorted(covariance.columns):
        raise InputError(
            "the covariance needs one row and one column a taxon, of the same names.", ids=repeated
        )
    differ = sorted(set(visual.ids) ^ set(rows))
    if differ:
        raise InputError("visual distances and covariance hold different taxa.", ids=differ)
    if len(rows) < FEWEST_TAXA:
        raise InputError(f"K_mult needs at least three taxa; got {len(rows)}.", ids=list(rows))
    return sorted(rows)


def _cross_products(visual: DistanceMatrix) -> np.ndarray:
    """Gower's ``-1/2 J D² J``: inner products of features about their mean, sum of squares 1."""
    pairs = visual.condensed_form()
    if np.ptp(pairs) <= CONSTANT * pairs.max():
        raise InputError("all visual distances are equal: nothing can follow the tree.")
    squares = (visual.data / pairs.max()) ** 2
    rows = squares.mean(axis=1)
    gram = -0.5 * (squares - rows[:, None] - rows[None, :] + rows.mean())
    return gram / np.trace(gram)


def _sound(shared: np.ndarray, names: list[str]) -> np.ndarray:
    """Check a covariance and express it in units of its mean variance."""
    if not np.isfinite(shared).all():
        raise InputError("the covariance contains NaN or infinite values.")
    size = float(np.abs(shared).max())
    if not np.allclose(shared, shared.T, rtol=0, atol=1e-9 * size):
        raise InputError("the covariance is not symmetric.")
    if size == 0:
        raise InputError("the covariance is zero throughout: the tree has no branch lengths.")
    shared = (shared + shared.T) / (2 * size)
    _no_missing_branches(shared, names)
    return shared / np.diag(shared).mean()


def _no_missing_branches(shared: np.ndarray, names: list[str]) -> None:
    """Refuse tips at the same place of the tree, or at its root: they make the matrix singular."""
    depth = np.diag(shared)
    apart = depth[:, None] + depth[None, :] - 2 * shared
    tied = [(int(i), int(j)) for i, j in np.argwhere(np.triu(apart <= NO_LENGTH, k=1))]
    root = np.flatnonzero(depth <= NO_LENGTH).tolist()
    if not tied and not root:
        return
    said = []
    if tied:
        pairs = [f"{names[i]} = {names[j]}" for i, j in tied]
        said.append(f"tips without any branch between them ({some(pairs)})")
    if root:
        said.append(f"tips at the root itself ({some(names[row] for row in root)})")
    concerned = sorted({row for pair in tied for row in pair} | set(root))
    raise InputError(
        f"the tree has {' and '.join(said)}; K_mult cannot divide by a branch of length zero.",
        ids=[names[row] for row in concerned],
        hint=HINT,
    )


def _inverse(shared: np.ndarray, names: list[str]) -> np.ndarray:
    """Invert by Cholesky; refuse what double precision cannot invert."""
    values = np.linalg.eigvalsh(shared)
    if values[0] <= values[-1] / WORST_CONDITION:
        apart = np.diag(shared)[:, None] + np.diag(shared)[None, :] - 2 * shared
        apart[np.diag_indices_from(apart)] = np.inf
        closest = sorted(names[row] for row in np.unravel_index(apart.argmin(), apart.shape))
        raise InputError(
            "the covariance cannot be inverted: some tips are too close for their distance from "
            "the root, or the matrix is not a tree's; closest are these two.",
            ids=closest,
            hint=HINT,
        )
    return cho_solve((cholesky(shared, lower=True), True), np.eye(len(shared)))


def _ratios(gram: np.ndarray, precision: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Mean square about the root value, without the tree over along the tree, for every order."""
    total = precision.sum()
    weights = precision.sum(axis=1) / total  # of the taxa in the root's value
    contrasts = precision - total * np.outer(weights, weights)
    along = 2 * permuted_products(gram, [contrasts], tried)[:, 0]
    along += np.diag(gram)[tried] @ np.diag(contrasts)
    about_root = np.trace(gram) + len(gram) * _root_squares(gram, weights, tried)
    if min(along.min(), about_root.min()) <= 0:
        raise InputError(
            "the visual distances are too far from Euclidean for K_mult.",
            hint="Use chord or Euclidean distances.",
        )
    return about_root / along


def _root_squares(gram: np.ndarray, weights: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """Squared distance of the root's value from the plain mean, for every order."""
    found = np.empty(len(tried))
    for start in range(0, len(tried), ROWS_AT_ONCE):
        part = tried[start : start + ROWS_AT_ONCE]
        placed = np.empty(part.shape)
        np.put_along_axis(placed, part, np.broadcast_to(weights, part.shape), axis=1)
        found[start : start + len(part)] = np.einsum("ij,ij->i", placed @ gram, placed)
    return found
