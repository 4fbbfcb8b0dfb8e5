"""Where a learner puts taxa: those of its fit, and in one frame those it has not seen."""

from typing import Any

import numpy as np

from phylolens.guided.learners.base import Learner
from phylolens.guided.sample import Sample

SMALL = 1e-12  # share of the largest eigenvalue that is rounding alone


def taxon_places(learner: Learner, sample: Sample) -> np.ndarray:
    """Place taxa: a learner's own way where it has one (``place``), else the mean of the images.

    Returns
    -------
    array of float64, shape (T, k)
    """
    place: Any = getattr(learner, "place", None)
    if place is not None:
        return np.asarray(place(sample), dtype=np.float64)
    embedded = np.asarray(learner.transform(sample.matrix()), dtype=np.float64)
    return sample.average(embedded)


class HeldOutPlaces:
    """Collect the places of taxa by models that have not seen their clade, in one frame.

    Each model has axes of its own: they may be turned or mirrored against those of the others. Its
    places ``E`` of all n taxa, seen and unseen, are centred and turned to the nearest to one axis a
    taxon, which makes them the symmetric root of ``E E'`` (orthogonal Procrustes; Schönemann 1966,
    Psychometrika 31:1). That takes the taxa's images and no genetic distance, so nothing of the
    clade held out gets into its places; and the centre is the same for all, where that of the
    training taxa alone would push each clade away from itself.

    Parameters
    ----------
    sample : Sample
        n taxa.
    """

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.places = np.zeros((len(sample), len(sample)))

    def __call__(self, learner: Learner, out: np.ndarray) -> None:
        """Take the rows of the taxa ``out`` from a model that has not seen them.

        The mean square length over all taxa is one in every model.
        """
        found = taxon_places(learner, self.sample)
        found = found - found.mean(axis=0)
        values, vectors = np.linalg.eigh(found @ found.T)
        values = np.where(values > SMALL * max(values.max(), 0.0), values, 0.0)
        if values.sum() > 0:
            values = values * len(values) / values.sum()
        self.places[out] = ((vectors * np.sqrt(values)) @ vectors.T)[out]
