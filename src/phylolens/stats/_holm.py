"""Holm's correction of p-values for their number."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values so that any false rejection at all is as rare as each one was.

    Holm (1979) Scand. J. Stat. 6:65. The step-down maximum of ``p (m - rank + 1)``, as
    ``statsmodels.multipletests`` gives it; that one collects garbage on every call, which costs
    more than a test.

    Returns
    -------
    list of float
        In the order given, at most 1.
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    corrected = np.empty(len(given))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in corrected]
