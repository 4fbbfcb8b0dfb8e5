"""A two-tower ranker: images and taxa in one space, relatives of an image's taxon first."""

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guided.learners.inputs import check_fit, head_places, reduced
from phylolens.guided.learners.pair_losses import unit
from phylolens.guided.sample import Sample
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method
from phylolens.random import stream

COMPONENTS, DIMENSIONS = 128, 64
SHARPNESS = 10.0
TEMPERATURE = 0.2  # of the mean genetic distance: how fast relevance falls
BATCH = 256


class TwoTowers(BaseEstimator):
    """A tower of images (linear) and one of taxa (a vector each), after DSSM.

    Huang et al. (2013) CIKM: a softmax over cosines; here over all training taxa, and what is
    wanted is no click but ``softmax(-distance / temperature)``. Images of new taxa are compared
    with the vectors of the known ones.

    Parameters
    ----------
    steps : int
    rate : float
        Step of AdamW.
    seed : int
    """

    def __init__(self, *, steps: int = 200, rate: float = 1e-2, seed: int = 0) -> None:
        self.steps, self.rate, self.seed = steps, rate, seed

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "TwoTowers":
        """Learn; see :class:`phylolens.guided.learners.base.Learner`."""
        from phylolens.embedding.threads import one_thread
        from phylolens.guided.learners.metric_head import first_weights
        from phylolens.paradigms.towers import train_towers

        check_fit(sample, genetic, groups)
        rng = stream(self.seed, "paradigms.towers")
        self._map = reduced(sample, COMPONENTS, rng)
        rows = self._map(sample.matrix())
        first = first_weights(rows.shape[1], min(DIMENSIONS, rows.shape[1]), 0, rng)
        with one_thread():
            self.weights_, self.taxa_ = train_towers(
                rows,
                sample.codes,
                sample.weights / len(sample),
                relevance(genetic),
                first,
                self._map(sample.means) @ first["linear"],
                steps=self.steps,
                batch=BATCH,
                rate=self.rate,
                sharpness=SHARPNESS,
                rng=rng,
            )
        return self

    def predict(self, new: Sample) -> np.ndarray:
        """Distances from H new taxa to T known ones, shape (H, T): one minus the cosine."""
        found: np.ndarray = 1.0 - unit(self.place(new)) @ unit(self.taxa_).T
        return found

    def between(self, new: Sample) -> np.ndarray:
        """Distances among H new taxa, shape (H, H)."""
        places = unit(self.place(new))
        found: np.ndarray = 1.0 - places @ places.T
        np.fill_diagonal(found, 0.0)
        return found

    def place(self, sample: Sample) -> np.ndarray:
        """Mean embedding of each taxon's images, shape (T, k)."""
        return self.transform(sample.means)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        return head_places(self._map(matrix), self.weights_)

    @property
    def trained_parameters(self) -> int:
        """Of both towers."""
        return int(self.taxa_.size) + sum(int(one.size) for one in self.weights_.values())


def relevance(genetic: np.ndarray) -> np.ndarray:
    """Share of each taxon in the answer to an image of the row's taxon, shape (T, T)."""
    n = len(genetic)
    scale = TEMPERATURE * float(genetic.sum()) / max(n * (n - 1), 1) or 1.0
    shares = np.exp(-(genetic - genetic.min(axis=1, keepdims=True)) / scale)
    found: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return found


def _fit(material: Material) -> TwoTowers:
    return TwoTowers(steps=200 if material.quick else 1000, seed=material.seed)


METHODS = (
    Method(
        name="dssm",
        cell="supervised/ranking",
        fit=_fit,
        sees="tree",
        about="Two towers, of images and of taxa, relatives first (Huang et al. 2013).",
        packages=("torch",),
        extra="torch",
        cost="moderate",
    ),
)
