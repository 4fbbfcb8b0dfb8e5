"""The best prediction without images: what any learner has to beat.

A held-out taxon's distance to training taxon j is predicted from the tree of the training taxa
alone. Four predictors, each calibrated by least squares, with and without the floor, are stacked
with non-negative weights (Breiman 1996, Mach. Learn. 24:49) fitted to training pairs whose row was
left out with its clade.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

from phylolens.errors import TooFew
from phylolens.guided.clades import folds_of

NOTHING = 1e-9  # of the largest prediction: what varies less does not vary


@dataclass(frozen=True)
class ImageFree:
    """Predictions from H new taxa to T training taxa, and among the training taxa.

    Parameters
    ----------
    inner : array, shape (T, T)
        Training pairs with the row's fold left out; NaN within a fold.
    predicted : array, shape (T,) or (H, T)
        For new taxa; without names of ranks the same for all of them.
    inner_floor, floor : array, shapes (T, T) and (T,)
        See :func:`floor_of`.
    column_means : array, shape (T,)
        Calibrated column means alone.
    """

    inner: np.ndarray
    predicted: np.ndarray
    inner_floor: np.ndarray
    floor: np.ndarray
    column_means: np.ndarray


def floor_of(genetic: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Distance of each taxon to the nearest taxon of another clade, shape (T,).

    A new clade does not sit inside a known one. Its distance to a known taxon is less than this
    only where it is nearer to that taxon's clade than any other known clade is; so predictions are
    stacked with and without this floor, and the training taxa tell which serves. Zero where there
    is one clade only.
    """
    other = groups[:, None] != groups
    nearest: np.ndarray = np.where(other, genetic, np.inf).min(axis=0)
    return np.where(np.isfinite(nearest), nearest, 0.0)


