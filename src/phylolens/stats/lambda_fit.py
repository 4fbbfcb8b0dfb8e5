"""Pagel's lambda of a whole embedding: how much of its variation follows the tree.

Pagel (1999, Nature 401:877): off-diagonal covariances of Brownian motion are multiplied by lambda;
at 1 visual distances follow the tree, at 0 relatives are no more alike than strangers. Axes are
taken as equally variable and independent (R spherical): the profile likelihood then depends on the
embedding through its Gram matrix alone, so that more axes than taxa do no harm, and its maximum
does not depend on how many axes there are.

Sampling noise of the specimens is part of the model (Ives, Midford & Garland 2007, Syst. Biol.
56:252). Merely taken away it would leave sisters on short branches less than no difference, and the
likelihood without bound.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from skbio import DistanceMatrix

from phylolens.errors import InputError, TooFew
from phylolens.phylogeny import as_covariance, as_distances
from phylolens.random import Seed, as_seed
from phylolens.stats._permutation import require_permutations
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_score import lambda_score

FEWEST_TAXA = 5
GRID = 41  # the profile may have two maxima: the best of a grid is refined
NOTHING = 1e-6  # of the largest square: a sum of squares without noise that small is none
LEAST_SHARE = 1e-9  # of the noise: no rate
MOST_TIMES = 10  # of what differs in all: more than any rate
SMALLEST = 1e-300  # sum of squares: its logarithm is taken
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


@dataclass(frozen=True)
class BestLambda:
    """Where the likelihood is highest.

    Parameters
    ----------
    lambda_ : float
    rate : float
        Variance gained per unit of branch length, summed over axes; of REML and of ML without bias.
    log_likelihood : float
        As of a single axis.
    """

    lambda_: float
    rate: float
    log_likelihood: float


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
        self.noise = 0.0
        self.free = len(self.scale) - (method == "reml")

    @property
    def largest(self) -> float:
        """The largest lambda up to 1 that keeps the covariance positive definite."""
        lowest = float(self.values.min())
        return 1.0 if lowest >= SINGULAR else (1 - SINGULAR) / (1 - lowest)

    def with_noise(self, noise: np.ndarray) -> "LambdaModel":
        """Return the model of taxa known with sampling noise, shape (n,), of the summed axes.

        The noise modelled is the same share of every taxon's variance on the tree, the largest of
        those given: :meth:`of_squares` adds what others lack, and no difference is less than
        nothing. In simulated worlds lambda scatters by 3% to 10% more than with the mean share.
        """
        noisy = copy.copy(self)
        noisy.noise = float(np.max(noise / self.scale**2))
        return noisy

    def of_squares(self, squares: np.ndarray) -> np.ndarray:
        """Products of taxa, in the eigenvectors' basis, from squares without sampling noise.

        As much noise as the model has is put back.
        """
        if self.noise:
            own = self.noise * self.scale**2
            squares = squares + own[:, None] + own[None, :]
            np.fill_diagonal(squares, 0.0)
        return self.products(centred_products(squares))

    def measured(self, visual: VisualDistances) -> np.ndarray:
        """Products of taxa as measured, with the sampling noise that each of them has."""
        return self.products(centred_products(visual.noisy_squares))

    def products(self, gram: np.ndarray) -> np.ndarray:
        """Bring inner products between taxa, shape (n, n), to the eigenvectors' basis."""
        standard = gram / np.outer(self.scale, self.scale)
        return np.asarray(self.vectors.T @ standard @ self.vectors)

    def variances(self, lambda_: float | np.ndarray) -> np.ndarray:
        """Return the variance of every eigenvector at lambda; one row a lambda, if several."""
        share = np.asarray(lambda_)[..., None]
        return share * self.values + (1 - share)

    def sum_of_squares(self, products: np.ndarray, lambda_: float | np.ndarray) -> np.ndarray:
        """Return the generalised sum of squares about the phylogenetic mean, over all axes."""
        return self._about_the_mean(products, 1 / self.variances(lambda_))

    def _about_the_mean(self, products: np.ndarray, weights: np.ndarray) -> np.ndarray:
        means = weights * self.ones
        about = np.einsum("...i,...i->...", means @ products, means) / (weights @ self.ones**2)
        # Less than nothing is left only where noise explains more than all differences.
        return np.maximum(weights @ np.diag(products) - about, SMALLEST)

    def log_likelihood(
        self, products: np.ndarray, lambda_: float | np.ndarray, axes: float = 1.0
    ) -> np.ndarray:
        """Return the profile log-likelihood, rate and means at their best, for so many axes.

        Noise counts as what taxa do by themselves.
        """
        variances = self.variances(lambda_)
        total = self._about_the_mean(products, 1 / variances) / self.free
        return self.for_axes(self._likelihood(products, variances, total), axes)

    def for_axes(self, likelihood: Any, axes: float) -> Any:
        """Turn the log-likelihood of a single axis to that of several that add up to it."""
        return axes * (likelihood + 0.5 * self.free * np.log(axes))

    def _likelihood(
        self, products: np.ndarray, variances: np.ndarray, total: np.ndarray | float
    ) -> np.ndarray:
        """Return the log-likelihood of one axis, its eigenvectors varying by total times these."""
        squares = self._about_the_mean(products, 1 / variances) / total
        each = self.free * np.log(2 * np.pi * total) + squares + np.log(variances).sum(axis=-1)
        each = each + 2 * np.log(self.scale).sum()
        if self.method == "reml":
            each = each + np.log((1 / variances) @ self.ones**2)
        return np.asarray(-0.5 * each)

    def fit(self, products: np.ndarray) -> "BestLambda":
        """Return the lambda and the rate of highest likelihood.

        Noise looks like what each taxon does by itself. A lambda fitted without regard to it says
        how much that is in all; what is beyond the noise is the taxon's own.
        """
        grid = np.linspace(0.0, self.largest, GRID)
        value, likelihood = _highest(lambda one: self.log_likelihood(products, one), grid)
        squares = float(self.sum_of_squares(products, value))
        rate, total = squares / (len(self.scale) - 1) - self.noise, squares / self.free
        if not self.noise:
            return BestLambda(value, rate, likelihood)
        if rate > 0 and total * (1 - value) > self.noise:
            value = min(value * total / (total - self.noise), self.largest)
            return BestLambda(value, rate, likelihood)
        # All that taxa do by themselves may be noise: then lambda is at its largest.
        variances = self.variances(self.largest)
        least = LEAST_SHARE * self.noise
        most = max(MOST_TIMES * total, MOST_TIMES * least)  # less the noise, nothing may be left
        orders = np.linspace(np.log(least), np.log(most), GRID)

        def of_rate(order: np.ndarray | float) -> np.ndarray:
            rates = np.exp(order)
            return self._likelihood(products, variances + self.noise / rates[..., None], rates)

        order, likelihood = _highest(of_rate, orders)
        return BestLambda(self.largest, float(np.exp(order)), likelihood)

    def without_history(self, products: np.ndarray) -> float:
        """Return the log-likelihood of one axis at lambda 0."""
        variances = self.variances(0.0)
        total = float(self.sum_of_squares(products, 0.0)) / self.free
        return float(self._likelihood(products, variances, max(total, self.noise)))

    def residuals(self, products: np.ndarray, lambda_: float, rate: float = np.inf) -> np.ndarray:
        """Return products of whitened residuals, (n, n): of independent taxa if the model holds.

        The rate matters beside the noise only.
        """
        weights = 1 / (self.variances(lambda_) + self.noise / rate)
        mean = weights * self.ones / (weights @ self.ones**2)
        white = (np.eye(len(mean)) - np.outer(self.ones, mean)) * np.sqrt(weights)[:, None]
        white = self.vectors @ white
        return np.asarray(white @ products @ white.T)

    def scaled(self, lambda_: float) -> np.ndarray:
        """Return the covariance at lambda."""
        root = self.vectors * np.sqrt(self.variances(lambda_))
        return (root @ root.T) * np.outer(self.scale, self.scale)


