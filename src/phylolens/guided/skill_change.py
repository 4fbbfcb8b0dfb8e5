"""How much skill a change of method brings, and whether that is more than noise.

Two sources of noise count. Where images are drawn at random another draw would have given another
skill: the standard error of the mean over draws. And other clades would have been predicted better
or worse by either method: a delete-one-clade jackknife of the change (Efron & Tibshirani 1993,
ch. 11), which keeps pairs of one held-out clade together, since they are not independent.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

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
