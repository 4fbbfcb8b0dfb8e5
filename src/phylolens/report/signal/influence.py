"""The taxon whose absence changes the correlation most."""

from typing import Any

import numpy as np
import pandas as pd

from phylolens.stats.correlation import correlation, correlation_without_each

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
    without = correlation_without_each(x, genetic.to_numpy())
    upper = np.triu_indices(len(genetic), k=1)
    full = correlation(x[upper], genetic.to_numpy()[upper])
    if full is None or not np.isfinite(without).any():
        return None
    place = int(np.nanargmax(np.abs(without - full)))
    return {"taxon": str(genetic.index[place]), "pearson": float(without[place])}
