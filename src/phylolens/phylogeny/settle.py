"""From the numbers of a file to distances: rounding smoothed, similarities turned round."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from phylolens.errors import InputError

ROUNDING = 1e-6  # of the largest value: written matrices are rounded
FLAT = 0.02  # of the diagonal: how far it may vary in a matrix of similarities


def settled(values: np.ndarray, names: Sequence[str], path: Path, said: list[str]) -> np.ndarray:
    """Return exactly symmetric distances with a diagonal of zero.

    A constant diagonal that no other value exceeds is one of similarities, which become distances:
    the diagonal less the similarity. Negative distances and asymmetry of the size of rounding are
    smoothed.

    Parameters
    ----------
    values : array of float, shape (n, n)
    names : sequence of str
    path : Path
        For messages.
    said : list of str
        Receives what was changed.

    Raises
    ------
    InputError
        If a value is missing or infinite, a distance negative, the matrix asymmetric, or the
        diagonal neither zero nor constant.
    """
    _require_finite(values, names, path)
    scale = float(np.abs(values).max()) or 1.0
    asymmetry = np.abs(values - values.T)
    if asymmetry.max() > ROUNDING * scale:
        far = np.flatnonzero((asymmetry > ROUNDING * scale).any(axis=1))
        i, j = map(int, np.unravel_index(int(asymmetry.argmax()), asymmetry.shape))
        raise InputError(
            f"the matrix is not symmetric: {names[i]} to {names[j]} is {values[i, j]:g}, "
            f"{names[j]} to {names[i]} is {values[j, i]:g}.",
            where=path,
            ids=[names[int(row)] for row in far],
            hint="The distance from one taxon to another must be the same in both directions.",
        )
    values = (values + values.T) / 2
    values = _of_similarities(values, path, said, scale)
    negative = values < 0
    if (values < -ROUNDING * scale).any():
        wrong = np.flatnonzero((values < -ROUNDING * scale).any(axis=1))
        raise InputError(
            f"negative distances, down to {values.min():g}.",
            where=path,
            ids=[names[int(row)] for row in wrong],
            hint="Set them to zero if they are rounding errors.",
        )
    if negative.any():
        said.append(f"{int(negative.sum()) // 2} negative values of rounding size became zero")
    values = np.where(negative, 0.0, values)
    np.fill_diagonal(values, 0.0)
    return values


def _of_similarities(values: np.ndarray, path: Path, said: list[str], scale: float) -> np.ndarray:
    own = np.diag(values)
    if np.abs(own).max() <= ROUNDING * scale:
        return values
    top = float(own.mean())
    outside = values[~np.eye(len(values), dtype=bool)]
    flat = np.ptp(own) <= FLAT * abs(top)
    if not flat or top <= 0 or outside.max(initial=-np.inf) > top * (1 + FLAT):
        raise InputError(
            f"the diagonal runs from {own.min():g} to {own.max():g}: it is neither zero, as of "
            "distances, nor the largest value throughout, as of similarities.",
            where=path,
            hint="Give distances; a covariance is to be turned into distances first.",
        )
    shown = f"{round(top, 6):g}"
    said.append(
        f"the diagonal is {shown}, so these are similarities; they became distances, {shown} less "
        "the similarity"
    )
    found = top - values
    np.fill_diagonal(found, 0.0)
    return np.where(np.abs(found) <= FLAT * top, np.maximum(found, 0.0), found)


def _require_finite(values: np.ndarray, names: Sequence[str], path: Path) -> None:
    wrong = ~np.isfinite(values)
    if not wrong.any():
        return
    both = np.argwhere(wrong | wrong.T).tolist()
    pairs = [f"{names[i]} and {names[j]}" for i, j in both if i < j]
    taxa = [names[int(row)] for row in np.flatnonzero(wrong.any(axis=1))]
    shown = f" Pairs: {', '.join(pairs[:3])}." if pairs else ""
    raise InputError(
        f"missing or infinite distances.{shown}",
        where=path,
        ids=taxa,
        hint="Remove these taxa or fill them.",
    )
