"""Do predicted distances put the training taxa in the right order? Rank correlation along rows.

Squared error is governed by a few old lineages. Ranks along the row of each held-out taxon are
not, and the mean over clades gives a clade of one taxon as much say as one of sixty.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

DIGITS = 9  # predictions that differ by rounding alone tie


class RowRank:
    """Spearman correlation along each row, averaged within clades, then over them.

    Parameters
    ----------
    genetic : array, shape (n, n)
    groups : int array, shape (n,)
        Clade of each taxon.
    blocks : sequence of pairs of int arrays, optional
        Rows and the columns that are known in them; by default each clade's rows and the columns of
        all others.
    """

    def __init__(
        self,
        genetic: np.ndarray,
        groups: np.ndarray,
        blocks: Sequence[tuple[np.ndarray, np.ndarray]] | None = None,
    ) -> None:
        if blocks is None:
            blocks = [
                (np.flatnonzero(groups == clade), np.flatnonzero(groups != clade))
                for clade in np.unique(groups)
            ]
        self._blocks = [np.ix_(rows, columns) for rows, columns in blocks]
        self._wanted = [_ranks(genetic[block]) for block in self._blocks]
        rows = np.concatenate([rows for rows, _ in blocks])
        codes = np.unique(groups[rows], return_inverse=True)[1]
        sizes = np.bincount(codes)
        self._shares = 1.0 / (len(sizes) * sizes[codes])

    def of(self, predicted: np.ndarray) -> float:
        """Score predictions, shape (n, n); a row without any order counts as zero."""
        rows = [
            (_ranks(predicted[block]) * wanted).sum(axis=1)
            for block, wanted in zip(self._blocks, self._wanted, strict=True)
        ]
        return float(np.concatenate(rows) @ self._shares)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks along rows, centred, of length one; zero where all tie."""
    scale = np.abs(values).max(initial=0.0) or 1.0
    ranks = rankdata(np.round(values / scale, DIGITS), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(ranks, axis=1, keepdims=True)
    found: np.ndarray = ranks / np.where(sizes > 0, sizes, 1.0)
    return found
