"""What heads share that are trained step by step: how taxa are compared, and when to stop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator

from phylolens.guided.clades import clade_folds
from phylolens.guided.held_out import leave_clades_out, skill
from phylolens.guided.learners.base import Learner
from phylolens.guided.learners.inputs import Weights, head_places
from phylolens.guided.learners.metric import fold_skill, mean_apart
from phylolens.guided.sample import Sample
from phylolens.paradigms.data import BenchData

FOLDS = 4  # one of so many groups of clades is watched


class SquaredPlaces(BaseEstimator):
    """A head on principal components; taxa are as far apart as their mean images, squared.

    In units of the mean over training pairs, since every fit stops elsewhere. Subclasses fit
    ``_map`` and ``weights_``, and call :meth:`_remember`.
    """

    weights_: Weights

    def _remember(self, sample: Sample) -> None:
        self._known = self.place(sample)
        self._unit = mean_apart(cdist(self._known, self._known, "sqeuclidean"))

    def place(self, sample: Sample) -> np.ndarray:
        """Mean embedding of each taxon's images, shape (T, k)."""
        return sample.average(self.transform(sample.matrix()).astype(np.float64))

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T)."""
        return cdist(self.place(new), self._known, "sqeuclidean") / self._unit

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        places = self.place(new)
        return cdist(places, places, "sqeuclidean") / self._unit

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        return head_places(self._map(matrix), self.weights_)


@dataclass(frozen=True)
class WatchedClades:
    """Training taxa without some clades, on which a head in training is judged.

    Parameters
    ----------
    whole : Sample
        All training taxa.
    distances : array, shape (T, T)
    out, kept : int array
        Places of the taxa watched, and of those trained on.
    """

    whole: Sample
    distances: np.ndarray
    out: np.ndarray
    kept: np.ndarray

    @property
    def sample(self) -> Sample:
        """The taxa trained on."""
        return self.whole.take(self.kept)

    @property
    def genetic(self) -> np.ndarray:
        """Distances of the taxa trained on."""
        return self.distances[np.ix_(self.kept, self.kept)]

    @property
    def rows(self) -> np.ndarray:
        """Which rows of the whole sample's matrix are of the taxa trained on, bool."""
        return np.isin(self.whole.codes, self.kept)

    def skill(self, places: np.ndarray) -> float:
        """Judge places of all taxa, shape (T, k), on the taxa watched."""
        apart = cdist(places[self.out], places[self.kept], "sqeuclidean")
        return fold_skill(apart, self.distances, self.out, self.kept)


def watched_clades(sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> WatchedClades | None:
    """Choose the clades to watch; None with fewer than two."""
    folds = clade_folds(groups, FOLDS)
    if len(folds) < 2:
        return None
    kept = np.setdiff1d(np.arange(len(sample)), folds[0])
    return WatchedClades(sample, genetic, folds[0], kept)


def skill_on_the_folds(make: Callable[[], Learner], data: BenchData) -> float:
    """Held-out skill of another learner, on the same folds."""
    found = leave_clades_out(make, data.sample, data.genetic, data.folds, inner_folds=data.inner)
    return skill(found, data.genetic)
