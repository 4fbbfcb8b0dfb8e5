"""Leave whole clades out: what does a learner know about taxa that it has never seen.

Every taxon is held out once, with its whole clade. Predictions stand beside the best that looks at
no image (:mod:`phylolens.guided.image_free`), upon which the learner's are stacked, on training
pairs whose clades were left out again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from phylolens.errors import InputError, TooFew
from phylolens.guided.clades import INNER_FOLDS, folds_of
from phylolens.guided.image_free import added, image_free, with_names
from phylolens.guided.learners.base import Learner, LeavesOut
from phylolens.guided.sample import Sample
from phylolens.progress import Progress, silent
from phylolens.stats.correlation import CONSTANT

Maker = Callable[[], Learner]
Watch = Callable[[Learner, np.ndarray], None]
Keep = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


@dataclass(frozen=True)
class HeldOut:
    """Predictions for every pair of a held-out and a training taxon, and for held-out pairs.

    Parameters
    ----------
    guided, image_free, column_means : array, shape (n, n)
        Row: held-out taxon, column: training taxon; calibrated to genetic distance on training
        pairs. NaN within a clade. ``guided`` is the learner stacked upon ``image_free``, the best
        prediction without images; ``column_means`` is calibrated column means alone.
    raw : array, shape (n, n)
        The learner's own predictions; within clades those among held-out taxa.
    groups : int array, shape (n,)
    named, guided_named : array, shape (n, n), optional
        As ``image_free`` and ``guided``, with the names of coarser ranks in both.
    """

    guided: np.ndarray
    image_free: np.ndarray
    column_means: np.ndarray
    raw: np.ndarray
    groups: np.ndarray
    named: np.ndarray | None = None
    guided_named: np.ndarray | None = None


def leave_clades_out(
    make: Maker,
    sample: Sample,
    genetic: np.ndarray,
    groups: np.ndarray,
    *,
    inner_folds: int = INNER_FOLDS,
    steps: np.ndarray | None = None,
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
    steps : array, shape (n, n), optional
        Ranks that two taxa do not share (:func:`phylolens.taxonomy.taxonomic_steps`), to judge
        what images add to names.
    watch : callable, optional
        Given each fitted learner, and the places of the taxa it has not seen.
    keep : callable, optional
        Given a name and a function, returns what the function returns, or what it returned when a
        run was stopped (see ``phylolens.pipeline.checkpoints``). Asked for the predictions that the
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
    guided, free, columns, raw = (np.full((n, n), np.nan) for _ in range(4))
    named, both = (None if steps is None else np.full((n, n), np.nan) for _ in range(2))
    for number, clade in enumerate(clades):
        progress("leaving clades out", number, len(clades))
        out, kept = np.flatnonzero(groups == clade), np.flatnonzero(groups != clade)
        training, distances = sample.take(kept), genetic[np.ix_(kept, kept)]
        blind = image_free(distances, groups[kept], inner_folds)
        learner = make().fit(training, distances, groups[kept])
        if isinstance(learner, LeavesOut):
            inner = _without_refits(learner, groups[kept], inner_folds)
        else:
            inner = _kept(
                keep,
                f"clade-{number}",
                partial(inner_predictions, make, training, distances, groups[kept], inner_folds),
            )
        held, block = sample.take(out), np.ix_(out, kept)
        predicted = raw[block] = learner.predict(held)
        raw[np.ix_(out, out)] = learner.between(held)
        guided[block] = added(blind, inner, predicted, distances)[0]
        free[block], columns[block] = blind.predicted, blind.column_means
        if steps is not None and named is not None and both is not None:
            known, new = steps[np.ix_(kept, kept)], steps[block]
            knowing = with_names(blind, distances, groups[kept], known, new, inner_folds)
            named[block] = knowing.predicted
            both[block] = added(knowing, inner, predicted, distances)[0]
        if watch is not None:
            watch(learner, out)
    progress("leaving clades out", len(clades), len(clades))
    return HeldOut(guided, free, columns, raw, groups, named, both)


def inner_predictions(
    make: Maker, sample: Sample, genetic: np.ndarray, groups: np.ndarray, folds: int
) -> np.ndarray:
    """Predict training pairs with the row's clade left out; NaN within a fold.

    A fold that would leave a single taxon to learn from is left out, too.
    """
    found = np.full(genetic.shape, np.nan)
    for out, kept in folds_of(groups, folds):
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


def count_fits(groups: np.ndarray, folds: int = INNER_FOLDS) -> int:
    """Count the fits that leaving clades out takes of a learner that has to be refitted."""
    return sum(
        1 + sum(1 for _ in folds_of(groups[groups != clade], folds)) for clade in np.unique(groups)
    )


def _without_refits(learner: LeavesOut, groups: np.ndarray, folds: int) -> np.ndarray:
    """As :func:`inner_predictions`, with the settings of the fit to all training taxa."""
    parts = [out for out, _ in folds_of(groups, folds)]
    found = learner.left_out(parts)
    for part in parts:
        found[np.ix_(part, part)] = np.nan
    return found


def skill(found: HeldOut, genetic: np.ndarray) -> float:
    """Share of squared error that images take away from the best prediction without them.

    Over pairs of a held-out and a training taxon; 0 is none. The latter's error may be zero, where
    all distances are equal: skill is 0 then.
    """
    return share_saved(found.guided, found.image_free, genetic)


def share_saved(guided: np.ndarray, free: np.ndarray, genetic: np.ndarray) -> float:
    """Share of the squared error of ``free`` that ``guided`` takes away, over known pairs."""
    known = np.isfinite(guided)
    wanted = genetic[known]
    error = np.mean((free[known] - wanted) ** 2)
    return float(1 - np.mean((guided[known] - wanted) ** 2) / error) if error > 0 else 0.0


SMALL = 1e-12  # share of the largest eigenvalue that is rounding alone


def taxon_places(learner: Learner, sample: Sample) -> np.ndarray:
    """Place taxa: a learner's own way where it has one (``place``), else the mean of the images.

    Returns
    -------
    array of float64, shape (T, k)
    """
    place: Any = getattr(learner, "place", None)
    if place is not None:
        return np.asarray(place(sample), dtype=np.float64)
    embedded = np.asarray(learner.transform(sample.matrix()), dtype=np.float64)
    return sample.average(embedded)


class HeldOutPlaces:
    """Collect the places of taxa by models that have not seen their clade, in one frame.

    Each model has axes of its own: they may be turned or mirrored against those of the others. Its
    places ``E`` of all n taxa, seen and unseen, are centred and turned to the nearest to one axis a
    taxon, which makes them the symmetric root of ``E E'`` (orthogonal Procrustes; Schönemann 1966,
    Psychometrika 31:1). That takes the taxa's images and no genetic distance, so nothing of the
    clade held out gets into its places; and the centre is the same for all, where that of the
    training taxa alone would push each clade away from itself.

    Parameters
    ----------
    sample : Sample
        n taxa.
    """

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.places = np.zeros((len(sample), len(sample)))

    def __call__(self, learner: Learner, out: np.ndarray) -> None:
        """Take the rows of the taxa ``out`` from a model that has not seen them.

        The mean square length over all taxa is one in every model.
        """
        found = taxon_places(learner, self.sample)
        found = found - found.mean(axis=0)
        values, vectors = np.linalg.eigh(found @ found.T)
        values = np.where(values > SMALL * max(values.max(), 0.0), values, 0.0)
        if values.sum() > 0:
            values = values * len(values) / values.sum()
        self.places[out] = ((vectors * np.sqrt(values)) @ vectors.T)[out]


def require_varied(genetic: np.ndarray) -> None:
    """Raise :class:`InputError` where there is nothing to learn: all distances are equal."""
    pairs = genetic[np.triu_indices(len(genetic), k=1)]
    if len(pairs) < 3:
        raise TooFew(f"guiding needs at least three taxa; got {len(genetic)}.")
    if np.ptp(pairs) <= CONSTANT * np.abs(pairs).max():
        raise InputError(
            f"all genetic distances are equal ({pairs[0]:g}).",
            hint="Give a phylogeny with more than one distance.",
        )


def require_different(sample: Sample) -> None:
    """Raise :class:`InputError` where images cannot tell taxa apart: all means are equal."""
    means = sample.means
    if np.ptp(means, axis=0).max() <= CONSTANT * np.abs(means).max():
        raise InputError("all taxa have the same features.", ids=sample.taxa)