def _highest(likelihood: Callable[[Any], np.ndarray], grid: np.ndarray) -> tuple[float, float]:
    """Return the place of the highest likelihood, the best of a grid, refined; and its height."""
    found = -likelihood(grid)
    place = int(found.argmin())
    around = (grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)])
    refined = minimize_scalar(lambda one: -float(likelihood(one)), around, bounds=around,
                              method="bounded", options={"xatol": 1e-7})  # fmt: skip
    if refined.fun < found[place]:
        return float(refined.x), -float(refined.fun)
    return float(grid[place]), -float(found[place])


def centred_products(squares: np.ndarray) -> np.ndarray:
    """Inner products of taxa about their mean, from squared distances (Gower 1966, Biometrika 53).

    Squares without sampling noise may be negative.
    """
    mean = squares.mean(axis=0)
    gram = -0.5 * (squares - mean[:, None] - mean[None, :] + mean.mean())
    return np.asarray((gram + gram.T) / 2)


def count_axes(gram: np.ndarray) -> int:
    """Count the axes that products between taxa need: eigenvalues above rounding."""
    values = np.linalg.eigvalsh(gram)
    return max(int((values > 1e-10 * max(values.max(), 1e-300)).sum()), 1)


def moments_of_rates(
    model: LambdaModel, products: np.ndarray, best: BestLambda, axes: int
) -> tuple[float, float]:
    """Estimate ``tr(R)`` and ``tr(R**2)`` of the covariance R between axes, without bias.

    Products are those measured, sampling noise included (:meth:`LambdaModel.measured`): noise that
    is modelled and was not drawn would count as axes that nothing varies along. The former is the
    rate fitted. From whitened residuals of n taxa, products of different taxa only: the square of a
    taxon's own length would count an odd taxon as a preferred direction.
    Raises :class:`InputError` where sampling noise explains all differences.
    """
    rate = best.rate
    if rate <= NOTHING * max(float(np.abs(np.diag(products)).max()), model.noise):
        raise InputError("taxa differ by no more than their specimens do: no rate can be had.")
    white = model.residuals(products, best.lambda_, rate)
    n = len(white)
    free = n - 1
    own = np.diag(white)
    trace = float(own.sum()) / free
    between = float((white**2).sum() - (own**2).sum())
    # The projection off the mean has rank n - 1 and, nearly, a diagonal of (n - 1) / n:
    # E(between) = (n-1)(n-2+2/n) tr(R^2) + (n-1)/n tr(R)^2;  E(trace^2) = tr(R)^2 + 2 tr(R^2)/(n-1)
    several = (between - trace**2 * free / n) / (free * (n - 2 + 2 / n) - 2 / n)
    most = axes if axes < free else MOST_AXES  # as many axes as taxa allow may stand for more
    return rate, rate**2 * float(np.clip(several / trace**2, 1 / most, 1.0))


