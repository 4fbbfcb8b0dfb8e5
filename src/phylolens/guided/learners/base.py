"""What every learner of guided embeddings offers, so that all are judged alike."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from phylolens.guided.sample import Sample


@runtime_checkable
class Learner(Protocol):
    """Learns from taxa with known genetic distances where other taxa stand.

    Settings are keyword arguments of ``__init__`` (scikit-learn's ``get_params`` and ``clone``
    work); whatever is fitted - scaling, components, hyper-parameters - sees the sample given to
    ``fit`` alone.
    """

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Learner":
        """Learn.

        Parameters
        ----------
        sample : Sample
            T taxa.
        genetic : array, shape (T, T)
            Distances between them.
        groups : int array, shape (T,)
            Clade of each taxon: hyper-parameters are chosen by leaving whole clades out.
        """
        ...

    def predict(self, new: Sample) -> np.ndarray:
        """Predict distances from H new taxa to T known ones, shape (H, T); up to an affine map."""
        ...

    def between(self, new: Sample) -> np.ndarray:
        """Predict distances among H new taxa, shape (H, H), on the scale of :meth:`predict`."""
        ...

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k); the mean over a taxon's images is its place."""
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """A learner whose predictions of taxa left out follow from one fit, in closed form."""

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predict training pairs as if the part that the row is in had been left out.

        Scaling and settings are those of the fit to all training taxa.

        Parameters
        ----------
        parts : sequence of int arrays
            Places of the taxa left out together.

        Returns
        -------
        array, shape (T, T)
            NaN in the rows of taxa of no part; entries within a part are of no use.
        """
        ...
