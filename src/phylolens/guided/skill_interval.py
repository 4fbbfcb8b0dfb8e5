"""How much the skill on clades never seen rests on single clades: a jackknife over clades.

Pairs of taxa are not independent, clades are nearly so. Each clade is left out of the score in
turn, where it is held out and where it is trained on; nothing is fitted again.
"""

import numpy as np
from scipy.stats import t

FEWEST = 5  # clades
COVERAGE = 0.95


def skill_interval(
    guided: np.ndarray, free: np.ndarray, genetic: np.ndarray, groups: np.ndarray
) -> list[float] | None:
    """Jackknife interval of the skill, on the logarithm of the ratio of errors.

    With Student's t (Tukey 1958, Ann. Math. Stat. 29:614; Miller 1974, Biometrika 61:1). It is an
    interval for the skill that traits evolving anew along the same tree would have on average, not
    for that on other trees, which differ by more.

    Parameters
    ----------
    guided, free : array, shape (n, n)
        Predictions with and without images; NaN within clades.
    genetic : array, shape (n, n)
    groups : int array, shape (n,)
        Clade of each taxon.

    Returns
    -------
    list of float or None
        Low and high end; None with fewer than five clades, or where no error is left without one.
    """
    with_images, without = (_by_clades(one, genetic, groups) for one in (guided, free))
    n = len(with_images)
    if n < FEWEST:
        return None
    left = np.stack([_without_each(errors) for errors in (with_images, without)])
    if not (left > 0).all():
        return None
    ratios = np.log(left[0] / left[1])
    error = np.sqrt((n - 1) / n * ((ratios - ratios.mean()) ** 2).sum())
    middle = np.log(with_images.sum() / without.sum())
    reach = float(t.ppf((1 + COVERAGE) / 2, n - 1)) * error
    return [float(1 - np.exp(middle + reach)), float(1 - np.exp(middle - reach))]


def _by_clades(predicted: np.ndarray, genetic: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sum squared errors by clade held out (row) and clade trained on (column), shape (C, C)."""
    errors = np.nan_to_num((predicted - genetic) ** 2)  # not predicted: within clades
    clade = (groups[:, None] == np.unique(groups)).astype(np.float64)
    sums: np.ndarray = clade.T @ errors @ clade
    return sums


def _without_each(errors: np.ndarray) -> np.ndarray:
    """Sum of all errors but those that a clade has part in, shape (C,)."""
    left: np.ndarray = errors.sum() - errors.sum(axis=0) - errors.sum(axis=1) + np.diag(errors)
    return left
