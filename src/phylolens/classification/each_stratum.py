"""A threshold that keeps the promise in every stratum: known taxa, unknown species, genera, ...

One threshold for a mix lets the frequent strata pay for the rare ones. Here every stratum of
calibration rows sets a threshold of its own (Mondrian conformal prediction, Vovk, Gammerman &
Shafer 2005) and the largest is taken. In unknown strata the unit is the taxon, not the specimen:
what is new to come is another taxon, and specimens of one fare alike (Lee, Barber & Willett 2023,
arXiv 2306.06342).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.classification.conformal import threshold

ALPHA_UNKNOWN = 0.2  # accepted share of wrong answers in each unknown stratum


@dataclass(frozen=True)
class Strata:
    """Stratum and unit of each of ``n`` calibration rows.

    Parameters
    ----------
    names : array of str, shape (n,)
        From :func:`phylolens.classification.conformal.strata`.
    units : array of str, shape (n,)
        From :func:`units_of`.
    weights : array of float64, shape (n,)
        Of the expected mix.
    specimens : array of str, shape (n,)
    """

    names: np.ndarray
    units: np.ndarray
    weights: np.ndarray
    specimens: np.ndarray


def units_of(strata: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    """Name what counts as one: in unknown strata the unknown taxon, otherwise the specimen.

    Parameters
    ----------
    strata : array of str, shape (n,)
    table : DataFrame, n rows
        Columns ``specimen_id`` and the ranks.

    Returns
    -------
    array of str, shape (n,)
    """
    units = np.array([str(name) for name in table["specimen_id"]], dtype=object)
    for name in np.unique(strata):
        kind, _, rank = str(name).partition(" ")
        if kind == "unknown":
            rows = np.asarray(strata == name)
            units[rows] = [str(taxon) for taxon in table[rank].to_numpy(object)[rows]]
    return units.astype(str)


def taxa_needed(alpha: float) -> int:
    """Fewest taxa whose threshold is not set by the single hardest one: 9 for alpha 0.2."""
    return int(np.ceil(2 / alpha - 1e-9)) - 1


def promised(strata: np.ndarray, units: np.ndarray, alpha_unknown: float) -> list[str]:
    """List the unknown strata with enough taxa to promise anything for."""
    return [
        str(name)
        for name in np.unique(strata)
        if str(name).startswith("unknown ")
        and len(np.unique(units[strata == name])) >= taxa_needed(alpha_unknown)
    ]


def each_threshold(
    needed: np.ndarray,
    rows: Strata,
    alpha: float,
    alpha_unknown: float,
    *,
    lower: bool = False,
) -> float:
    """Choose the least threshold that serves the mix, known taxa, and every promised stratum.

    Parameters
    ----------
    needed : array, shape (n,)
        From :func:`phylolens.classification.conformal.needed`.
    rows : Strata
    alpha : float
        Accepted share of wrong answers in the mix, and among known taxa.
    alpha_unknown : float
        The same within each of the strata of :func:`promised`.
    lower : bool
        See :func:`phylolens.classification.conformal.threshold`.
    """
    limits = [threshold(needed, alpha, rows.weights, rows.specimens, lower=lower)]
    wanted: Mapping[str, float] = {
        **{str(name): alpha for name in np.unique(rows.names) if str(name).startswith("known ")},
        **dict.fromkeys(promised(rows.names, rows.units, alpha_unknown), alpha_unknown),
    }
    for name, share in wanted.items():
        here = rows.names == name
        limits.append(threshold(needed[here], share, units=rows.units[here], lower=lower))
    return max(limits)
