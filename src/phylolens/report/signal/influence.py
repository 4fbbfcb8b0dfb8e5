"""The taxon whose absence changes the correlation most."""

from typing import Any

import numpy as np
import pandas as pd

from phylolens.stats.correlation import correlation

FEWEST_FOR_INFLUENCE = 5


def most_influential(
    visual: pd.DataFrame | None, genetic: pd.DataFrame | None
) -> dict[str, Any] | None:
    """Find the taxon whose absence changes the correlation most.

    A single distant taxon can carry a correlation of distances; a reader has to know.

    Parameters
    ----------
    visual, genetic : DataFrame, shape (T, T)
        Distances of the same taxa.

    Returns
    -------
    dict or None
        ``taxon`` and ``pearson`` without it; None with fewer than five taxa.
    """
    if visual is None or genetic is None or len(genetic) < FEWEST_FOR_INFLUENCE:
        return None
    x = visual.loc[genetic.index, genetic.index].to_numpy()
    without = _without_each(x, genetic.to_numpy())
    upper = np.triu_indices(len(genetic), k=1)
    full = correlation(x[upper], genetic.to_numpy()[upper])
    if full is None or not np.isfinite(without).any():
        return None
    place = int(np.nanargmax(np.abs(without - full)))
    return {"taxon": str(genetic.index[place]), "pearson": float(without[place])}


def _without_each(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Correlation of the pairs without each taxon in turn, shape (n,); NaN where one is constant.

    From sums over all pairs less those over a taxon's own pairs, so that thousands of taxa take
    one pass and not one each.
    """
    n = len(x)
    upper = np.triu_indices(n, k=1)
    x, y = (side - side[upper].mean() for side in (x, y))  # sums of squares cancel less

    def left(values: np.ndarray) -> np.ndarray:
        return values[upper].sum() - (values.sum(axis=1) - np.diag(values))

    pairs = (n - 1) * (n - 2) / 2
    mean_x, mean_y = left(x) / pairs, left(y) / pairs
    spread_x, spread_y = left(x * x) - pairs * mean_x**2, left(y * y) - pairs * mean_y**2
    product = spread_x * spread_y
    known = product > (1e-12 * (x[upper] @ x[upper])) * (y[upper] @ y[upper])
    covariance = left(x * y) - pairs * mean_x * mean_y
    return np.where(known, covariance / np.sqrt(np.where(known, product, 1.0)), np.nan)
