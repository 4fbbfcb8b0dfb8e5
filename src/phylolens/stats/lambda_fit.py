"""Pagel's lambda of a whole embedding: how much of its variation follows the tree.

Pagel (1999, Nature 401:877): off-diagonal covariances of Brownian motion are multiplied by lambda;
at 1 looks follow the tree, at 0 relatives are no more alike than strangers. Axes are taken as
equally variable and independent (R spherical): the profile likelihood then depends on the embedding
through its Gram matrix alone, so that more axes than taxa do no harm, and its maximum does not
depend on how many axes there are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from skbio import DistanceMatrix

from phylolens.errors import InputError, TooFew
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats._products import permuted_products

FEWEST_TAXA = 5
GRID = 41  # the profile may have two maxima: the best of a grid is refined
SINGULAR = 1e-9  # smallest eigenvalue of the scaled correlations that still counts as valid
MOST_AXES = 1000  # beyond it, axes cannot be told from infinitely many
METHODS = ("reml", "ml")


@dataclass(frozen=True)
class LambdaFit:
    """What :func:`pagel_lambda` found.

    Parameters
    ----------
    value : float
        The fitted lambda.
    log_likelihood : float
        Its maximum, with as many axes as the distances have.
    log_likelihood_ratio : float
        Twice the gain over lambda = 0, counted for ``axes`` independent axes.
    p_value : float
        Of lambda = 0 against more, by permuted taxa.
    rate : float
        Variance gained per unit of branch length, summed over axes (squared unit of the distances).
    axes : float
        Effective number of independent axes, ``tr(R)**2 / tr(R**2)``.
    n : int
        Taxa.
    n_permutations : int
        Of the p-value.
    method : str
        ``reml`` or ``ml``.
    """

    value: float
    log_likelihood: float
    log_likelihood_ratio: float
    p_value: float
    rate: float
    axes: float
    n: int
    n_permutations: int
    method: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as it is written to JSON."""
        return dict(vars(self))


