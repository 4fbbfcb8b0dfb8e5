"""Are sequences saturated? Raw differences that no longer grow with distance.

Where sites have changed several times, differences between sequences tend to a constant and tell
less and less of the time that passed. The corrected distances of a model bend the curve straight
again, at the price of variance; a tree beside the sequences shows it without a model.
"""

import numpy as np

from phylolens.results.barcodes import Saturation

NEAR_UNRELATED = (
    0.8  # of the differences between unrelated sequences: 1.2 substitutions a site, JC69
)
FEWEST_PAIRS = 3  # for a slope


def saturation(
    raw: np.ndarray, beside: np.ndarray, against: str, frequencies: np.ndarray
) -> Saturation:
    """Hold raw differences against distances.

    Parameters
    ----------
    raw : array of float, shape (n, n)
        Share of sites that differ.
    beside : array of float, shape (n, n)
        Distances of the same taxa in the same order; NaN where there is none.
    against : str
        What ``beside`` is.
    frequencies : array of float, shape (4,)
        Of A, C, G and T.

    Returns
    -------
    Saturation

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens.stats.saturation import saturation
    >>> apart = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    >>> found = saturation(np.minimum(apart, 2) / 4, apart, "tree", np.full(4, 0.25))
    >>> round(found.slope_near, 2), abs(round(found.slope_far, 2)), found.unrelated
    (0.25, 0.0, 0.75)
    """
    upper = np.triu_indices(len(raw), k=1)
    y, x = raw[upper], beside[upper]
    known = np.isfinite(x)
    unrelated = 1.0 - float(np.square(frequencies).sum())
    y_known, x_known = y[known], x[known]
    middle = np.median(x_known) if len(x_known) else np.nan
    near, far = x_known <= middle, x_known >= middle
    return Saturation(
        against=against,
        n_pairs=len(y),
        n_undefined=int((~known).sum()),
        unrelated=unrelated,
        largest=float(y.max()),
        share_near_unrelated=float(np.mean(y >= NEAR_UNRELATED * unrelated)),
        slope_near=_slope(x_known[near], y_known[near]),
        slope_far=_slope(x_known[far], y_known[far]),
    )


def _slope(x: np.ndarray, y: np.ndarray) -> float | None:
    """Least-squares slope of y over x; None with too few pairs or one distance only."""
    if len(x) < FEWEST_PAIRS or np.ptp(x) <= 1e-12 * np.abs(x).max():
        return None
    centred = x - x.mean()
    return float(centred @ y / (centred @ centred))
