"""The learner that predicts clades left out best, among those that take seconds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guide.learners.choice import inner_skill, parts_of
from phylolens.guide.learners.gp import GaussianProcess
from phylolens.guide.learners.phylo_ridge import PhyloRidge
from phylolens.guide.learners.unguided import Unguided
from phylolens.guide.sample import Sample

# Kernel ridge is left out to save half the time; with few traits it does slightly better than both.
CANDIDATES = {"gp": GaussianProcess, "phylo-ridge": PhyloRidge}
# Inner skill that counts. The choice of settings alone brought as much, 0.11, in one of twenty
# simulated sets of 24 taxa in 6 clades without signal; more taxa, less (0.02 with 98 taxa).
LEAST = 0.1


class Default(BaseEstimator):
    """Chooses among closed-form learners by inner skill, and falls back to none.

    Each candidate predicts the training taxa with their whole clade left out; see
    :func:`phylolens.guide.learners.choice.inner_skill`. Where no one takes away ``least`` of the
    column means' squared error, taxa stay where their images put them, and ``why_`` says so.

    Parameters
    ----------
    least : float
        Inner skill that a candidate needs.

    Attributes
    ----------
    chosen_ : dict
        ``learner``, its settings, and ``inner_skills`` of all candidates.
    why_ : str or None
        Why no candidate was taken.
    """

    def __init__(self, *, least: float = LEAST) -> None:
        self.least = least

    def fit(self, sample: Sample, genetic: np.ndarray, groups: np.ndarray) -> "Default":
        """Fit all candidates and keep the best; see the candidates for what is refused."""
        fitted = {name: kind().fit(sample, genetic, groups) for name, kind in CANDIDATES.items()}
        parts = parts_of(groups)
        if len(parts) < 2:
            self._learner, self.why_ = fitted["phylo-ridge"], None
            self.chosen_: dict[str, Any] = {"learner": "phylo-ridge", "why": "too few clades"}
            return self
        left_out = [one.left_out(parts) for one in fitted.values()]
        found = inner_skill(genetic, groups, left_out)
        skills = {name: float(one) for name, one in zip(fitted, found, strict=True)}
        best = max(skills, key=lambda name: skills[name])
        if skills[best] < self.least:
            self.why_ = (
                f"nothing predicted clades left out within the training taxa: the best, {best}, "
                f"took {skills[best]:.1%} of the column means' squared error away, less than "
                f"{self.least:.0%}"
            )
            self._learner = Unguided().fit(sample, genetic, groups)
            self.chosen_ = {"learner": "unguided", "inner_skills": skills}
            return self
        self._learner, self.why_ = fitted[best], None
        self.chosen_ = {**fitted[best].chosen_, "learner": best, "inner_skills": skills}
        return self

    def left_out(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Predict training pairs, the row's part left out, with the learner chosen."""
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