class LambdaModel:
    """The likelihood of lambda in the basis where every lambda is diagonal.

    With variances ``D`` and correlations ``P`` of the tree, ``C(lambda) = D^1/2 (lambda P + (1 -
    lambda) I) D^1/2``: the eigenvectors of ``P`` serve all values of lambda.

    Parameters
    ----------
    covariance : array, shape (n, n)
        Of Brownian motion of unit rate; positive diagonal.
    method : {'reml', 'ml'}
        REML does not count the mean as known; ML is what phytools and geiger report.
    """

    def __init__(self, covariance: np.ndarray, method: str = "reml") -> None:
        self.method = method
        self.scale = np.sqrt(np.diag(covariance))
        correlations = covariance / np.outer(self.scale, self.scale)
        self.values, self.vectors = np.linalg.eigh((correlations + correlations.T) / 2)
        self.ones = self.vectors.T @ (1 / self.scale)

    @property
    def largest(self) -> float:
        """The largest lambda up to 1 that keeps the covariance positive definite."""
        lowest = float(self.values.min())
        return 1.0 if lowest >= SINGULAR else (1 - SINGULAR) / (1 - lowest)

    def rotated(self, points: np.ndarray) -> np.ndarray:
        """Bring points, shape (n, k), to the eigenvectors' basis."""
        return self.vectors.T @ (points / self.scale[:, None])

    def variances(self, lambda_: float | np.ndarray) -> np.ndarray:
        """Return the variance of every eigenvector at lambda; one row a lambda, if several."""
        share = np.asarray(lambda_)[..., None]
        return share * self.values + (1 - share)

    def sum_of_squares(self, rotated: np.ndarray, lambda_: float | np.ndarray) -> np.ndarray:
        """Return the generalised sum of squares about the phylogenetic mean, over all axes."""
        weights = 1 / self.variances(lambda_)
        total = weights @ np.einsum("ij,ij->i", rotated, rotated)
        means = (weights * self.ones) @ rotated
        return total - (means**2).sum(axis=-1) / (weights @ self.ones**2)

    def log_likelihood(
        self, rotated: np.ndarray, lambda_: float | np.ndarray, axes: float
    ) -> np.ndarray:
        """Return the profile log-likelihood, rate and means at their best, for so many axes."""
        variances = self.variances(lambda_)
        n = len(self.scale)
        free = n - 1 if self.method == "reml" else n
        rate = self.sum_of_squares(rotated, lambda_) / (free * axes)
        each = free * (np.log(2 * np.pi * rate) + 1) + np.log(variances).sum(axis=-1)
        each = each + 2 * np.log(self.scale).sum()
        if self.method == "reml":
            each = each + np.log((1 / variances) @ self.ones**2)
        return -0.5 * axes * each

    def best(self, rotated: np.ndarray) -> float:
        """Return the lambda of highest likelihood: the best of a grid, refined."""

        def misfit(lambda_: float) -> float:
            return -float(self.log_likelihood(rotated, lambda_, 1.0))

        grid = np.linspace(0.0, self.largest, GRID)
        found = -self.log_likelihood(rotated, grid, 1.0)
        place = int(found.argmin())
        around = (grid[max(place - 1, 0)], grid[min(place + 1, GRID - 1)])
        refined = minimize_scalar(misfit, around, bounds=around, method="bounded",
                                  options={"xatol": 1e-7})  # fmt: skip
        return float(refined.x) if refined.fun < found[place] else float(grid[place])

    def rate(self, rotated: np.ndarray, lambda_: float) -> float:
        """Return the unbiased rate of evolution, summed over axes."""
        return float(self.sum_of_squares(rotated, lambda_)) / (len(self.scale) - 1)

    def residuals(self, rotated: np.ndarray, lambda_: float) -> np.ndarray:
        """Return whitened residuals, shape (n, k): independent taxa if the model holds."""
        weights = 1 / self.variances(lambda_)
        mean = (weights * self.ones) @ rotated / (weights @ self.ones**2)
        white = (rotated - self.ones[:, None] * mean) * np.sqrt(weights)[:, None]
        return self.vectors @ white

    def scaled(self, lambda_: float) -> np.ndarray:
        """Return the covariance at lambda."""
        root = self.vectors * np.sqrt(self.variances(lambda_))
        return (root @ root.T) * np.outer(self.scale, self.scale)


def axes_of(distances: np.ndarray) -> np.ndarray:
    """Return principal coordinates, shape (n, k), of the axes with a positive eigenvalue.

    Gower (1966) Biometrika 53:325. Largest first; signs are arbitrary.
    """
    squares = distances**2
    mean = squares.mean(axis=0)
    gram = -0.5 * (squares - mean[:, None] - mean[None, :] + mean.mean())
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    kept = np.flatnonzero(values > 1e-10 * max(values.max(), 1e-300))[::-1]
    return vectors[:, kept] * np.sqrt(values[kept])


def moments_of_rates(
    model: LambdaModel, rotated: np.ndarray, lambda_: float
) -> tuple[float, float]:
    """Estimate ``tr(R)`` and ``tr(R**2)`` of the covariance R between axes, without bias.

    From whitened residuals of n taxa, products of different taxa only: the square of a taxon's own
    length would count an odd taxon as a preferred direction.
    """
    white = model.residuals(rotated, lambda_)
    products = white @ white.T
    n = len(products)
    free = n - 1
    own = np.einsum("ii->i", products)
    trace = float(own.sum()) / free
    between = float((products**2).sum() - (own**2).sum())
    # The projection off the mean has rank n - 1 and, nearly, a diagonal of (n - 1) / n:
    # E(between) = (n-1)(n-2+2/n) tr(R^2) + (n-1)/n tr(R)^2;  E(trace^2) = tr(R)^2 + 2 tr(R^2)/(n-1)
    several = (between - trace**2 * free / n) / (free * (n - 2 + 2 / n) - 2 / n)
    axes = rotated.shape[1]
    most = axes if axes < free else MOST_AXES  # as many axes as taxa allow may stand for more
    return trace, float(np.clip(several, trace**2 / most, trace**2))


