"""The learner that predicts clades left out best, among those that take seconds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from phylolens.guided.clades import INNER_FOLDS, clade_folds, folds_of
from phylolens.guided.image_free import added, image_free
from phylolens.guided.learners.kernel_ridge import GaussianProcess
from phylolens.guided.learners.phylo_ridge import PhyloRidge
from phylolens.guided.learners.soft import Soft
from phylolens.guided.learners.unguided import Unguided
from phylolens.guided.row_rank import RowRank
from phylolens.guided.sample import Sample


class InnerScore:
    """Judge predictions of training pairs whose row was left out with its clade.

    Parameters
    ----------
    genetic : array, shape (T, T)
    groups : int array, shape (T,)
        At least three clades.
    """

    def __init__(self, genetic: np.ndarray, groups: np.ndarray) -> None:
        self._genetic = genetic
        self._free = image_free(genetic, groups, INNER_FOLDS)
        self._known = np.isfinite(self._free.inner)
        self._ranks = RowRank(genetic, groups, folds_of(groups, INNER_FOLDS))
        self._error = self._mean_error(self._free.inner)
        self._rank = self._ranks.of(self._free.inner)

    def __call__(self, left_out: np.ndarray) -> dict[str, float]:
        """Score predictions, shape (T, T), the row's fold (of five) left out.

        Returns
        -------
        dict
            ``skill`` over the best prediction without images, ``row_rank_gain`` over it, and
            ``score``, their sum: both are shares of what could be reached.
        """
        inner = np.where(self._known, left_out, np.nan)
        found = added(self._free, inner, left_out[:0], self._genetic)[1]
        skill = 1 - self._mean_error(found) / self._error if self._error > 0 else 0.0
        gain = self._ranks.of(found) - self._rank
        return {"skill": skill, "row_rank_gain": gain, "score": skill + gain}

    def _mean_error(self, predicted: np.ndarray) -> float:
        return float(np.mean((predicted[self._known] - self._genetic[self._known]) ** 2))


# Kernel ridge is left out to save time; with few traits it does slightly better than gp.
CANDIDATES = {"soft": Soft, "gp": GaussianProcess, "phylo-ridge": PhyloRidge}
LEAST = 0.05  # of the score


class Default(BaseEstimator):
    """Chooses among closed-form learners on clades left out, and falls back to none.

    Each candidate predicts the training taxa with their whole clade left out. Its skill over the
    best prediction without images and what it adds to the rank correlation along rows are summed
    (:class:`InnerScore`). Where no sum reaches ``least``, taxa stay
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
