"""Which taxa are held out together: the clades of a coarser rank, and folds of whole clades."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import InputError, TooFew

FEWEST_CLADES = 3  # one to hold out, two to calibrate on
OPTION = "--held-out"


@dataclass(frozen=True)
class Clades:
    """The clade of each taxon.

    Parameters
    ----------
    rank : str
        Rank of the clades.
    groups : int array, shape (T,)
        Number of each taxon's clade, by the sorted names of the clades; taxa of unknown clade come
        last, each a clade of its own.
    unknown : tuple of str
        Taxa of which the clade is not known.
    names : tuple of str
        Of the clades, by their numbers; a taxon of unknown clade lends its own.
    """

    rank: str
    groups: np.ndarray
    unknown: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of clades."""
        return len(np.unique(self.groups))


def clades_of(lineage: pd.DataFrame, asked: str | None = None) -> Clades:
    """Find the clades to hold out.

    Parameters
    ----------
    lineage : DataFrame
        One row a taxon; rank columns, coarse to fine, the last being that of the taxa.
    asked : str, optional
        The rank whose clades are held out; that of the taxa holds each out alone. By default the
        next coarser one with at least three clades.

    Raises
    ------
    TooFew
        If there are fewer than three clades.
    InputError
        If the rank is not among the columns.
    """
    own = str(lineage.columns[-1])
    if asked is not None:
        if asked not in lineage.columns:
            raise InputError(
                f"clades of rank '{asked}' cannot be held out; the ranks down to {own} are: "
                f"{', '.join(lineage.columns)}.",
                where=OPTION,
            )
        found = _clades(lineage, asked)
        if found.n < FEWEST_CLADES:
            raise TooFew(f"{_few(found)}: at least three are needed.", hint=_hint(lineage, own))
        return found
    for rank in reversed(lineage.columns[:-1]):
        found = _clades(lineage, rank)
        if found.n >= FEWEST_CLADES:
            return found
    if len(lineage.columns) > 1:
        problem = f"{_few(_clades(lineage, lineage.columns[-2]))}: at least three are needed"
    else:
        problem = f"there is no rank above {own} of which whole clades could be held out"
    raise TooFew(f"{problem}.", hint=_hint(lineage, own))


def _clades(lineage: pd.DataFrame, rank: str) -> Clades:
    if rank == lineage.columns[-1]:
        return Clades(rank, np.arange(len(lineage)), (), tuple(map(str, lineage.index)))
    codes, known = pd.factorize(lineage[rank], sort=True)
    lost = np.flatnonzero(codes < 0)
    codes[lost] = codes.max(initial=-1) + 1 + np.arange(len(lost))
    unknown = tuple(str(name) for name in lineage.index[lost])
    return Clades(rank, codes, unknown, (*map(str, known), *unknown))


def _few(found: Clades) -> str:
    held = "the taxa compared are of one" if found.n == 1 else f"the taxa compared are of {found.n}"
    return f"{held} {found.rank}"


def _hint(lineage: pd.DataFrame, own: str) -> str:
    if len(lineage) < FEWEST_CLADES:
        return f"Give more taxa of rank {own}."
    others = [rank for rank in lineage.columns[:-1] if _clades(lineage, rank).n >= FEWEST_CLADES]
    named = f"{OPTION} {others[-1]} holds out clades of that rank; " if others else ""
    return (
        f"Give more taxa; or {named}{OPTION} {own} leaves one {own} out at a time (near relatives "
        "stay in training, so figures flatter)."
    )


INNER_FOLDS = 5
FEWEST_KEPT = 2  # training taxa of an inner fold: one alone has no distance to learn from


def clade_folds(groups: np.ndarray, folds: int) -> list[np.ndarray]:
    """Deal whole clades to folds of about equal numbers of taxa, largest clades first."""
    clades, sizes = np.unique(groups, return_counts=True)
    loads = np.zeros(min(folds, len(clades)))
    fold_of = {}
    for place in np.lexsort((clades, -sizes)):
        lightest = int(np.argmin(loads))
        fold_of[clades[place]] = lightest
        loads[lightest] += sizes[place]
    codes = np.array([fold_of[group] for group in groups])
    return [np.flatnonzero(codes == fold) for fold in range(len(loads))]


def folds_of(groups: np.ndarray, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places left out of and kept in each fold; folds that keep a single taxon are dropped."""
    places = np.arange(len(groups))
    pairs = [(out, np.setdiff1d(places, out)) for out in clade_folds(groups, folds)]
    return [(out, kept) for out, kept in pairs if len(kept) >= FEWEST_KEPT]
