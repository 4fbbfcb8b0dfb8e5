"""Tested images that nearly repeat a training image: crops, mirror images, the same shot.

A model need only remember such an image. How similar two different images are depends on the
features and on the objects: leaves scanned on a black ground are all at a cosine above 0.95,
birds rarely above 0.9. So the baseline is taken from the data, and a repeat has to stand out
twice: from what is usual between tested and training images, and from the tested image's own
next neighbours (the ratio test of Lowe 2004, Int. J. Comput. Vis. 60:91).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.results.checks import DuplicatePair, NearDuplicates
from phylolens.values import Features

STANDS_OUT = 0.6  # of the usual distance, and of the distance to the next neighbour
MOST_REPEATS = 5  # an image may have this many repeats in the training part
IDENTICAL = 0.9999  # cosine; such pairs count even where most images have a repeat
CHUNK = 2**24  # cosines held at a time: 64 MB


@dataclass(frozen=True)
class Nearest:
    """The nearest training image of every tested one.

    Parameters
    ----------
    table : DataFrame
        Columns ``file``, ``nearest`` (training file), ``similarity`` (cosine) and
        ``near_duplicate`` (bool), in the order of the tested rows.
    threshold : float
        Smallest cosine of a near-duplicate in these data.
    usual : float
        Median of the similarities.
    """

    table: pd.DataFrame
    threshold: float
    usual: float

    @property
    def files(self) -> tuple[str, ...]:
        """Tested files that nearly repeat a training file."""
        return tuple(self.table["file"][self.table["near_duplicate"]])

    def without(self, accuracy: Mapping[str, float]) -> NearDuplicates:
        """Give the counts as they are written, beside the accuracy without the near-duplicates."""
        near = self.table[self.table["near_duplicate"]].sort_values(
            ["similarity", "file"], ascending=[False, True]
        )
        rows = zip(near["file"], near["nearest"], near["similarity"], strict=True)
        return NearDuplicates(
            threshold=self.threshold,
            usual=self.usual,
            n_tested=len(self.table),
            n_near=len(near),
            share=len(near) / len(self.table),
            pairs=[
                DuplicatePair(file=file, nearest=nearest, similarity=float(similarity))
                for file, nearest, similarity in rows
            ],
            accuracy_without={str(rank): float(share) for rank, share in accuracy.items()},
        )


def find_near_duplicates(train: Features, test: Features) -> Nearest:
    """Find tested images that are all but in the training part.

    A tested image is a near-duplicate if up to five training images lie within 0.6 of the
    usual distance (the median distance from a tested image to its nearest training image),
    and within 0.6 of the distance to the training image that follows; or if a training image
    is identical. Distances are chords between features of length one, ``sqrt(2 - 2 cosine)``.
    Where most tested images have a repeat in training, what is usual is a repeat itself and
    only identical ones are found.

    Parameters
    ----------
    train, test : Features
        Raw features of the images themselves, not of altered copies; equal width.

    Raises
    ------
    InputError
        If a part is empty or the widths differ.
    """
    if not len(train) or not len(test):
        raise InputError("near-duplicates need tested and training images.")
    if train.matrix.shape[1] != test.matrix.shape[1]:
        raise InputError(
            f"features of {test.matrix.shape[1]} columns cannot be compared with others of "
            f"{train.matrix.shape[1]}."
        )
    wanted = min(MOST_REPEATS + 1, len(train))
    parts = list(_neighbours(train.matrix, test.matrix, wanted))
    nearest = np.concatenate([rows for rows, _ in parts])[:, 0]
    cosines = np.concatenate([values for _, values in parts])
    distances = np.sqrt(np.clip(2 - 2 * cosines.astype(np.float64), 0, None))
    limit = STANDS_OUT * float(np.median(distances[:, 0]))
    close, next_one = distances[:, :-1], distances[:, 1:]
    repeats = ((close <= limit) & (close <= STANDS_OUT * next_one)).any(axis=1)
    table = pd.DataFrame(
        {
            "file": test.ids,
            "nearest": [train.ids[row] for row in nearest],
            "similarity": cosines[:, 0].astype(np.float64),
            "near_duplicate": repeats | (cosines[:, 0] >= IDENTICAL),
        }
    )
    threshold = min(1 - limit**2 / 2, IDENTICAL)
    return Nearest(table, threshold, float(np.median(table["similarity"])))


def _neighbours(
    train: np.ndarray, test: np.ndarray, wanted: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows and cosines of the nearest training images, the nearest first."""
    known = _unit(train)
    size = max(1, CHUNK // len(known))
    for start in range(0, len(test), size):
        cosines = _unit(test[start : start + size]) @ known.T
        rows = np.argpartition(-cosines, wanted - 1, axis=1)[:, :wanted]
        values = np.take_along_axis(cosines, rows, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        yield np.take_along_axis(rows, order, 1), np.take_along_axis(values, order, 1)


def _unit(matrix: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(length > 0, length, 1)
