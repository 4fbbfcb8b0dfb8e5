"""Hold values of pairs against simulated ones, pooled over pairs."""

import numpy as np

ENOUGH = 30  # pairs from which the width of their distribution can be told
MIDDLE = (0.25, 0.75)
STILL = 1e-6  # variance, relative to the size of the values, that is rounding


class PairNull:
    """The null of the values of pairs: standardised pair by pair, then pooled over pairs.

    A pair's own mean and variance come from its simulated values; the shape is that of all pairs,
    so that small p-values need few simulations. A simulated value is held against the other
    simulations only, as the observed one is: otherwise few of them would look too narrow.

    Where the bulk of the observed values is wider than the simulated ones, evolution was not as
    even as Brownian motion; values are divided by that width (never by less than 1), so that only
    pairs that stand out of the bulk can be significant (Devlin & Roeder 1999, Biometrics 55:997,
    for the idea). The same is done to every simulation.

    Parameters
    ----------
    observed : array, shape (m,)
    simulations : array of float32, shape (simulations, m)
        At least three rows; overwritten.
    """

    def __init__(self, observed: np.ndarray, simulations: np.ndarray) -> None:
        count = len(simulations)
        self.mean = simulations.mean(axis=0, dtype=np.float64)
        size = np.einsum("ij,ij->j", simulations, simulations, dtype=np.float64)
        sums = size - count * self.mean**2
        sums[sums <= STILL * np.maximum(size, 1e-30)] = (
            np.inf
        )  # a pair that cannot vary is never extreme
        self.sd = np.sqrt(sums / (count - 1) * (1 + 1 / count))
        for row in simulations:
            gap = (row - self.mean) * count / (count - 1)
            left = sums - gap**2 * (count - 1) / count
            row[:] = gap / np.sqrt(left.clip(1e-30) / (count - 2) * (1 + 1 / (count - 1)))
        self.width = 1.0
        if len(observed) >= ENOUGH:
            drawn = _bulk(simulations)
            usual = max(float(np.median(drawn)), 1e-30)
            self.width = max(1.0, float(_bulk((observed - self.mean) / self.sd) / usual))
            simulations /= np.maximum(1.0, drawn / usual)[:, None].astype(simulations.dtype)
        self.pooled = np.sort(simulations, axis=None)

    def standardised(
        self, values: np.ndarray, pairs: np.ndarray | slice = slice(None)
    ) -> np.ndarray:
        """Return ``values`` of ``pairs`` in standard deviations of their null."""
        return (values - self.mean[pairs]) / self.sd[pairs] / self.width

    def p_values(self, values: np.ndarray, pairs: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the share of the null that is at or below ``values`` of ``pairs``."""
        z = self.standardised(values, pairs)
        below = np.searchsorted(self.pooled, z.astype(self.pooled.dtype), side="right")
        return (below + 1.0) / (len(self.pooled) + 1.0)


def _bulk(values: np.ndarray) -> np.ndarray:
    """Return the distance between quartiles along the last axis."""
    low, high = np.quantile(values, MIDDLE, axis=-1)
    return np.asarray(high - low)
