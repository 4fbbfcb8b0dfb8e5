"""Folds in which every taxon, or every specimen, is held out once: for calibration and novelty."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from phylolens.errors import InputError, TooFew
from phylolens.random import stream
from phylolens.specimens.split import Split, lost_taxa
from phylolens.taxonomy import lineages, require_rank


def group_folds(
    table: pd.DataFrame, ranks: Sequence[str], unit: str, n_folds: int, seed: int
) -> list[Split]:
    """Hold out every taxon of a rank in exactly one fold.

    Nothing is kept of a taxon's parents: whole orders may vanish from a fold's training part. This
    is meant for novelty, where the model shall meet what it cannot know.

    Parameters
    ----------
    table : DataFrame
        Columns ``file``, ``specimen_id`` and ``ranks``.
    ranks : sequence of str
        Ranks, coarse to fine.
    unit : str
        The rank whose taxa are held out.
    n_folds : int
        Folds wanted; no more are made than there are taxa.
    seed : int
        Decides which taxa share a fold.

    Returns
    -------
    list of Split
        The taxa of one parent are spread over the folds; the folds differ by few taxa and, where
        that leaves a choice, in few specimens. Images without a label at ``unit`` are trained on
        in every fold and never tested.

    Raises
    ------
    InputError
        If there is no such rank, or fewer than two folds are wanted.
    TooFew
        If the rank has fewer than two taxa.
    """
    require_rank(ranks, unit, where="folds")
    lineage = lineages(table, ranks, unit)
    # A specimen goes with the first taxon (by name) among its images, all of them.
    taxon_of = table.dropna(subset=[unit]).groupby("specimen_id")[unit].min()
    sizes = taxon_of.value_counts().reindex(lineage.index, fill_value=0).to_numpy()
    fold_of = _deal(lineage[list(lineage.columns[:-1])], sizes, n_folds, seed, f"taxa of {unit}")
    fold_of_taxon = dict(zip(lineage.index, fold_of, strict=True))
    folds = taxon_of.map(fold_of_taxon)
    rule = (
        f"Every taxon of rank {unit} is held out in one of {fold_of.max() + 1} folds; the taxa of "
        "one parent are spread over the folds. Whole parents may be missing from the training part."
    )
    return _splits(table, ranks, folds, int(fold_of.max()) + 1, rule, unit)


def specimen_folds(
    table: pd.DataFrame, ranks: Sequence[str], n_folds: int, seed: int
) -> list[Split]:
    """Test every specimen in exactly one fold, stratified by the finest label.

    Parameters
    ----------
    table : DataFrame
        Columns ``file``, ``specimen_id`` and ``ranks``.
    ranks : sequence of str
        Ranks, coarse to fine.
    n_folds : int
        Folds wanted; no more are made than there are specimens.
    seed : int
        Decides which specimens share a fold.

    Returns
    -------
    list of Split
        The specimens of a taxon differ by one at most between folds. A taxon whose specimens all
        lie in one fold is unknown to that fold's model and named in ``held_out``.

    Raises
    ------
    InputError
        If fewer than two folds are wanted.
    TooFew
        If there are fewer than two specimens.
    """
    labels = table.groupby("specimen_id", sort=True)[list(ranks)].first()
    images = table["specimen_id"].value_counts().reindex(labels.index).to_numpy()
    fold_of = _deal(labels, images, n_folds, seed, "specimens")
    folds = pd.Series(fold_of, index=labels.index)
    rule = (
        f"Every specimen is tested in one of {fold_of.max() + 1} folds, stratified by its finest "
        "label; all images of one stay together."
    )
    return _splits(table, ranks, folds, int(fold_of.max()) + 1, rule)


def _deal(
    labels: pd.DataFrame, sizes: np.ndarray, n_folds: int, seed: int, what: str
) -> np.ndarray:
    """Give each row a fold: even over the finest label, then over coarser ones, then in size."""
    if n_folds < 2:
        raise InputError(f"at least two folds are needed; got {n_folds}.")
    n_folds = min(n_folds, len(labels))
    if n_folds < 2:
        raise TooFew(f"{len(labels)} {what}: too few to hold any of them out.")
    rng = stream(seed, "specimens.folds")
    chance = rng.permutation(len(labels))
    tie = rng.permutation(n_folds)
    keys = _lineage_keys(labels)
    # Relatives one after the other, the largest first: what comes last evens the folds out.
    order = sorted(range(len(labels)), key=lambda row: (keys[row][-1], -sizes[row], chance[row]))
    counts = [Counter[tuple[str, ...]]() for _ in range(n_folds)]
    filled = np.zeros(n_folds)
    fold_of = np.empty(len(labels), dtype=int)
    for row in order:
        best = min(
            range(n_folds),
            key=lambda fold: (
                *(counts[fold][key] for key in reversed(keys[row])),
                filled[fold],
                tie[fold],
            ),
        )
        counts[best].update(keys[row])
        filled[best] += sizes[row]
        fold_of[row] = best
    return fold_of


def _lineage_keys(labels: pd.DataFrame) -> list[list[tuple[str, ...]]]:
    """Name every coarser and finer group a row belongs to, the whole first; gaps are skipped."""
    keys = []
    for row in labels.astype(object).fillna("").to_numpy():
        known = [f"{rank}:{name}" for rank, name in zip(labels.columns, row, strict=True) if name]
        keys.append([tuple(known[:depth]) for depth in range(len(known) + 1)])
    return keys


def _splits(
    table: pd.DataFrame,
    ranks: Sequence[str],
    fold_of_specimen: pd.Series,
    n_folds: int,
    rule: str,
    unit: str | None = None,
) -> list[Split]:
    folds = table["specimen_id"].map(fold_of_specimen)
    found = []
    for fold in range(n_folds):
        tested = folds == fold
        train, test = (tuple(table["file"][rows]) for rows in (~tested, tested))
        if unit is None:
            found.append(Split(train, test, rule, lost_taxa(table, ranks, tested)))
        else:
            above = list(ranks)[: list(ranks).index(unit)]
            held, untested = (lost_taxa(table, names, tested) for names in ([unit], above))
            found.append(Split(train, test, rule, held, untested))
    return found