def columns_of(genetic: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Predictors of distances to T taxa, shape (4, T).

    The mean distance to all others; to the taxa of other clades; the mean over other clades of the
    mean distance to their taxa; and the first, at least the floor. Where there is one clade only,
    the mean to all others stands for those to other clades.
    """
    clades = np.unique(groups)
    means = genetic.sum(axis=0) / (len(genetic) - 1)
    floored = np.maximum(means, floor_of(genetic, groups))
    if len(clades) < 2:
        return np.stack([means, means, means, floored])
    own = (clades[:, None] == groups).astype(np.float64)
    sizes = own.sum(axis=1)
    sums = own @ genetic * (1 - own)
    other = sums.sum(axis=0) / (len(groups) - sizes @ own)
    balanced = (sums / sizes[:, None]).sum(axis=0) / (len(clades) - 1)
    return np.stack([means, other, balanced, floored])


def image_free(genetic: np.ndarray, groups: np.ndarray, folds: int) -> ImageFree:
    """Stack the predictors on training pairs.

    Parameters
    ----------
    genetic : array, shape (T, T)
    groups : int array, shape (T,)
        Clade of each training taxon.
    folds : int
        Groups of clades left out in turn.

    Raises
    ------
    TooFew
        If no training pair can be predicted with its row's clade left out.
    """
    n = len(genetic)
    inner = np.full((4, n, n), np.nan)
    inner_floor = np.zeros((n, n))
    for out, kept in folds_of(groups, folds):
        some = genetic[np.ix_(kept, kept)]
        inner[:, out[:, None], kept] = columns_of(some, groups[kept])[:, None]
        inner_floor[np.ix_(out, kept)] = floor_of(some, groups[kept])
    known = np.isfinite(inner[0])
    if not known.any():
        raise TooFew(
            f"{n} taxa of {len(np.unique(groups))} clades are left when a clade is held out: too "
            "few to learn and calibrate on."
        )
    floor, columns = floor_of(genetic, groups), columns_of(genetic, groups)
    calibrated = [
        _calibrated(one[known], genetic[known], new)
        for one, new in zip(inner, columns, strict=True)
    ]
    tried = [old for old, _, _ in calibrated]
    tried += [np.maximum(old, inner_floor[known]) for old in tried]
    new = [one for _, one, _ in calibrated]
    column_means = new[0]
    new += [np.maximum(one, floor) for one in new]
    weights = _weights(np.column_stack(tried), genetic[known])
    found = np.full((n, n), np.nan)
    found[known] = np.column_stack(tried) @ weights
    predicted = np.stack(new, axis=-1) @ weights
    return ImageFree(found, predicted, inner_floor, floor, column_means)


def with_names(
    free: ImageFree,
    genetic: np.ndarray,
    groups: np.ndarray,
    steps: np.ndarray,
    new_steps: np.ndarray,
    folds: int,
) -> ImageFree:
    """Stack what the names of coarser ranks tell upon a prediction without images.

    A distance is predicted by the mean distance of the training taxon to taxa of other clades, and
    by what training pairs that share as few ranks exceed that by on average; stacked upon ``free``.

    Parameters
    ----------
    free, genetic, groups, folds
        As for :func:`image_free`, and what it gave.
    steps : array, shape (T, T)
        Ranks that two training taxa do not share.
    new_steps : array, shape (H, T)
        The same of new and training taxa.
    """
    inner = np.full(genetic.shape, np.nan)
    for out, kept in folds_of(groups, folds):
        block = np.ix_(kept, kept)
        inner[np.ix_(out, kept)] = _by_steps(
            genetic[block], groups[kept], steps[block], steps[np.ix_(out, kept)]
        )
    named = _by_steps(genetic, groups, steps, new_steps)
    predicted, found = added(free, inner, named, genetic)
    return replace(free, predicted=predicted, inner=found)


def added(
    free: ImageFree, inner: np.ndarray, raw: np.ndarray, genetic: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Stack a learner's predictions upon those without images.

    Calibrated by least squares on training pairs, as it is and floored, then weighed like the
    predictors without images. A learner whose predictions fall as distances rise adds nothing: what
    is left out of a mean lies on its other side, and a fit to noise, turned over, would pass for a
    good one.

    Parameters
    ----------
    free : ImageFree
    inner : array, shape (T, T)
        The learner's predictions of training pairs, the row's fold left out; NaN where not known.
    raw : array, shape (H, T)
        Its predictions of new taxa.
    genetic : array, shape (T, T)

    Returns
    -------
    predicted : array, shape (H, T)
    inner : array, shape (T, T)
        NaN where not known.
    """
    known = np.isfinite(inner) & np.isfinite(free.inner)
    found = np.full(genetic.shape, np.nan)
    old, new, slope = _calibrated(inner[known], genetic[known], raw)
    base = np.broadcast_to(free.predicted, raw.shape)
    if not slope > 0 or np.ptp(inner[known]) <= NOTHING * np.abs(inner[known]).max():
        found[known] = free.inner[known]
        return base.copy(), found
    tried = [free.inner[known], old, np.maximum(old, free.inner_floor[known])]
    weights = _weights(np.column_stack(tried), genetic[known])
    found[known] = np.column_stack(tried) @ weights
    made = np.stack([base, new, np.maximum(new, free.floor)], axis=-1)
    return made @ weights, found


def _by_steps(
    genetic: np.ndarray, groups: np.ndarray, steps: np.ndarray, new_steps: np.ndarray
) -> np.ndarray:
    """Mean distance to other clades, and what pairs so many steps apart exceed it by, (H, T).

    Clades count alike. Nothing is added where all such pairs are of one and the same clade: a lone
    lineage makes no rule.
    """
    other = groups[:, None] != groups
    own = (np.unique(groups)[:, None] == groups).astype(np.float64)
    means = columns_of(genetic, groups)[1]
    found = np.tile(means, (len(new_steps), 1))
    for step in np.unique(new_steps):
        alike = (other & (steps == step)).astype(np.float64)
        counts = own @ alike @ own.T
        pairs = counts > 0
        without_each = pairs.sum() - pairs.sum(axis=0) - pairs.sum(axis=1)
        if (without_each > 0).all():
            sums = own @ ((genetic - means) * alike) @ own.T
            found[new_steps == step] += (sums[pairs] / counts[pairs]).mean()
    return found


def _calibrated(
    old: np.ndarray, wanted: np.ndarray, new: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit ``wanted`` to a predictor; the fit, what it gives for new values, and its slope."""
    design = np.column_stack([np.ones(len(old)), old])
    offset, slope = np.linalg.lstsq(design, wanted, rcond=None)[0]
    return offset + slope * old, offset + slope * new, float(slope)


def _weights(tried: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Non-negative weights of least squared error, made to sum to one."""
    corner = np.asarray(np.linalg.qr(np.column_stack([tried, wanted]), mode="r"))
    found: np.ndarray = nnls(corner[:, :-1], corner[:, -1])[0]
    total = found.sum()
    return found / total if total > 0 else np.full(len(found), 1 / len(found))
