"""Taxa, folds of whole clades, and the split by species: the same for all methods."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import TooFew
from phylolens.guided.clades import INNER_FOLDS, Clades, clade_folds
from phylolens.guided.held_out import require_different, require_varied
from phylolens.guided.sample import Sample
from phylolens.random import stream

QUICK_FOLDS, QUICK_INNER = 5, 3  # whole clades; 'full' takes every one, and as guide does inside
TEST_SHARE = 1 / 3  # of the species of a class
FEWEST_CLASSES = 2


@dataclass(frozen=True)
class NewSpecies:
    """Which images are of species never seen, and the classes that they are to be sorted into.

    Parameters
    ----------
    unit : str
        Rank of what is held out: the finest below or at the rank of comparison.
    target : str
        Rank of the classes.
    test : bool array, shape (N,)
        Rows of ``sample.matrix()``.
    classes : array of str, shape (N,)
        Blank where unknown.
    """

    unit: str
    target: str
    test: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True)
class BenchData:
    """What every method is judged on.

    Parameters
    ----------
    sample : Sample
        n taxa.
    genetic : array, shape (n, n)
        Distances, in the order of the sample.
    covariance : DataFrame
        Of the taxa, under Brownian motion along the tree.
    clades : Clades
    folds : int array, shape (n,)
        Fold of each taxon: whole clades.
    inner : int
        Folds of clades within the training taxa.
    lineage : DataFrame
        Rank columns of the taxa, coarse to fine, the last being their own.
    labels : DataFrame
        Of images: ``specimen_id`` and ranks; see :class:`phylolens.paradigms.material.Material`.
    new_species : NewSpecies or None
        None where no class has two species.
    """

    sample: Sample
    genetic: np.ndarray
    covariance: pd.DataFrame
    clades: Clades
    folds: np.ndarray
    inner: int
    lineage: pd.DataFrame
    labels: pd.DataFrame
    new_species: NewSpecies | None


def bench_data(
    sample: Sample,
    genetic: np.ndarray,
    covariance: pd.DataFrame,
    clades: Clades,
    lineage: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    quick: bool,
    seed: int,
) -> BenchData:
    """Choose folds and the species held out; parameters as of :class:`BenchData`.

    Raises
    ------
    InputError
        If all genetic distances, or all features, are equal.
    TooFew
        With fewer than three clades.
    """
    require_varied(genetic)
    require_different(sample)
    if clades.n < 3:
        raise TooFew(f"the bench holds clades out and needs at least three; got {clades.n}.")
    folds = clades.groups
    if quick and clades.n > QUICK_FOLDS:
        folds = np.empty(len(sample), dtype=int)
        for number, places in enumerate(clade_folds(clades.groups, QUICK_FOLDS)):
            folds[places] = number
    labels = labels.loc[list(sample.ids)]
    return BenchData(
        sample,
        genetic,
        covariance,
        clades,
        folds,
        QUICK_INNER if quick else INNER_FOLDS,
        lineage,
        labels,
        _new_species(labels, lineage, seed),
    )


def _new_species(labels: pd.DataFrame, lineage: pd.DataFrame, seed: int) -> NewSpecies | None:
    """Hold species out of classes that have several; the class is the next coarser rank."""
    ranks = ranks_of(labels)
    rank = str(lineage.columns[-1])
    unit = ranks[-1]
    coarser = ranks[: ranks.index(rank) + (unit != rank)]
    for target in reversed(coarser):
        test = _held_out(labels[unit], labels[target], seed)
        classes = labels[target].fillna("").to_numpy(dtype=str)
        if len(np.unique(classes[test])) >= FEWEST_CLASSES:
            return NewSpecies(unit, target, test, classes)
    return None


def _held_out(units: pd.Series, classes: pd.Series, seed: int) -> np.ndarray:
    rng = stream(seed, "paradigms.species")
    known = pd.DataFrame({"unit": units, "class": classes}).dropna()
    chosen: list[str] = []
    for _, rows in known.groupby("class", sort=True):
        names = np.array(sorted(rows["unit"].unique()), dtype=object)
        if len(names) > 1:
            n = max(1, round(TEST_SHARE * len(names)))
            chosen += list(names[rng.permutation(len(names))[:n]])
    found: np.ndarray = units.isin(chosen).to_numpy()
    return found


def ranks_of(labels: pd.DataFrame, down_to: str | None = None) -> list[str]:
    """Ranks of the labels, coarse to fine, all or down to one of them."""
    ranks = [str(name) for name in labels.columns if name != "specimen_id"]
    return ranks if down_to is None else ranks[: ranks.index(down_to) + 1]
