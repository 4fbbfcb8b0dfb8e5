"""How much probability a set of branches must hold to cover the truth as often as it says.

Where it is known how new an unknown is, the level is the one at which sets cover the true branches
of that depth's pseudo-unknowns (split conformal prediction: Papadopoulos et al. 2002). Otherwise it
is the nominal one: sets cover 90 in 100 over all depths together, more of some and less of others.
A level that varies with how new an unknown looks did no better on birds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phylolens.placement.choice import ChoiceModel
from phylolens.placement.leave_out import Fold

LEVELS = (0.5, 0.9)
LARGEST = 0.9999
FEWEST = 20  # pseudo-unknowns; fewer cannot tell


@dataclass(frozen=True, eq=False)
class SetLevels:
    """Nominal levels, for every level that sets are to cover.

    Parameters
    ----------
    depths : tuple of str
    told : dict of float to array, shape (depths,)
    """

    depths: tuple[str, ...]
    told: dict[float, np.ndarray]

    @classmethod
    def fit(
        cls, folds: Sequence[Fold], model: ChoiceModel, without: np.ndarray | None = None
    ) -> "SetLevels":
        """Find the levels at which sets cover the true branches of pseudo-unknowns.

        Every depth counts alike.

        Parameters
        ----------
        folds : sequence of Fold
        model : ChoiceModel
            Fitted to them.
        without : int array, optional
            Taxa whose pseudo-unknowns are not looked at.
        """
        apart = np.array([], dtype=int) if without is None else without
        needed: dict[str, list[np.ndarray]] = {depth: [] for depth in model.depths}
        for fold in folds:
            rows = ~np.isin(fold.taxa, apart) & (fold.branches >= 0)
            if fold.depth in needed and rows.any():
                logs = model.log_shares(fold.evidence, fold.depth)[rows]
                needed[fold.depth].append(probability_needed(logs, fold.branches[rows]))
        return cls(
            model.depths,
            {
                level: np.array([_quantile(own, level) for own in needed.values()])
                for level in LEVELS
            },
        )

    def of(self, level: float, depth: str | None = None) -> float:
        """Give the level for unknowns of a depth, or of any."""
        return level if depth is None else float(self.told[level][self.depths.index(depth)])


def _quantile(parts: Sequence[np.ndarray], level: float) -> float:
    """Quantile that covers one more of the same kind as often as ``level``."""
    needed = np.concatenate(parts) if parts else np.zeros(0)
    if len(needed) < FEWEST:
        return level
    place = int(np.ceil((len(needed) + 1) * level)) - 1
    return float(np.sort(needed)[place]) if place < len(needed) else LARGEST


def probability_needed(logs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Probability that the smallest set with the true branch holds, shape (Q,).

    Parameters
    ----------
    logs : array, shape (Q, branches)
        Logarithms of probabilities.
    truth : int array, shape (Q,)
    """
    shares = np.exp(logs)
    own = shares[np.arange(len(truth)), truth]
    found: np.ndarray = np.where(shares >= own[:, None], shares, 0.0).sum(axis=1)
    return found
