"""How well a learner predicts clades left out of its own training taxa, beyond the image-free."""

import numpy as np

from phylolens.guided.folds import INNER_FOLDS, folds_of
from phylolens.guided.image_free import added, image_free
from phylolens.guided.row_rank import RowRank


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
