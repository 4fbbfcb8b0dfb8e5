"""Likeness of pairs of taxa under Brownian motion with the fitted lambda, by simulation.

Under the model the squared distance of two taxa is ``rate * v`` times a variable whose law is the
same for all pairs, where ``v = C_ii + C_jj - 2 C_ij`` at the fitted lambda. Its cube root is nearly
normal (Wilson & Hilferty 1931, PNAS 17:684) and stays finite for two taxa that look the same.
"""

from dataclasses import dataclass

import numpy as np

from phylolens.stats.lambda_fit import BestLambda, LambdaModel, moments_of_rates

LEAST_RATE = 1e-6  # of what the largest distance would need
MOST_AXES = 128  # of a simulated embedding


@dataclass(frozen=True)
class Evolved:
    """An embedding, seen or simulated, and what was fitted to it.

    Parameters
    ----------
    squares : array, shape (n, n)
        Squared distances.
    expected : array, shape (n, n)
        Their expectation under Brownian motion with the fitted lambda and rate.
    lambda_ : float
        The fitted lambda.
    """

    squares: np.ndarray
    expected: np.ndarray
    lambda_: float

    def roots(self, pairs: np.ndarray) -> np.ndarray:
        """Cube roots of squared distance over its expectation, for pairs of shape (m, 2)."""
        i, j = pairs.T
        return np.cbrt(self.squares[i, j] / self.expected[i, j])


def differences(covariance: np.ndarray, lambda_: float = 1.0) -> np.ndarray:
    """Return ``C_ii + C_jj - 2 C_ij`` with off-diagonals times lambda; 0 on the diagonal.

    At 1 these are the path lengths between taxa.
    """
    own = np.diag(covariance)
    apart = own[:, None] + own[None, :] - 2 * lambda_ * covariance
    np.fill_diagonal(apart, 0.0)
    return apart


def fitted(model: LambdaModel, covariance: np.ndarray, squares: np.ndarray) -> Evolved:
    """Fit lambda and rate to an embedding.

    Parameters
    ----------
    model : LambdaModel
        Of ``covariance``.
    covariance : array, shape (n, n)
    squares : array, shape (n, n)
        Squared distances between taxa; without sampling noise they may be negative.
    """
    best = model.fit(model.of_squares(squares))
    apart = differences(covariance, best.lambda_)
    # In a world whose differences are all noise nothing is left to be a rate.
    rate = max(best.rate, LEAST_RATE * float(squares.max() / apart.max()))
    return Evolved(squares, rate * apart, best.lambda_)


def drawn_squares(
    model: LambdaModel,
    lambda_: float,
    rates: np.ndarray,
    rng: np.random.Generator,
    noise: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances of an embedding drawn under Brownian motion, as measured and debiased.

    Parameters
    ----------
    model : LambdaModel
    lambda_ : float
        The lambda to draw with.
    rates : array, shape (k,)
        Of independent axes (:func:`rates_of_axes`).
    rng : numpy.random.Generator
    noise : array, shape (n,), optional
        Variance of each taxon's mean over its specimens, summed over axes: added to the points, and
        subtracted from the squared distances of the second array.

    Returns
    -------
    plain, debiased : array, shape (n, n)
    """
    shape = (len(model.scale), len(rates))
    rotated = np.sqrt(model.variances(lambda_))[:, None] * rng.standard_normal(shape)
    points = model.scale[:, None] * (model.vectors @ rotated) * np.sqrt(rates)
    if noise is not None and noise.any():
        spread = np.sqrt(np.outer(noise, rates / rates.sum()))
        points += spread * rng.standard_normal(shape)
    points -= points.mean(axis=0)
    products = points @ points.T
    own = np.diag(products)
    plain = (own[:, None] + own[None, :] - (products + products.T)).clip(0)
    if noise is None or not noise.any():
        return plain, plain
    squares = plain - (noise[:, None] + noise[None, :])
    np.fill_diagonal(squares, 0.0)
    return plain, squares


def rates_of_axes(
    model: LambdaModel, products: np.ndarray, best: BestLambda, axes: int
) -> np.ndarray:
    """Estimate the rates of independent axes that behave as the embedding's own do.

    Eigenvalues of an estimated covariance are spread too widely when axes are as many as taxa;
    they are drawn together until their sum of squares is the unbiased one (Ledoit & Wolf 2004, J.
    Multivar. Anal. 88:365). Small ones are put together in groups.

    Parameters
    ----------
    model : LambdaModel
    products : array, shape (n, n)
        Of taxa, in the model's basis.
    best : BestLambda
        Fitted to them.
    axes : int
        Axes that they need (:func:`phylolens.stats.lambda_fit.count_axes`).

    Returns
    -------
    array, shape (k,)
        At most :data:`MOST_AXES`, largest first.
    """
    trace, squares = moments_of_rates(model, products, best, axes)
    values = np.linalg.eigvalsh(model.residuals(products, best.lambda_, best.rate))[::-1]
    values = values[: min(axes, len(values) - 1)].clip(0)
    values *= trace / values.sum()
    if squares <= trace**2 / len(values):  # more axes than taxa, all alike
        count = min(max(round(trace**2 / squares), 1), MOST_AXES)
        return np.full(count, trace / count)
    if len(values) > MOST_AXES:
        head, tail = values[: MOST_AXES // 2], values[MOST_AXES // 2 :]
        values = np.append(head, [part.sum() for part in np.array_split(tail, MOST_AXES // 2)])
    mean = trace / len(values)
    wanted, found = squares - trace * mean, float(values @ values) - trace * mean
    stretch = np.sqrt(max(wanted, 0.0) / found) if found > 0 else 0.0
    return (mean + min(stretch, 1.0) * (values - mean)).clip(0)
