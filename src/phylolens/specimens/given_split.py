"""A split that the input brings: a column, or folders called ``train``, ``val`` and ``test``."""

from collections.abc import Iterable

from phylolens.errors import Problem

TRAIN, VALIDATION, TEST = "train", "val", "test"
_WORDS = {
    "train": TRAIN, "training": TRAIN, "trainset": TRAIN, "train_set": TRAIN,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "dev": VALIDATION,
    "test": TEST, "testing": TEST, "testset": TEST, "test_set": TEST,
}  # fmt: skip


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
