"""Distances between DNA barcodes, such as the edit distance: no image is looked at."""

from collections.abc import Sequence

import numpy as np
from skbio import DistanceMatrix
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method


class Barcodes(BaseEstimator):
    """Distances that are there already, by name of taxon.

    Parameters
    ----------
    distances : DistanceMatrix
        Between barcodes of the taxa.
    """

    def __init__(self, distances: DistanceMatrix) -> None:
        self.distances = distances

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Barcodes":
        """Remember which taxa are known.

        Raises
        ------
        InputError
            If a taxon has no barcode.
        """
        self._require(sample)
        self._known = sample.taxa
        return self

    def _require(self, sample: Sample) -> None:
        missing = [name for name in sample.taxa if name not in self.distances]
        if missing:
            raise InputError(
                "taxa without a barcode.",
                where="--barcodes",
                ids=missing,
                hint="Add their sequences, or leave these taxa out.",
            )

    def _between(self, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
        places = [[self.distances.index(name) for name in side] for side in (rows, columns)]
        return np.asarray(self.distances.data)[np.ix_(*places)]

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        self._require(new)
        return self._between(new.taxa, self._known)

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Distances among the training taxa."""
        return self._between(self._known, self._known)

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        return self._between(new.taxa, new.taxa)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed no image: shape (N, 0)."""
        return np.empty((len(matrix), 0))


def _fit(material: Material) -> Barcodes:
    assert material.barcodes is not None, "needs says so"
    return Barcodes(material.barcodes)


METHODS = (
    Method(
        name="barcodes",
        cell="foundational/strings",
        fit=_fit,
        sees="nothing",
        about="Distance between DNA barcodes: edit distance or a model, as --genetic has it.",
        needs=("barcodes",),
        cost="moderate",
        gives="distances",
        note="no image is looked at: how well sequences alone tell the tree's distances",
    ),
)