def pagel_lambda(
    visual: Any,
    tree: Any,
    *,
    method: str = "reml",
    permutations: int = 999,
    seed: Seed = 0,
) -> LambdaFit:
    """Fit Pagel's lambda to visual distances.

    Parameters
    ----------
    visual : VisualDistances, DistanceMatrix, DataFrame, str or Path
        Distances between n taxa, at least five; squared ones without sampling noise are used
        where known.
    tree : TreeNode, str, Path or DataFrame
        A tree with branch lengths, the taxa among its tips, or their covariance under Brownian
        motion, shape (n, n) (:func:`phylolens.phylogeny.covariance`).
    method : {'reml', 'ml'}
        ML is biased down by the mean of every axis, however many axes there are.
    permutations, seed : int or numpy.random.Generator
        Of the test of lambda = 0, :func:`phylolens.stats.lambda_score.lambda_score`.

    Returns
    -------
    LambdaFit
        ``value`` is lambda: 0 where relatives are no more alike than strangers, 1 where visual
        distance follows the tree.

    Raises
    ------
    TooFew
        Below five taxa.
    InputError
        If taxa differ, or a matrix cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.spatial.distance import pdist
    >>> from phylolens import as_distances, pagel_lambda
    >>> places = np.array([[0.0], [0.2], [1.5], [3.0], [3.3]])
    >>> visual = as_distances(pdist(places), ids=list("abcde"))
    >>> tree = "(((a:1,b:1):1,c:2):2,(d:1,e:1):3);"
    >>> fit = pagel_lambda(visual, tree)
    >>> round(fit.value, 2), fit.n
    (1.0, 5)
    """
    if method not in METHODS:
        raise InputError(f"unknown method '{method}': {' or '.join(METHODS)}.")
    require_permutations(permutations)
    if not isinstance(visual, VisualDistances):
        visual = VisualDistances.of_matrix(as_distances(visual))
    visual, shared = aligned(visual, as_covariance(tree, visual.ids))
    model = LambdaModel(shared, method).with_noise(visual.noise)
    products, count = model.of_squares(visual.squares), count_axes(centred_products(visual.squares))
    best = model.fit(products)
    trace, second = moments_of_rates(model, model.measured(visual), best, count)
    axes = trace**2 / second
    own = np.diag(shared)
    paths = own[:, None] + own[None, :] - 2 * shared
    np.fill_diagonal(paths, 0.0)
    history = DistanceMatrix(paths, list(visual.ids))
    test = lambda_score(visual, history, permutations=permutations, seed=as_seed(seed))
    return LambdaFit(
        value=best.lambda_,
        log_likelihood=float(model.for_axes(best.log_likelihood, count)),
        log_likelihood_ratio=2 * axes * (best.log_likelihood - model.without_history(products)),
        p_value=test.p_value,
        rate=best.rate,
        axes=axes,
        n=len(shared),
        n_permutations=test.n_permutations,
        method=method,
    )


def aligned(
    visual: VisualDistances | DistanceMatrix, covariance: pd.DataFrame
) -> tuple[VisualDistances, np.ndarray]:
    """Return visual distances and covariance, taxa sorted by name, or what is wrong."""
    if isinstance(visual, DistanceMatrix):
        visual = VisualDistances.of_matrix(visual)
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
    visual = visual.filter(taxa)
    if visual.squares.max() <= 0:
        raise InputError("all visual distances are zero.")
    return visual, (shared + shared.T) / 2
