"""Squared error clade by clade: where skill comes from, how sure it is, and what a change brings.

Squared errors of a few old or lone lineages can outweigh all others: one gymnosperm among
angiosperms, three ratites among birds. Skill earned on them says little of the other taxa, so those
are judged again without them. Pairs of taxa are not independent, clades are nearly so: a jackknife
over clades tells how much skill, or a change of it, rests on single ones (Efron & Tibshirani 1993,
ch. 11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.stats import t

from phylolens.guided.held_out import HeldOut

HALF = 0.5  # of the error
FEW = 0.1  # of the taxa


def clade_errors(found: HeldOut, genetic: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum squared errors over pairs of each clade's taxa, held out, with training taxa.

    Returns
    -------
    clades : int array, shape (C,)
    image_free, guided : array, shape (C,)
    """
    clades, codes = np.unique(found.groups, return_inverse=True)
    per_row = (
        np.nansum((predicted - genetic) ** 2, axis=1)
        for predicted in (found.image_free, found.guided)
    )
    free, guided = (np.bincount(codes, errors) for errors in per_row)
    return clades, free, guided


def by_clade(found: HeldOut, genetic: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """Score the taxa of every clade.

    Parameters
    ----------
    found : HeldOut
    genetic : array, shape (n, n)
    names : sequence of str
        Of the clades, by their numbers.

    Returns
    -------
    list of dict
        ``clade``, ``n_taxa``, ``share`` of the squared error of the best prediction without
        images, and ``skill``, most error first. Skill of all is the mean of theirs, weighted by the
        shares.
    """
    clades, free, guided = clade_errors(found, genetic)
    total = float(free.sum())
    return [
        {
            "clade": names[clades[place]],
            "n_taxa": int((found.groups == clades[place]).sum()),
            "share": float(free[place] / total) if total > 0 else None,
            "skill": float(1 - guided[place] / free[place]) if free[place] > 0 else None,
        }
        for place in np.lexsort((clades, -free))
    ]


def heaviest(found: HeldOut, genetic: np.ndarray) -> np.ndarray:
    """Find the clades that hold half of the squared error without images, if they are few taxa.

    No image is looked at: they are the same for every learner.

    Returns
    -------
    int array
        The fewest clades that do, most error first; none where they have more than a tenth of the
        taxa.
    """
    clades, free, _ = clade_errors(found, genetic)
    order = np.lexsort((clades, -free))
    sums = np.cumsum(free[order])
    fewest: np.ndarray = clades[order[: int(np.searchsorted(sums, HALF * sums[-1])) + 1]]
    if sums[-1] <= 0 or np.isin(found.groups, fewest).mean() > FEW:
        return fewest[:0]
    return fewest


FEWEST_CLADES = 5  # clades
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
    if n < FEWEST_CLADES:
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


LEVEL = 0.05  # of all comparisons of a table together


@dataclass(frozen=True)
class DrawnErrors:
    """Squared errors of one method, summed by held-out clade.

    Parameters
    ----------
    guided : array, shape (R, C)
        Of the guided predictions, for each of R draws of images and C clades.
    image_free : array, shape (C,)
        Of the best prediction without images: the same for all draws and methods.
    """

    guided: np.ndarray
    image_free: np.ndarray

    @property
    def skills(self) -> np.ndarray:
        """Skill of each draw, shape (R,)."""
        found: np.ndarray = 1.0 - self.guided.sum(axis=1) / self.image_free.sum()
        return found


def change_of_skill(
    after: DrawnErrors, before: DrawnErrors, *, comparisons: int = 1
) -> dict[str, float | bool]:
    """Compare two methods on the same held-out clades.

    Parameters
    ----------
    after, before : DrawnErrors
        Of the same C clades, at least two. Their draws are taken as independent of each other,
        which makes ``se`` too large rather than too small where they share images.
    comparisons : int
        Made together: the threshold of ``beyond_noise`` is raised as Bonferroni proposed.

    Returns
    -------
    dict
        ``skill``, the mean gain; ``se_draws`` and ``se_clades``, its standard errors over draws and
        over clades; ``se``, both together; ``beyond_noise``, whether the gain over ``se`` exceeds
        the two-sided 5% point of Student's t with C - 1 degrees of freedom: approximate, since
        clades are few and of unequal size.
    """
    saved = before.guided.mean(axis=0) - after.guided.mean(axis=0)
    free = before.image_free
    gain = float(saved.sum() / free.sum())
    n = len(free)
    without = (saved.sum() - saved) / (free.sum() - free)
    over_clades = float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    over_draws = float(np.sqrt(_squared_error(after.skills) + _squared_error(before.skills)))
    error = float(np.hypot(over_clades, over_draws))
    limit = float(stats.t.ppf(1 - LEVEL / 2 / comparisons, n - 1))
    return {
        "skill": gain,
        "se_draws": over_draws,
        "se_clades": over_clades,
        "se": error,
        "beyond_noise": bool(abs(gain) > limit * error),
    }


def _squared_error(skills: np.ndarray) -> float:
    """Squared standard error of the mean; nothing where there was nothing to draw."""
    return float(skills.var(ddof=1) / len(skills)) if len(skills) > 1 else 0.0
