"""Leave whole clades out: what does a learner know about taxa that it has never seen.

Every taxon is held out once, with its whole clade. Predictions stand beside *calibrated column
means*, which look at no picture: a held-out taxon's distance to training taxon j is predicted by
j's mean distance to the other training taxa. Both are calibrated affinely on training pairs, where
the learner's predictions are made by leaving clades out again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from phylolens.errors import TooFew
from phylolens.guide.learners.base import Learner, LeavesOut
from phylolens.guide.sample import Sample
from phylolens.progress import Progress, silent

Maker = Callable[[], Learner]
Watch = Callable[[Learner, np.ndarray], None]
Keep = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
INNER_FOLDS = 5
FEWEST = 2  # training taxa of an inner fold: one alone has no distance to learn from


@dataclass(frozen=True)
class HeldOut:
    """Predictions for every pair of a held-out and a training taxon, and for held-out pairs.

    Parameters
    ----------
    guided, column_means : array, shape (n, n)
        Row: held-out taxon, column: training taxon; calibrated to genetic distance on training
        pairs. NaN within a clade. ``guided`` is the calibration on column means and the learner
        together, ``column_means`` that on column means alone.
    raw : array, shape (n, n)
        The learner's own predictions; within clades those among held-out taxa.
    groups : int array, shape (n,)
    """

    guided: np.ndarray
    column_means: np.ndarray
    raw: np.ndarray
    groups: np.ndarray


def leave_clades_out(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    groups: np.ndarray,
    *,
    inner_folds: int = INNER_FOLDS,
    watch: Watch | None = None,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> HeldOut:
    """Hold every clade out in turn.

    Parameters
    ----------
    make : callable
        Gives an unfitted learner.
    sample : Sample
        n taxa.
    genetic : array, shape (n, n)
        Distances, taxa in the order of the sample.
    groups : int array, shape (n,)
        Clade of each taxon.
    inner_folds : int
        Groups of clades left out within the training taxa, for the calibration.
    watch : callable, optional
        Given each fitted learner, and the places of the taxa it has not seen.
    keep : callable, optional
        Given a name and a function, returns what the function returns, or what it returned when a
        run was stopped (see ``phylolens.stages.parts``). Asked for the predictions that the
        calibration needs: all fits but one a clade.

    Raises
    ------
    TooFew
        With fewer than three clades, one to hold out and two to calibrate on, or when a clade
        leaves too few taxa to calibrate on.
    """
    clades = np.unique(groups)
    if len(clades) < 3:
        raise TooFew(f"leaving clades out needs at least three of them; got {len(clades)}.")
    n = len(sample)
    guided, free, raw = (np.full((n, n), np.nan) for _ in range(3))
    for number, clade in enumerate(clades):
        progress("leaving clades out", number, len(clades))
        out, kept = np.flatnonzero(groups == clade), np.flatnonzero(groups != clade)
        training, distances = sample.take(kept), genetic[np.ix_(kept, kept)]
        learner = make().fit(training, distances, groups[kept])
        if isinstance(learner, LeavesOut):
            inner = _without_refits(learner, groups[kept], inner_folds)
        else:
            inner = _kept(
                keep,
                f"clade-{number}",
                partial(inner_predictions, make, training, distances, groups[kept], inner_folds),
            )
        both, alone = _calibrations(inner, distances, groups[kept], inner_folds)
        held = sample.take(out)
        predicted = learner.predict(held)
        columns = np.tile(distances.sum(axis=0) / (len(kept) - 1), (len(out), 1))
        raw[np.ix_(out, kept)] = predicted
        raw[np.ix_(out, out)] = learner.between(held)
        guided[np.ix_(out, kept)] = _applied(both, columns, predicted)
        free[np.ix_(out, kept)] = _applied(alone, columns)
        if watch is not None:
            watch(learner, out)
    progress("leaving clades out", len(clades), len(clades))
    return HeldOut(guided, free, raw, groups)


def clade_folds(groups: np.ndarray, folds: int) -> list[np.ndarray]:
    """Deal whole clades to folds of about equal numbers of taxa, largest clades first."""
    clades, sizes = np.unique(groups, return_counts=True)
    loads = np.zeros(min(folds, len(clades)))
    fold_of = {}
    for place in np.lexsort((clades, -sizes)):
        lightest = int(np.argmin(loads))
        fold_of[clades[place]] = lightest
        loads[lightest] += sizes[place]
    codes = np.array([fold_of[group] for group in groups])
    return [np.flatnonzero(codes == fold) for fold in range(len(loads))]


def _inner(groups: np.ndarray, folds: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places left out of and kept in each inner fold."""
    for out in clade_folds(groups, folds):
        kept = np.setdiff1d(np.arange(len(groups)), out)
        if len(kept) >= FEWEST:
            yield out, kept


