"""Mark pairs of taxa whose likeness, or unlikeness, may be that of the sources of their images.

Two taxa of one source may look alike for it, two relatives of different sources apart. Such pairs
are a group of their own. False-discovery rates are taken within each group, so that what a source
does to its images decides nothing about the other pairs.
"""

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control


def compare_sources(pairs: np.ndarray, sources: pd.DataFrame | None) -> tuple[list[str], list[str]]:
    """Tell in which columns both taxa of a pair have the same value, and in which another.

    Parameters
    ----------
    pairs : array of str, shape (m, 2)
        Names of taxa.
    sources : DataFrame of str or None
        Index: taxa; one column a confound; missing where unknown.

    Returns
    -------
    same, other : list of str, length m
        Names of the columns, separated by ``"; "``; blank where there is none. A column unknown of
        either taxon is in neither.

    Examples
    --------
    >>> sources = pd.DataFrame({"museum": {"a": "X", "b": "X", "c": "Y"}})
    >>> compare_sources(np.array([["a", "b"], ["a", "c"]]), sources)
    (['museum', ''], ['', 'museum'])
    """
    if sources is None or not sources.shape[1]:
        return [""] * len(pairs), [""] * len(pairs)
    one, two = (sources.reindex(list(pairs[:, side])).to_numpy(dtype=object) for side in (0, 1))
    known = pd.notna(one) & pd.notna(two)
    equal = one == two
    names = np.array([str(name) for name in sources.columns], dtype=object)
    same = ["; ".join(names[row]) for row in known & equal]
    return same, ["; ".join(names[row]) for row in known & ~equal]


def adjusted_by_group(p_values: np.ndarray, suspect: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's q-values, of suspect pairs and of others apart.

    Parameters
    ----------
    p_values : array, shape (m,)
    suspect : bool array, shape (m,)
        Pairs that a source may have made.
    """
    found = np.asarray(p_values, dtype=np.float64).copy()
    for group in (suspect, ~suspect):
        if group.any():
            found[group] = false_discovery_control(found[group])
    return found
