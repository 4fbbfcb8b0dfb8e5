"""Pseudo-unknowns: taxa left out of the reference at every depth, and what images say of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from phylolens.guided.clades import clade_folds
from phylolens.placement.evidence import Evidence, Observer, path_lengths
from phylolens.placement.points import Points
from phylolens.placement.reference import FEWEST_TAXA, Reference, first_images
from phylolens.progress import Progress, silent

FOLDS = 5
TASK = "placing taxa left out"
Keep = Callable[[str, Callable[[], "Fold"]], "Fold"]


@dataclass(frozen=True, eq=False)
class Fold:
    """Taxa whose clades were left out of the reference together.

    Parameters
    ----------
    depth : str
        Rank of the clades.
    taxa : int array, shape (Q,)
        Their places in the whole reference.
    clades : int array, shape (Q,)
        Number of each one's clade.
    reference : Reference
        What was left.
    evidence : Evidence
        Kinds and shares inside branches as float32.
    branches : int array, shape (Q,)
        Where each belongs on the reference's tree; -1 at or above its root.
    heights : array, shape (Q,)
        Of the true attachments, from the root of the reference's tree.
    paths : array, shape (Q, T')
        True distances to the reference taxa, unit of the tree.
    """

    depth: str
    taxa: np.ndarray
    clades: np.ndarray
    reference: Reference
    evidence: Evidence
    branches: np.ndarray
    heights: np.ndarray
    paths: np.ndarray


def depths_of(reference: Reference) -> tuple[str, ...]:
    """Ranks whose clades can be left out, fine to coarse: each with three clades or more."""
    found = []
    for rank in reversed(reference.ranks):
        sizes = np.bincount(reference.clades(rank))
        if (sizes > 0).sum() >= 3 and len(reference) - sizes.max() >= FEWEST_TAXA:
            found.append(rank)
    return tuple(found)


def leave_out(
    reference: Reference,
    *,
    images: int | None = None,
    n_axes: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Fold]:
    """Leave clades of every rank out in turn, five folds a rank, and gather the evidence.

    Everything is fitted anew to what is left. The clades of a fold are left out together, so that
    the reference is a little poorer than the one that unknowns meet.

    Parameters
    ----------
    reference : Reference
    images : int, optional
        Of each taxon left out, as many as unknowns have; all by default.
    n_axes : int, optional
        Of the traits.
    seed : int
    progress : callable

    Returns
    -------
    list of Fold
        Fine ranks first.
    """
    paths = path_lengths(reference)
    plan = list(_plan(reference))
    found = []
    for done, (depth, out) in enumerate(plan):
        progress(TASK, done, len(plan))
        away = np.isin(np.arange(len(reference)), out)
        if (~away).sum() >= FEWEST_TAXA:
            found.append(_fold(reference, depth, out, away, paths, images, n_axes, seed))
    progress(TASK, len(plan), len(plan))
    return found


def _plan(reference: Reference) -> Iterator[tuple[str, np.ndarray]]:
    for depth in depths_of(reference):
        for out in clade_folds(reference.clades(depth), FOLDS):
            yield depth, np.sort(out)


def _fold(
    reference: Reference,
    depth: str,
    out: np.ndarray,
    away: np.ndarray,
    paths: np.ndarray,
    images: int | None,
    n_axes: int | None,
    seed: int,
) -> Fold:
    small, places = reference.without(away)
    observer = Observer.fit(small, n_axes=n_axes, seed=seed)
    tree = small.branches
    points = Points(tree, tree.height if tree.ultrametric else None)
    evidence = observer.of(first_images(reference.sample.take(out), images), points)
    true = [reference.branches.attachment(places, int(taxon)) for taxon in out]
    offset = float(reference.branches.tip_heights[~away][0] - tree.tip_heights[0])
    return Fold(
        depth,
        out,
        reference.clades(depth)[out],
        small,
        evidence.small(),
        np.array([branch for branch, _ in true]),
        np.array([height for _, height in true]) - offset,
        paths[np.ix_(out, ~away)],
    )
