"""Bags: the images of each taxon, stacked to one array so that no step loops over taxa."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.values import Features


@dataclass(frozen=True)
class Bags:
    """Images grouped by taxon, padded to the largest group.

    Parameters
    ----------
    taxa : tuple of str
        T names.
    values : array of float32, shape (T, m, d)
        Features; zero where ``present`` is false.
    present : array of bool, shape (T, m)
        Which places hold an image.
    ids : tuple of tuple of str
        Image ids of each taxon, in the order of ``values``.
    """

    taxa: tuple[str, ...]
    values: np.ndarray
    present: np.ndarray
    ids: tuple[tuple[str, ...], ...]

    @property
    def sizes(self) -> np.ndarray:
        """Images of each taxon, shape (T,)."""
        return self.present.sum(axis=1)


def to_bags(features: Features, labels: pd.Series, taxa: tuple[str, ...]) -> Bags:
    """Group the rows of ``features`` by taxon.

    Parameters
    ----------
    features : Features
        One row an image.
    labels : Series of str
        Taxon of each image, indexed by image id.
    taxa : tuple of str
        The taxa wanted, in order.

    Raises
    ------
    InputError
        If a taxon has no image.
    """
    label = labels.reindex(list(features.ids)).to_numpy()
    rows = [np.flatnonzero(label == taxon) for taxon in taxa]
    empty = [taxon for taxon, found in zip(taxa, rows, strict=True) if not len(found)]
    if empty:
        raise InputError("taxa without an image.", ids=empty)
    largest = max(map(len, rows))
    values = np.zeros((len(taxa), largest, features.matrix.shape[1]), dtype=np.float32)
    present = np.zeros((len(taxa), largest), dtype=bool)
    for place, found in enumerate(rows):
        values[place, : len(found)] = features.matrix[found]
        present[place, : len(found)] = True
    ids = tuple(tuple(features.ids[row] for row in found) for found in rows)
    return Bags(taxa, values, present, ids)
