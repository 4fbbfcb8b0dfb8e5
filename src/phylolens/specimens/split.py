"""Split specimens into a training and a test part, at random or as the input says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import InputError, Problem, TooFew
from phylolens.random import stream

SMALLEST_STRATUM = 5
RULE = (
    "Specimens (all images of one stay together) are stratified by their finest label. A stratum "
    f"of fewer than {SMALLEST_STRATUM} specimens is pooled with the other small strata of the same "
    "parent taxon, rank by rank. Each stratum sends its share, rounded, to the test part; a taxon "
    "is never left without a training specimen, so a taxon of one specimen is trained on and not "
    "tested."
)
TRAIN, VALIDATION, TEST = "train", "val", "test"
_WORDS = {
    "train": TRAIN, "training": TRAIN, "trainset": TRAIN, "train_set": TRAIN,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "dev": VALIDATION,
    "test": TEST, "testing": TEST, "testset": TEST, "test_set": TEST,
}  # fmt: skip


@dataclass(frozen=True)
class Split:
    """Files of the training and the test part.

    Parameters
    ----------
    train, test : tuple of str
        File ids, in table order.
    rule : str
        How they were divided, in words.
    held_out : tuple of str
        Taxa or sources kept out of the training part as a whole, sorted.
    untested : tuple of str
        Taxa of the ranks above (with sources: of any rank) that have lost all their training
        images to this, so that no model can name them; ranks coarse to fine.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    rule: str
    held_out: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()


def split_specimens(
    table: pd.DataFrame, ranks: Sequence[str], *, test_share: float = 0.2, seed: int = 0
) -> Split:
    """Split by specimen, stratified over ``ranks``.

    A ``split`` column is obeyed; its values are ``train``, ``test`` or missing.

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
        If the share is out of range, or a given split has other values, an empty part, or a
        specimen on both sides.
    TooFew
        If no specimen can be spared for testing.
    """
    if "split" in table.columns and table["split"].notna().any():
        return _given(table)
    require_share(test_share)
    # A specimen's label is the first one known among its images. Sorted by id, so that the order
    # of the table's rows does not change who is tested.
    units = table.groupby("specimen_id", sort=True)[list(ranks)].first().reset_index()
    rng = stream(seed, "specimens.split")
    tested = np.zeros(len(units), dtype=bool)
    for rows in strata(units, ranks):
        tested[rng.permutation(rows)[: rounded(test_share * len(rows))]] = True
    test_ids = _keep_one_for_training(table, ranks, set(units["specimen_id"][tested]))
    if not test_ids:
        raise TooFew(
            f"{len(units)} specimens in {units[ranks[-1]].nunique()} taxa are too few to test on.",
            hint=f"A taxon, or the small taxa of one parent, need {SMALLEST_STRATUM} specimens.",
        )
    in_test = table["specimen_id"].isin(test_ids)
    return Split(tuple(table["file"][~in_test]), tuple(table["file"][in_test]), RULE)


def require_share(test_share: float) -> None:
    """Raise :class:`InputError` unless the share lies between 0 and 1."""
    if not 0 < test_share < 1:
        raise InputError(f"the test share must lie between 0 and 1; got {test_share}.")


def rounded(number: float) -> int:
    """Round halves up, not to even."""
    return int(np.floor(number + 0.5))


def check_given_split(table: pd.DataFrame) -> None:
    """Raise :class:`InputError` unless the column ``split`` can be obeyed."""
    split = table["split"].str.lower()
    found = set(split.dropna())
    if found != {"train", "test"}:
        raise InputError(
            "the column 'split' must hold both 'train' and 'test', and nothing else.",
            ids=sorted(found),
            hint="Rename its values (blank rows are left out), or remove the column.",
        )
    parts = split.groupby(table["specimen_id"]).nunique()
    if (parts > 1).any():
        torn = list(parts.index[parts > 1])
        raise InputError("specimens with images in both train and test.", ids=torn)


def _given(table: pd.DataFrame) -> Split:
    check_given_split(table)
    split = table["split"].str.lower()
    train, test = (tuple(table["file"][split == part]) for part in ("train", "test"))
    return Split(train, test, "As given in the column 'split'; rows without a value are left out.")


def lost_taxa(table: pd.DataFrame, ranks: Sequence[str], away: pd.Series) -> tuple[str, ...]:
    """Name the taxa whose images all lie ``away`` from the training part."""
    names: list[str] = []
    for rank in ranks:
        names += sorted(set(table[rank][away].dropna()) - set(table[rank][~away].dropna()))
    return tuple(names)


def strata(units: pd.DataFrame, ranks: Sequence[str]) -> list[np.ndarray]:
    """Row numbers of each stratum, small ones pooled towards the coarser ranks."""
    labels = units[list(ranks)].astype(object).fillna("").to_numpy()
    open_rows = np.arange(len(units))
    found: list[np.ndarray] = []
    for depth in range(len(ranks), -1, -1):
        key = ["\x1f".join(labels[row, :depth]) for row in open_rows]
        _, codes, counts = np.unique(key, return_inverse=True, return_counts=True)
        large = counts >= (SMALLEST_STRATUM if depth else 2)
        found += [open_rows[codes == code] for code in np.flatnonzero(large)]
        open_rows = open_rows[~large[codes]]
        if not len(open_rows):
            break
    return found


def _keep_one_for_training(
    table: pd.DataFrame, ranks: Sequence[str], test_ids: set[str]
) -> set[str]:
    """Move the first tested specimen of every taxon that would have none left to train on."""
    for rank in ranks:
        tested = table["specimen_id"].isin(test_ids)
        trained = set(table[rank][~tested].dropna())
        orphans = table[tested & table[rank].notna() & ~table[rank].isin(trained)]
        test_ids = test_ids - set(orphans.drop_duplicates(rank)["specimen_id"])
    return test_ids


def split_word(value: object) -> str | None:
    """Return which part of a split a word names; None for any other word."""
    return _WORDS.get(str(value).strip().lower().replace("-", "_")) if value is not None else None


def are_splits(values: Iterable[object]) -> bool:
    """Whether all values name parts of a split."""
    found = list(values)
    return bool(found) and all(split_word(value) for value in found)


def given_split(values: Iterable[object]) -> tuple[list[str | None] | None, list[Problem]]:
    """Bring a split to ``train`` and ``test``.

    Validation images count as training where a test part is there, and as the test part where it is
    not. One part alone is no split.

    Returns
    -------
    parts : list of str or None
        One an image; None where there is nothing to split.
    problems : list of Problem
        What was decided.
    """
    parts = [split_word(value) for value in values]
    found = set(parts) - {None}
    if len(found) < 2:
        only = next(iter(found), "split")
        said = f"all images are of the part '{only}': that is no split, and it is left out"
        return None, [Problem("one-part-split", "note", said)]
    if VALIDATION not in found:
        return parts, []
    to = TRAIN if TEST in found else TEST
    n = sum(part == VALIDATION for part in parts)
    said = f"{n} images of the part 'val' count as {'training' if to == TRAIN else 'test'} images"
    moved = [to if part == VALIDATION else part for part in parts]
    return moved, [Problem("validation-part", "note", said)]
