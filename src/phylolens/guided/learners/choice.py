"""Choose a setting by how well it predicts training taxa whose clade was left out."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from phylolens.guided.learners.dual import left_out_residuals


def parts_of(groups: np.ndarray) -> list[np.ndarray]:
    """Places of the taxa of each clade."""
    return [np.flatnonzero(groups == clade) for clade in np.unique(groups)]


def left_out_means(genetic: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Mean distance of each column's taxon to the taxa outside the row's clade, shape (T, T)."""
    n = len(genetic)
    centring = np.eye(n) - 1.0 / n
    return genetic - left_out_residuals(centring, genetic, parts)


def inner_skill(
    genetic: np.ndarray, groups: np.ndarray, candidates: Iterable[np.ndarray]
) -> np.ndarray:
    """Skill of predictions that left the row's clade out, each calibrated with column means.

    As :func:`phylolens.guided.held_out.skill`, within the training taxa: one minus the mean squared
    error of the least-squares fit on column means and the prediction, divided by that of the fit on
    column means alone. Scale and offset of a prediction do not count. One that falls as distances
    rise has no skill: what is left out of a mean lies on its other side, and a fit to noise, turned
    over, would pass for a good one.

    Parameters
    ----------
    genetic : array, shape (T, T)
    groups : int array, shape (T,)
        At least two clades.
    candidates : iterable of arrays, shape (T, T)
        Row: the taxon left out with its clade.

    Returns
    -------
    array
        One skill a candidate.
    """
    known = groups[:, None] != groups
    free = left_out_means(genetic, parts_of(groups))[known]
    score = skill_beside(free, genetic[known])
    return np.array([score(candidate[known]) for candidate in candidates])


def skill_beside(free: np.ndarray, wanted: np.ndarray) -> Callable[[np.ndarray], float]:
    """Judge predictions of some pairs beside their column means: see :func:`inner_skill`."""
    wanted, free = wanted - wanted.mean(), free - free.mean()
    alone = wanted - _projected(wanted, free)
    total = float(alone @ alone)

    def score(guided: np.ndarray) -> float:
        guided = guided - guided.mean()
        extra = guided - _projected(guided, free)
        left = alone - _projected(alone, extra) if alone @ extra > 0 else alone
        return 1.0 - float(left @ left) / total if total > 0 else 0.0

    return score


def _projected(values: np.ndarray, onto: np.ndarray) -> np.ndarray:
    size = float(onto @ onto)
    return (float(values @ onto) / size if size > 0 else 0.0) * onto
