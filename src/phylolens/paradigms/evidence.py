"""One rule for all claims: when it holds, when it does not, and when nothing can be said.

A claim names a difference that is above zero if it is right. The difference is measured on units
that are nearly independent (clades, or disjoint groups of taxa) and, where training or the
experiment is random, for several draws. Its interval decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from phylolens.errors import TooFew
from phylolens.paradigms.claim import Holds, Verdict

LEVEL = 0.05  # two-sided, of all differences of a claim together
FEWEST = 5  # units
HOLDS: Holds = "holds"
FAILS: Holds = "does not hold"
OPEN: Holds = "cannot be said"


@dataclass(frozen=True)
class Difference:
    """A difference as it was measured; above zero is the side of the claim.

    Parameters
    ----------
    name : str
        What is subtracted from what, as it is printed.
    value : float
    error : float
        Standard error.
    units : int
        Number of units that it rests on.
    unit : str
        What they are, in the plural.
    """

    name: str
    value: float
    error: float
    units: int
    unit: str = "clades"

    def interval(self, comparisons: int = 1) -> tuple[float, float]:
        """Interval of Student's t, wider where several differences are looked at (Bonferroni)."""
        reach = float(t.ppf(1 - LEVEL / 2 / comparisons, self.units - 1)) * self.error
        return self.value - reach, self.value + reach


def over_units(
    name: str, differences: np.ndarray, weights: np.ndarray, unit: str = "clades"
) -> Difference:
    """Measure a ratio of sums, ``differences / weights``, with its standard error.

    Over units by a jackknife (Efron & Tibshirani 1993, ch. 11), over draws from their spread; both
    are added in quadrature, which is too large rather than too small.

    Parameters
    ----------
    name : str
    differences : array, shape (R, U)
        Of each draw, summed over what a unit holds.
    weights : array, shape (U,)
        What a unit counts, such as its number of taxa; those of zero are left out.
    unit : str

    Raises
    ------
    TooFew
        With fewer than five units.
    """
    kept = np.asarray(weights) > 0
    sums, sizes = np.atleast_2d(differences)[:, kept], np.asarray(weights, dtype=float)[kept]
    draws, n = sums.shape
    if n < FEWEST:
        raise TooFew(f"it takes at least {FEWEST} {unit} to say how sure this is; there are {n}.")
    mean = sums.mean(axis=0)
    without = (mean.sum() - mean) / (sizes.sum() - sizes)
    over = float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    totals = sums.sum(axis=1) / sizes.sum()
    drawn = float(totals.std(ddof=1) / np.sqrt(draws)) if draws > 1 else 0.0
    return Difference(name, float(mean.sum() / sizes.sum()), float(np.hypot(over, drawn)), n, unit)


def judge(differences: Sequence[Difference], beside: Mapping[str, float] | None = None) -> Verdict:
    """Decide on a claim.

    It holds where the interval of a difference lies above zero and that of none below; it does not
    where one lies below and none above; else it cannot be said.

    Parameters
    ----------
    differences : sequence of Difference
        Intervals are widened for their number.
    beside : mapping of str to float, optional
        Other figures to print, by what they are.

    Examples
    --------
    >>> from phylolens.paradigms.evidence import Difference, judge
    >>> judge([Difference("mAP, mined less random", 0.1, 0.01, 20)]).holds
    'holds'
    >>> judge([Difference("mAP, mined less random", 0.1, 0.10, 20)]).holds
    'cannot be said'
    """
    above = below = False
    parts: list[str] = []
    values: dict[str, float] = {}
    for one in differences:
        low, high = one.interval(len(differences))
        above, below = above or low > 0, below or high < 0
        parts.append(f"{one.name}: {one.value:+.3f} ({low:+.3f} to {high:+.3f})")
        values |= {one.name: one.value, f"{one.name}, low": low, f"{one.name}, high": high}
    units = differences[0]
    parts[-1] += f" over {units.units} {units.unit}"
    for name, value in (beside or {}).items():
        parts.append(f"{name} {value:.3g}")
        values[name] = value
    holds = OPEN
    if above != below:
        holds = HOLDS if above else FAILS
    return Verdict(holds, "; ".join(parts), values)
