"""The learner that predicts clades left out best, among those that take seconds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guided.folds import INNER_FOLDS, clade_folds
from phylolens.guided.learners.gp import GaussianProcess
from phylolens.guided.learners.inner import InnerScore
from phylolens.guided.learners.phylo_ridge import PhyloRidge
from phylolens.guided.learners.soft import Soft
from phylolens.guided.learners.unguided import Unguided
from phylolens.guided.sample import Sample

# Kernel ridge is left out to save time; with few traits it does slightly better than gp.
CANDIDATES = {"soft": Soft, "gp": GaussianProcess, "phylo-ridge": PhyloRidge}
LEAST = 0.05  # of the score


class Default(BaseEstimator):
    """Chooses among closed-form learners on clades left out, and falls back to none.

    Each candidate predicts the training taxa with their whole clade left out. Its skill over the
    best prediction without images and what it adds to the rank correlation along rows are summed
    (:class:`phylolens.guided.learners.inner.InnerScore`). Where no sum reaches ``least``, taxa stay
    where their images put them, distances are predicted without images, and ``why_`` says so.

    Parameters
    ----------
    least : float
        Score that a candidate needs.

    Attributes
    ----------
    chosen_ : dict
        ``learner``, its settings, and ``inner_skills`` and ``inner_scores`` of all candidates.
    why_ : str or None
        Why no candidate was taken.
    """

    def __init__(self, *, least: float = LEAST) -> None:
        self.least = least

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Default":
        """Fit all candidates and keep the best; see the candidates for what is refused."""
        self._groups = groups
        fitted = {name: kind().fit(sample, genetic, groups) for name, kind in CANDIDATES.items()}
        if len(np.unique(groups)) < 3:
            self._learner, self.why_ = fitted["phylo-ridge"], None
            self.chosen_: dict[str, Any] = {"learner": "phylo-ridge", "why": "too few clades"}
            return self
        parts, score = clade_folds(groups, INNER_FOLDS), InnerScore(genetic, groups)
        found = {name: score(one.left_out(parts)) for name, one in fitted.items()}
        told = {
            "inner_skills": {name: one["skill"] for name, one in found.items()},
            "inner_scores": {name: one["score"] for name, one in found.items()},
        }
        best = max(found, key=lambda name: found[name]["score"])
        if found[best]["score"] < self.least:
            self.why_ = (
                f"nothing predicted clades left out within the training taxa: the best, {best}, "
                f"took {found[best]['skill']:.1%} of the squared error away that the best "
                "prediction without images leaves, and raised the rank correlation by "
                f"{found[best]['row_rank_gain']:.2f}; together that is less than {self.least:g}"
            )
            self._learner = Unguided().fit(sample, genetic, groups)
            self.chosen_ = {"learner": "unguided", **told}
            return self
        self._learner, self.why_ = fitted[best], None
        self.chosen_ = {**getattr(fitted[best], "chosen_", {}), "learner": best, **told}
        return self

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predict training pairs, the row's part left out, with the learner chosen.

        All alike where none was: the best prediction without images then stands alone.
        """
        if self.why_ is not None:
            return np.zeros((len(self._groups), len(self._groups)))
        return self._learner.left_out(parts)

    def predict(self, new: Sample) -> np.ndarray:
        """Predict distances from H new taxa to T known ones, shape (H, T)."""
        return self._learner.predict(new)

    def between(self, new: Sample) -> np.ndarray:
        """Predict distances among H new taxa, shape (H, H)."""
        return self._learner.between(new)

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images, shape (N, d) to (N, k)."""
        return self._learner.transform(matrix)
