"""Divide specimens into a training and a test part, stratified, never through a specimen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import InputError

SMALLEST_STRATUM = 5

RULE = (
    "Specimens (all images of one stay together) are stratified by their finest label. A stratum "
    f"of fewer than {SMALLEST_STRATUM} specimens is pooled with the other small strata of the same "
    "parent taxon, rank by rank. Each stratum sends its share, rounded, to the test part; a taxon "
    "is never left without a training specimen, so a taxon of one specimen is trained on and not "
    "tested."
)


@dataclass(frozen=True)
class Split:
    """Files of the training and the test part.

    Parameters
    ----------
    train, test : tuple of str
        File ids, in table order.
    rule : str
        How they were divided, in words.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    rule: str


def split_specimens(
    table: pd.DataFrame, ranks: Sequence[str], *, test_share: float = 0.2, seed: int = 0
) -> Split:
    """Split by specimen, stratified over ``ranks``.

    A ``split`` column holding only ``train`` and ``test`` is obeyed.

    Parameters
    ----------
    table : DataFrame
        Columns ``file``, ``specimen_id`` and ``ranks``.
    ranks : sequence of str
        The ranks to be classified, coarse to fine.
    test_share : float
        Share of specimens to test on, between 0 and 1.

    Raises
    ------
    InputError
        If the share is out of range, or no specimen can be spared for testing.
    """
    if "split" in table.columns and set(table["split"].dropna()) == {"train", "test"}:
        return _given(table)
    if not 0 < test_share < 1:
        raise InputError(f"the test share must lie between 0 and 1; got {test_share}.")
    units = table.drop_duplicates("specimen_id").reset_index(drop=True)
    rng = np.random.default_rng(seed)
    tested = np.zeros(len(units), dtype=bool)
    for rows in _strata(units, ranks):
        count = int(np.floor(test_share * len(rows) + 0.5))
        tested[rng.permutation(rows)[:count]] = True
    tested = _keep_one_for_training(units, ranks, tested)
    if not tested.any():
        raise InputError(
            f"{len(units)} specimens in {units[ranks[-1]].nunique()} taxa are too few to test on.",
            hint=f"A taxon, or the small taxa of one parent, need {SMALLEST_STRATUM} specimens.",
        )
    test_ids = set(units["specimen_id"][tested])
    in_test = table["specimen_id"].isin(test_ids)
    return Split(tuple(table["file"][~in_test]), tuple(table["file"][in_test]), RULE)


def _given(table: pd.DataFrame) -> Split:
    parts = table.groupby("specimen_id")["split"].nunique()
    if (parts > 1).any():
        torn = list(parts.index[parts > 1])
        raise InputError("specimens with images in both train and test.", ids=torn)
    train, test = (tuple(table["file"][table["split"] == part]) for part in ("train", "test"))
    return Split(train, test, "As given in the column 'split'; rows without a value are left out.")


def _strata(units: pd.DataFrame, ranks: Sequence[str]) -> list[np.ndarray]:
    """Row numbers of each stratum, small ones pooled towards the coarser ranks."""
    labels = units[list(ranks)].astype(object).fillna("").to_numpy()
    open_rows = np.arange(len(units))
    strata: list[np.ndarray] = []
    for depth in range(len(ranks), -1, -1):
        key = ["\x1f".join(labels[row, :depth]) for row in open_rows]
        _, codes, counts = np.unique(key, return_inverse=True, return_counts=True)
        large = counts >= (SMALLEST_STRATUM if depth else 2)
        strata += [open_rows[codes == code] for code in np.flatnonzero(large)]
        open_rows = open_rows[~large[codes]]
        if not len(open_rows):
            break
    return strata


def _keep_one_for_training(
    units: pd.DataFrame, ranks: Sequence[str], tested: np.ndarray
) -> np.ndarray:
    """Move the first tested specimen of every taxon that would have none left to train on."""
    tested = tested.copy()
    for rank in ranks:
        trained = set(units[rank][~tested].dropna())
        orphans = units[tested & units[rank].notna() & ~units[rank].isin(trained)]
        tested[orphans.drop_duplicates(rank).index] = False
    return tested
