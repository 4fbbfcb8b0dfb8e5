"""A threshold that keeps the promise in every stratum: known taxa, unknown species, genera, ...

One threshold for a mix lets the frequent strata pay for the rare ones. Here every stratum of
calibration rows sets a threshold of its own (Mondrian conformal prediction, Vovk, Gammerman &
Shafer 2005) and the largest is taken. In unknown strata the unit is the taxon, not the specimen:
what is new to come is another taxon, and specimens of one fare alike (Lee, Barber & Willett 2023,
arXiv 2306.06342).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.classification.conformal import threshold
from phylolens.errors import InputError
from phylolens.taxonomy import require_rank

ALPHA_UNKNOWN = 0.2  # accepted share of wrong answers in each unknown stratum


@dataclass(frozen=True)
class Strata:
    """Stratum and unit of each of ``n`` calibration rows.

    Parameters
    ----------
    names : array of str, shape (n,)
        From :func:`phylolens.classification.strata.strata`.
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


Shares = float | Mapping[str, float]
WHERE = "--unknown-share"


def expected_mix(strata: np.ndarray, unknown: Shares) -> dict[str, float]:
    """Share of each stratum among new specimens.

    Parameters
    ----------
    strata : array of str, shape (n,)
        Of calibration rows, from :func:`phylolens.classification.strata.strata`.
    unknown : float or mapping of str to float
        Share of specimens of unknown taxa. A number is shared evenly by the unknown strata that
        are there. A mapping names the rank that is the coarsest unknown one, such as
        ``{"species": 0.05, "genus": 0.02}``; other ranks have none, and strata that there are no
        calibration rows for are left out, the others making up the whole.

    Returns
    -------
    dict of str to float
        They sum to one.
    """
    if not isinstance(unknown, Mapping):
        return default_mix(strata, 1 - unknown)
    found = sorted({str(name) for name in strata} - {"no label"})
    known = [name for name in found if name.startswith("known ")]
    left = 1 - sum(unknown.values())
    shares = {name: left / len(known) for name in known}
    shares |= {f"unknown {rank}": share for rank, share in unknown.items()}
    here = {name: share for name, share in shares.items() if name in found}
    total = sum(here.values())
    return {name: share / total for name, share in here.items()} if total > 0 else {}


def require_shares(unknown: Shares, ranks: Sequence[str] | None = None) -> None:
    """Refuse shares that cannot be, or of ranks that are not among ``ranks``.

    Raises
    ------
    InputError
    """
    values = list(unknown.values()) if isinstance(unknown, Mapping) else [unknown]
    if min(values, default=0.0) < 0 or not sum(values) < 1:
        raise InputError(
            "shares of unknown taxa must be 0 or more and add up to less than 1.", where=WHERE
        )
    if ranks is not None and isinstance(unknown, Mapping):
        for rank in unknown:
            require_rank(ranks, rank, where=WHERE)


def strata(train_table: pd.DataFrame, table: pd.DataFrame, ranks: tuple[str, ...]) -> np.ndarray:
    """Name what is new about each row: ``known species``, ``unknown genus`` and so on.

    Parameters
    ----------
    train_table, table : DataFrame
        Rank columns; the rows a model learnt from, and the rows to name.
    ranks : tuple of str
        Coarse to fine.

    Returns
    -------
    array of str, shape (n,)
        ``unknown RANK`` for the coarsest rank whose label was not trained on; otherwise ``known``
        and the finest of ``ranks``, also for rows whose own labels are coarser; ``no label`` for
        rows without any.
    """
    named = np.full(len(table), f"known {ranks[-1]}", dtype=object)
    named[table[list(ranks)].isna().all(axis=1).to_numpy(bool)] = "no label"
    for rank in reversed(ranks):
        new = table[rank].notna() & ~table[rank].isin(train_table[rank].dropna())
        named[new.to_numpy(bool)] = f"unknown {rank}"
    return named.astype(str)


def default_mix(strata: np.ndarray, known_share: float = 0.9) -> dict[str, float]:
    """Share of each stratum that is there: known ones 0.9, the unknown ones evenly the rest.

    With only known, or only unknown, taxa these make up the whole.
    """
    found = sorted({str(name) for name in strata} - {"no label"})
    known = [name for name in found if name.startswith("known ")]
    unknown = [name for name in found if not name.startswith("known ")]
    share = known_share if known and unknown else float(bool(known))
    shares = {name: share / len(known) for name in known}
    return shares | {name: (1 - share) / len(unknown) for name in unknown}


def mix_weights(
    strata: np.ndarray, mix: dict[str, float], units: np.ndarray | None = None
) -> np.ndarray:
    """Weigh rows so that their strata have the shares of ``mix``.

    Parameters
    ----------
    strata : array of str, shape (n,)
        Of calibration rows.
    mix : dict
        Share of each stratum; strata left out get no weight.
    units : array, shape (n,), optional
        Specimens; without them every row is one. A specimen may be in several strata, when
        several models answered about it.

    Returns
    -------
    array, shape (n,)
        The specimens of a stratum share its share evenly, and the rows of a specimen theirs.

    Raises
    ------
    InputError
        If a share is negative, or a stratum with a share has no rows.
    """
    missing = sorted(name for name, share in mix.items() if share > 0 and name not in strata)
    if missing or min(mix.values(), default=0.0) < 0:
        raise InputError(
            "every stratum of the mix needs calibration specimens and a share of at least 0.",
            ids=missing or [f"{name}: {share}" for name, share in mix.items()],
        )
    units = np.arange(len(strata)) if units is None else np.asarray(units)
    weights = np.zeros(len(strata))
    for name, share in mix.items():
        rows = np.asarray(strata) == name
        if rows.any():
            codes, counts = np.unique(units[rows], return_inverse=True, return_counts=True)[1:]
            weights[rows] = share / len(counts) / counts[codes]
    return weights