def pagel_lambda(
    visual: DistanceMatrix,
    covariance: pd.DataFrame,
    *,
    method: str = "reml",
    permutations: int = 999,
    seed: int = 0,
) -> LambdaFit:
    """Fit Pagel's lambda to the principal coordinates of visual distances.

    Parameters
    ----------
    visual : DistanceMatrix
        n taxa, at least five. Axes of negative eigenvalue (distances that are not Euclidean) are
        left out.
    covariance : DataFrame, shape (n, n)
        Of Brownian motion on the tree (:func:`phylolens.phylogeny.covariance`); the same taxa.
    method : {'reml', 'ml'}
        ML is biased down by the mean of every axis, however many axes there are.
    permutations, seed : int
        Of the test of lambda = 0, whose statistic is the score (the slope of the log-likelihood at
        0): the sum over pairs of shared history times likeness. Taxa are permuted.

    Returns
    -------
    LambdaFit

    Raises
    ------
    TooFew
        Below five taxa.
    InputError
        If taxa differ, or a matrix cannot be used.
    """
    if method not in METHODS:
        raise InputError(f"unknown method '{method}': {' or '.join(METHODS)}.")
    require_permutations(permutations)
    distances, shared = aligned(visual, covariance)
    model = LambdaModel(shared, method)
    points = axes_of(distances)
    rotated = model.rotated(points)
    value = model.best(rotated)
    trace, squares = moments_of_rates(model, rotated, value)
    count = points.shape[1]
    axes = trace**2 / squares
    gain = model.log_likelihood(rotated, np.array([0.0, value]), 1.0)
    test = _score_test(points @ points.T, shared, permutations, seed)
    return LambdaFit(
        value=value,
        log_likelihood=float(model.log_likelihood(rotated, value, count)),
        log_likelihood_ratio=float(2 * axes * (gain[1] - gain[0])),
        p_value=test.p_value,
        rate=model.rate(rotated, value),
        axes=axes,
        n=len(points),
        n_permutations=test.n_permutations,
        method=method,
    )


def _score_test(gram: np.ndarray, shared: np.ndarray, permutations: int, seed: int) -> Any:
    """Test lambda = 0: does likeness go with shared history (variances standardised)."""
    own = np.diag(shared)
    weights = shared / np.outer(own, own) * own.mean()
    gram = gram / np.trace(gram)  # no unit of looks is too small for what counts as a tie
    tried, exact = orders(len(gram), permutations, seed)
    observed = permuted_products(gram, [weights], np.arange(len(gram))[None, :])[0, 0]
    null = permuted_products(gram, [weights], tried)[:, 0]
    return result_of("lambda", float(observed), null, exact, len(gram), seed=seed)


def aligned(visual: DistanceMatrix, covariance: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return both matrices with their taxa sorted by name, or say what is wrong with them."""
    taxa = sorted(visual.ids)
    rows = [str(name) for name in covariance.index]
    if rows != [str(name) for name in covariance.columns] or len(set(rows)) != len(rows):
        raise InputError("a covariance needs the same unique taxa in its rows and columns.")
    differ = sorted(set(taxa) ^ set(rows))
    if differ:
        raise InputError("visual distances and covariance hold different taxa.", ids=differ)
    if len(taxa) < FEWEST_TAXA:
        raise TooFew(f"needs at least five taxa; got {len(taxa)}.", ids=taxa)
    place = [rows.index(name) for name in taxa]
    shared = covariance.to_numpy(dtype=float)[np.ix_(place, place)]
    if not np.isfinite(shared).all() or not np.allclose(shared, shared.T, rtol=1e-8, atol=0):
        raise InputError("a covariance must be symmetric and without missing values.")
    bad = [name for name, own in zip(taxa, np.diag(shared), strict=True) if own <= 0]
    if bad:
        raise InputError("taxa at the root have no variance under Brownian motion.", ids=bad)
    lowest = np.ptp(shared[np.triu_indices(len(taxa), k=1)])
    if lowest <= 1e-12 * shared.max():
        raise InputError("all taxa share the same history: a star tree has no relatives.")
    distances = visual.filter(taxa).data
    if distances.max() <= 0:
        raise InputError("all visual distances are zero.")
    return distances, (shared + shared.T) / 2
