"""The published pool over bags: the images of each taxon, stacked to one array.

Its fit is that of :class:`phylolens.guided.learners.attention.Attention` with the solver Adam; here
the target can be any matrix of similarities.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from phylolens.errors import InputError
from phylolens.guided.learners.attention import fit_by_adam
from phylolens.guided.learners.pair_losses import mse_to, unit
from phylolens.guided.learners.pool import Problem, Segments, cosine_head, padded
from phylolens.guided.sample import Sample, sample_of_rows
from phylolens.progress import Progress, silent
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

    def segments(self) -> Segments:
        """Lay the images out as attention pools take them; all of a taxon of equal weight."""
        with np.errstate(divide="ignore"):
            return padded(self.values, np.log(self.present.astype(np.float64)))

    def sample(self) -> Sample:
        """Give the images as learners take them, taxa in this order; all of a taxon weigh alike."""
        matrix = self.values[self.present]
        stops = np.cumsum(self.sizes)
        shares = np.repeat(1.0 / self.sizes, self.sizes)
        ids = tuple(name for names in self.ids for name in names)
        return sample_of_rows(self.taxa, matrix, stops - self.sizes, stops, shares, ids, {})


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


class AttentionPool(BaseEstimator):
    """One weight a feature, shared by all taxa, fitted with Adam (Kingma & Ba 2015).

    A linear layer scores each image; the softmax of the scores over the images of one taxon weights
    them; the taxon's vector is the weighted sum, ``F_i = sum_j a_ij x_ij``. The cosines between
    taxon vectors are fitted to a target by mean squared error over pairs.

    Parameters
    ----------
    epochs : int
        Full-batch steps.
    learning_rate : float
        Of Adam; its other settings are the published defaults (0.9, 0.999, 1e-8).
    seed : int
        Of the initial weights, uniform in +-1/sqrt(d) as linear layers are usually started.

    Attributes
    ----------
    weights_ : array of float64, shape (d,)
        The scoring layer.
    loss_curve_ : array of float64, shape (epochs + 1,)
        Mean squared error before each step and after the last.
    """

    def __init__(self, *, epochs: int = 5000, learning_rate: float = 1e-4, seed: int = 0) -> None:
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(
        self, bags: Bags, target: np.ndarray, *, progress: Progress = silent
    ) -> "AttentionPool":
        """Fit the scoring layer.

        Parameters
        ----------
        bags : Bags
            T taxa.
        target : array of float, shape (T, T)
            Wanted similarities in [-1, 1]; the diagonal is not used.

        Raises
        ------
        InputError
            If there are fewer than three taxa or the target has another size.
        """
        n = len(bags.taxa)
        if n < 3:
            raise InputError(f"guiding needs at least three taxa; got {n}.", ids=bags.taxa)
        if target.shape != (n, n):
            raise InputError(f"a target for {n} taxa is {n} x {n}; got shape {target.shape}.")
        found = fit_by_adam(
            bags.segments(),
            published_problem(target),
            seed=self.seed,
            epochs=self.epochs,
            rate=self.learning_rate,
            progress=progress,
        )
        self.weights_, self.loss_curve_ = found.point, found.curve
        return self

    def attention(self, bags: Bags) -> np.ndarray:
        """Weights of the images of each taxon, shape (T, m); rows sum to 1."""
        return bags.segments().attention(self.weights_[None]).reshape(bags.present.shape)

    def transform(self, bags: Bags) -> np.ndarray:
        """Taxon vectors of length one, shape (T, d)."""
        segments = bags.segments()
        pooled = segments.pool(segments.attention(self.weights_[None]))[:, 0]
        return unit(pooled.astype(np.float64))


def published_problem(target: np.ndarray) -> Problem:
    """Mean squared error of cosines against a target, shape (T, T), without penalty."""
    head = cosine_head(mse_to(target), as_published=True)
    return Problem(np.arange(len(target)), head, 0.0, np.zeros(0))
