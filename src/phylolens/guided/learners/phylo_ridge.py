"""Phylogenetic ridge: from features to places in the space the tree spans, in closed form."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from skbio import DistanceMatrix
from sklearn.base import BaseEstimator

from phylolens.guided.learners.closed_form import Dual, inner_skill, left_out_residuals, parts_of
from phylolens.guided.learners.inputs import check_fit, standardised
from phylolens.guided.sample import Sample
from phylolens.phylogeny import coordinates

# Of the mean diagonal of the kernel; of equally good ones the first is taken.
STRENGTHS = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
MIDDLE = 0.3  # where there are too few clades to choose


class PhyloRidge(BaseEstimator):
    """Ridge regression of a taxon's place among the others on its mean features.

    The square root of the distances of a tree is Euclidean (de Vienne et al. 2011, Syst. Biol.
    60:826): each taxon has coordinates ``y`` (principal coordinates), and the distance of two taxa
    is ``|y_i|^2 + |y_j|^2 - 2 y_i'y_j``. Coordinates and the heights ``|y|^2`` are learned together
    by ridges (Hoerl & Kennard 1970, Technometrics 12:55) of one strength. In dual form, from the T
    training taxa: a prediction is a weighted mean of the training taxa, and so no coordinates need
    be made to predict distances. Matrices that are not a tree's lose nothing.

    Parameters
    ----------
    strength : float, optional
        Penalty, in units of the mean diagonal of the centred kernel. Chosen by leaving clades out
        within the training taxa by default.

    Attributes
    ----------
    strength_ : float
    chosen_ : dict
        What was chosen, and its skill on the clades left out within the training taxa.
    """

    def __init__(self, *, strength: float | None = None) -> None:
        self.strength = strength

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "PhyloRidge":
        """Learn from taxon means; see :class:`phylolens.guided.learners.base.Learner`.

        Raises
        ------
        InputError
            If sizes differ, a feature or distance is not finite, or the strength is not positive.
        """
        check_fit(sample, genetic, groups, self.strength)
        self.__dict__.pop("map_", None)
        self._genetic, self._taxa = genetic, sample.taxa
        self._scaled = standardised(sample)
        self._inputs = self._scaled(sample.means)
        self._middle = sample.means.mean(axis=0)
        self._dual = Dual(self._inputs @ self._inputs.T)
        self.strength_, self.chosen_ = self._choose(groups)
        return self

    def _choose(self, groups: np.ndarray) -> tuple[float, dict[str, Any]]:
        if self.strength is not None:
            return self.strength, {}
        parts = parts_of(groups)
        if len(parts) < 2:
            return MIDDLE, {"strength": MIDDLE, "why": "fewer than two clades to choose on"}
        makers = np.stack([self._dual.residual_maker(one) for one in STRENGTHS])
        left_out = self._genetic - left_out_residuals(makers, self._genetic, parts)
        skills = inner_skill(self._genetic, groups, left_out)
        best = int(np.argmax(skills))
        return STRENGTHS[best], {"strength": STRENGTHS[best], "inner_skill": float(skills[best])}

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predict training pairs, the row's part left out, with the strength chosen."""
        maker = self._dual.residual_maker(self.strength_)
        return self._genetic - left_out_residuals(maker, self._genetic, parts)

    def weights(self, new: Sample) -> np.ndarray:
        """Weights of the T training taxa for each of H new ones, shape (H, T); rows sum to 1."""
        products = self._scaled(new.means) @ self._inputs.T
        return self._dual.weights(products, self.strength_)

    def predict(self, new: Sample) -> np.ndarray:
        """Predict distances from H new taxa to T known ones, shape (H, T)."""
        found: np.ndarray = self.weights(new) @ self._genetic
        return found

    def between(self, new: Sample) -> np.ndarray:
        """Predict distances among H new taxa, shape (H, H); zero on the diagonal."""
        weights = self.weights(new)
        found = weights @ self._genetic @ weights.T
        np.fill_diagonal(found, 0.0)
        symmetric: np.ndarray = (found + found.T) / 2
        return symmetric

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k): principal coordinates, unit of root distance."""
        slopes, offset = self.map_
        found: np.ndarray = matrix @ slopes + offset
        return found

    @cached_property
    def map_(self) -> tuple[np.ndarray, np.ndarray]:
        """The map of features to coordinates: slopes, shape (d, k), and offset, shape (k,)."""
        places = coordinates(DistanceMatrix(self._genetic, self._taxa)).to_numpy()
        maker = self._dual.residual_maker(self.strength_)
        slopes = self._scaled.factor[:, None] * (self._inputs.T @ (maker @ places))
        # The mean of the training taxa goes to the middle of their places, which is the origin.
        return slopes, -self._middle @ slopes