def inner_predictions(
    make: Maker, sample: Sample, genetic: np.ndarray, groups: np.ndarray, folds: int
) -> np.ndarray:
    """Predict training pairs with the row's clade left out; NaN within a fold.

    A fold that would leave a single taxon to learn from is left out, too.
    """
    found = np.full(genetic.shape, np.nan)
    for out, kept in _inner(groups, folds):
        learner = make().fit(sample.take(kept), genetic[np.ix_(kept, kept)], groups[kept])
        found[np.ix_(out, kept)] = learner.predict(sample.take(out))
    return found


def under(keep: Keep | None, name: str) -> Keep | None:
    """Put a name before those of all parts that are kept; None where nothing is."""
    return None if keep is None else lambda part, make: keep(f"{name}-{part}", make)


def _kept(keep: Keep | None, name: str, predict: Callable[[], np.ndarray]) -> np.ndarray:
    """Predict, unless that was done before a run was stopped."""
    if keep is None:
        return predict()
    return np.array(keep(name, lambda: {"inner": predict()})["inner"], dtype=float)


def count_fits(groups: np.ndarray, inner_folds: int = INNER_FOLDS) -> int:
    """Count the fits that leaving clades out takes of a learner that has to be refitted."""
    return sum(
        1 + sum(1 for _ in _inner(groups[groups != clade], inner_folds))
        for clade in np.unique(groups)
    )


def _without_refits(learner: LeavesOut, groups: np.ndarray, folds: int) -> np.ndarray:
    """As :func:`inner_predictions`, with the settings of the fit to all training taxa."""
    parts = [out for out, _ in _inner(groups, folds)]
    found = learner.left_out(parts)
    for part in parts:
        found[np.ix_(part, part)] = np.nan
    return found


def _calibrations(
    inner: np.ndarray, genetic: np.ndarray, groups: np.ndarray, folds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of training distances on column means and predictions, and on means alone."""
    columns = np.full(genetic.shape, np.nan)
    for out, kept in _inner(groups, folds):
        means = genetic[np.ix_(kept, kept)].sum(axis=0) / (len(kept) - 1)
        columns[np.ix_(out, kept)] = means
    known = np.isfinite(inner)
    if not known.any():
        raise TooFew(
            f"{len(genetic)} taxa of {len(np.unique(groups))} clades are left when a clade is held "
            "out: too few to learn and calibrate on."
        )
    wanted, free = genetic[known], columns[known]
    both = np.column_stack([np.ones(len(free)), free, inner[known]])
    return (
        np.linalg.lstsq(both, wanted, rcond=None)[0],
        np.linalg.lstsq(both[:, :2], wanted, rcond=None)[0],
    )


def _applied(coefficients: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    return coefficients[0] + sum(
        slope * column for slope, column in zip(coefficients[1:], columns, strict=True)
    )


def skill(found: HeldOut, genetic: np.ndarray) -> float:
    """Share of the column means' squared error that pictures take away; 0 is none.

    Over pairs of a held-out and a training taxon.
    """
    known = np.isfinite(found.guided)
    wanted = genetic[known]
    guided = np.mean((found.guided[known] - wanted) ** 2)
    return float(1 - guided / np.mean((found.column_means[known] - wanted) ** 2))
