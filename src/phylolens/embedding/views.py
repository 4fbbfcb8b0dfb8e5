"""What goes into the engine and what comes out of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from phylolens.embedding.augment import AUGMENTATIONS
from phylolens.errors import InputError, Problem
from phylolens.values import Features

PIECE = 16  # copies of one image made from one decoding


@dataclass(frozen=True)
class View:
    """One image to embed, as it is or augmented.

    Parameters
    ----------
    id : str
        Unique row id, such as ``images/a.jpg`` or ``images/a.jpg#noise-3``.
    path : Path
        The file.
    augmentation : str
        ``""`` or a key of ``AUGMENTATIONS``.
    copy : int
        Number of the copy; 0 for the original.
    """

    id: str
    path: Path
    augmentation: str = ""
    copy: int = 0


@dataclass(frozen=True)
class Embedding:
    """What the engine did.

    Parameters
    ----------
    features : Features
        One row a view that worked, in the order of the views.
    failed : dict
        Id to reason, for images that could not be read.
    n_computed : int
        Rows computed now, one a backbone and, with flips, another for the mirror image; files
        with identical bytes count once.
    n_reused : int
        Rows that needed no computation, counted alike.
    seconds : float
        Wall time.
    problems : tuple of Problem
        Damaged shards set aside, and notes on how the backbone was run.
    """

    features: Features
    failed: dict[str, str]
    n_computed: int
    n_reused: int
    seconds: float
    problems: tuple[Problem, ...] = ()


def check_views(views: Sequence[View]) -> None:
    """Raise an InputError if ids repeat or an augmentation is unknown."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for view in views:
        (repeated if view.id in seen else seen).add(view.id)
    if repeated:
        raise InputError(
            "the ids of images must be unique.",
            where="views",
            ids=sorted(repeated),
            hint="Give every row its own id.",
        )
    unknown = sorted({v.augmentation for v in views} - {"", *AUGMENTATIONS})
    if unknown:
        raise InputError(
            "there is no such augmentation.",
            where="views",
            ids=unknown,
            hint=f"Use one of {', '.join(AUGMENTATIONS)}.",
        )


def by_file(views: Sequence[View]) -> Iterator[list[View]]:
    """Give neighbouring views of one file together, at most ``PIECE`` at a time."""
    for _, run in groupby(views, key=lambda view: view.path):
        same = list(run)
        for start in range(0, len(same), PIECE):
            yield same[start : start + PIECE]
