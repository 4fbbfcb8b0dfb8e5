"""Taxa as clouds of specimens: how far apart two normal distributions are."""

import numpy as np

from phylolens.errors import InputError

PRIOR_WEIGHT = 10  # specimens that the pooled variance counts for beside a taxon's own
LEAST_SHARE = 0.01  # of the mean pooled variance: no feature constant within taxa decides alone
ROUNDING = 1e-13  # relative to what cancels


def pooled_variances(squares: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Variance of each feature within all taxa, shape (d,), none of it zero.

    Parameters
    ----------
    squares, sizes : array
        As for :func:`shrunk_variances`.

    Raises
    ------
    InputError
        If no taxon has two specimens that differ.
    """
    freedom = sizes - 1
    total = squares.sum(axis=0)
    if freedom.sum() <= 0 or not total.any():
        raise InputError(
            "the distance 'gaussian-kl' needs variation within taxa, and no taxon has two "
            "specimens that differ.",
            where="--distance",
            hint="Choose chord, which needs one row a taxon.",
        )
    pooled = total / freedom.sum()
    found: np.ndarray = np.maximum(pooled, LEAST_SHARE * pooled.mean())
    return found


def shrunk_variances(
    squares: np.ndarray, sizes: np.ndarray, pooled: np.ndarray | None = None
) -> np.ndarray:
    """Variance of each feature within each taxon, drawn towards that within all taxa.

    From two or three specimens a variance is hardly known, and ratios of such variances would
    tell of the number of specimens, not of the taxa: ``(10 pooled + (k - 1) own) / (10 + k - 1)``,
    which is the pooled variance for a taxon of one specimen (k = 1).

    Parameters
    ----------
    squares : array, shape (T, d)
        Sums of squared differences of specimens from the mean of their taxon.
    sizes : int array, shape (T,)
        Specimens of each taxon.
    pooled : array, shape (d,), optional
        Of other taxa, by :func:`pooled_variances`; by default of these.

    Returns
    -------
    array, shape (T, d)
        Positive.

    Raises
    ------
    InputError
        If no taxon has two specimens that differ.
    """
    pooled = pooled_variances(squares, sizes) if pooled is None else pooled
    weight = PRIOR_WEIGHT + sizes[:, None] - 1
    return (PRIOR_WEIGHT * pooled + squares) / weight


def jeffreys(means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Jeffreys' divergence KL(i, j) + KL(j, i) of normal distributions with diagonal covariance.

    Jeffreys (1946) Proc. R. Soc. A 186:453; Kullback & Leibler (1951) Ann. Math. Stat. 22:79.

    Parameters
    ----------
    means, variances : array, shape (T, d)

    Returns
    -------
    array, shape (T, T)
        Natural units; zero on the diagonal.
    """
    means = means - means.mean(axis=0)  # less to cancel
    precision = 1.0 / variances
    crossed = (variances + means**2) @ precision.T
    crossed -= 2.0 * (means @ (means * precision).T)
    crossed += np.einsum("ij,ij->i", means**2, precision)
    both = (crossed + crossed.T) / 2
    divergence = both - means.shape[1]
    return np.where(divergence > ROUNDING * both, divergence, 0.0)
