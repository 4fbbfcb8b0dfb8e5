"""Intervals of a statistic: over the choice of taxa, and over the choice of specimens."""

from collections.abc import Callable, Iterable

import numpy as np

from phylolens.random import stream

FEWEST_TAXA = 10
EACH_UP_TO = 100  # taxa that are left out one by one; of more, a group at a time
FEWEST_GROUPS, EVALUATIONS = 40, 10_000  # groups: evaluations over taxa, but no fewer than 40
FEWEST_REPLICATES = 20
NORMAL = 1.96
MOST_EXTRAPOLATED = 3.0  # beyond thrice the observed effect an extrapolation is a guess
TAXON_METHOD = (
    "influence of single taxa, jackknife: each left out in turn, or of more than "
    f"{EACH_UP_TO} taxa each of at least {FEWEST_GROUPS} random groups (Shao & Wu 1989)"
)
SPREAD_METHOD = (
    "spread over specimens, bootstrap of specimens within taxa (Rao & Wu 1988), the sampling "
    "noise of both draws subtracted"
)
SPECIMEN_METHOD = (
    "95% interval, bootstrap of specimens within taxa (Rao & Wu 1988), extrapolated to many "
    "specimens a taxon (Cook & Stefanski 1994); it need not hold the observed value, which "
    "specimens few in number draw towards no signal"
)

Limits = tuple[float, float]
CORRELATION: Limits = (-1.0, 1.0)


def taxon_interval(
    statistic: Callable[[np.ndarray], float | None],
    n: int,
    *,
    seed: int = 0,
    limits: Limits = CORRELATION,
) -> tuple[float, float] | None:
    """Influence of single taxa on a statistic: a jackknife over groups of them.

    No interval for a value of other taxa: relatives are no independent draws, and over trees it
    holds the mean of repeated evolution in two thirds of worlds, not in 95%
    (:mod:`phylolens.stats.model_intervals` has that one).

    Taxa drawn with replacement would be at distance zero from their doubles, and plain quantiles
    of subsamples span a fraction of the sampling error, since most taxa are shared; the jackknife
    scales their variance up. Shao & Wu (1989) Ann. Stat. 17:1176.

    Parameters
    ----------
    statistic : callable
        Takes the rows kept (sorted int array) and returns the statistic of these taxa, or None
        where it cannot be had.
    n : int
        Number of taxa.
    seed : int
        Seed of the groups; of up to 100 taxa each is left out once and nothing is random.
    limits : tuple of float
        Least and greatest value the statistic can have.

    Returns
    -------
    tuple of float or None
        None for fewer than 10 taxa, or where half of the groups or more give no value. Over taxa
        on a tree it tells how much the figure hangs on the taxa at hand, not where a population
        value lies: relatives are no independent draws.
    """
    if n < FEWEST_TAXA:
        return None
    every = np.arange(n)
    values = [statistic(np.setdiff1d(every, gone)) for gone in _groups(n, seed)]
    return jackknife_interval(statistic(every), values, limits=limits)


def _groups(n: int, seed: int) -> list[np.ndarray]:
    if n <= EACH_UP_TO:
        return list(np.arange(n)[:, None])
    order = stream(seed, "stats.jackknife_groups").permutation(n)
    return np.array_split(order, max(FEWEST_GROUPS, EVALUATIONS // n))


def jackknife_interval(
    observed: float | None, left_out: Iterable[float | None], *, limits: Limits = CORRELATION
) -> tuple[float, float] | None:
    """95% interval from the values without each group of taxa: variance ``(g-1)/g sum (v-mean)^2``.

    Parameters
    ----------
    observed : float or None
        The statistic of all taxa; None gives None.
    left_out : iterable of float or None
        The statistic without each of g groups of equal size; None or NaN where it cannot be had.
    limits : tuple of float
        Least and greatest value the statistic can have.

    Returns
    -------
    tuple of float or None
        None for fewer than 10 groups, or where half of them or more have no value.
    """
    given = np.array([np.nan if value is None else value for value in left_out], dtype=float)
    values = given[np.isfinite(given)]
    if observed is None or len(given) < FEWEST_TAXA or 2 * len(values) <= len(given):
        return None
    variance = (len(values) - 1) * float(np.var(values))
    half = NORMAL * float(np.sqrt(variance))
    return max(limits[0], observed - half), min(limits[1], observed + half)


def specimen_spread(
    observed: float, values: Iterable[float | None], *, limits: Limits = CORRELATION
) -> tuple[float, float] | None:
    """How far other specimens would move a statistic of distances without sampling noise.

    Replicates are free of the noise of both draws, so that they scatter about the observed value;
    their quantiles are reflected about it, as in the basic bootstrap.

    Parameters
    ----------
    observed, values, limits
        As for :func:`specimen_interval`.

    Returns
    -------
    tuple of float or None
        None with fewer than 20 values.
    """
    given = np.array([np.nan if value is None else value for value in values], dtype=float)
    given = given[np.isfinite(given)]
    if len(given) < FEWEST_REPLICATES:
        return None
    below, above = np.quantile(given, [0.025, 0.975]) - given.mean()
    low, high = np.clip([observed - above, observed - below], *limits)
    return float(low), float(high)


def specimen_interval(
    observed: float,
    values: Iterable[float | None],
    *,
    without_signal: float = 0.0,
    limits: Limits = CORRELATION,
) -> tuple[float, float] | None:
    """95% interval for the value that many specimens a taxon would give.

    Means of few specimens are noisy, and noise draws a statistic towards what it is without
    signal; replicates carry that noise twice. Their quantiles lie on the wrong side of the
    observed value and hold the one without noise in almost no world
    (verification/test_specimen_interval.py). What noise leaves of an effect e (statistic less
    its value without signal) is taken for ``e / (1 + a)`` with one helping and ``e / (1 + 2a)``
    with two, as for a correlation whose one side is measured with error; hence
    ``1 / (2 / observed - 1 / replicates)`` without: a simulation-extrapolation (Cook & Stefanski
    1994, J. Am. Stat. Assoc. 89:1314). The quantiles of the replicates are reflected, as in the
    basic bootstrap, and scaled by the square of that factor.

    Parameters
    ----------
    observed : float
        The statistic of the specimens at hand.
    values : iterable of float or None
        The statistic of each replicate of
        :func:`phylolens.stats.specimen_bootstrap.specimen_replicates`; None where it cannot be
        had.
    without_signal : float
        The statistic where visual distance has nothing to do with lineage: 0 for correlations,
        else the middle of its null distribution (K_mult, PROTEST, distances between trees).
    limits : tuple of float
        Least and greatest value the statistic can have.

    Returns
    -------
    tuple of float or None
        None with fewer than 20 values. Far too narrow where many taxa have a single specimen.
    """
    given = np.array([np.nan if value is None else value for value in values], dtype=float)
    effects = given[np.isfinite(given)] - without_signal
    if len(effects) < FEWEST_REPLICATES:
        return None
    effect, mean = observed - without_signal, float(effects.mean())
    factor = _extrapolated(effect, mean)
    below, above = np.quantile(effects, [0.025, 0.975]) - mean
    ends = without_signal + factor * effect - factor**2 * np.array([above, below])
    low, high = np.clip(ends, *limits)
    return float(low), float(high)


def _extrapolated(effect: float, mean: float) -> float:
    """Factor to the effect without noise, from that with one helping and the mean with two."""
    if effect * mean <= 0:
        return 1.0
    left = max(2.0 - effect / mean, 1.0 / MOST_EXTRAPOLATED)
    return float(1.0 / left)
