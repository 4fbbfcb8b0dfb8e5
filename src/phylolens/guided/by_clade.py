"""Where skill comes from: clade by clade, and which few clades hold most of the error.

Squared errors of a few old or lone lineages can outweigh all others: one gymnosperm among
angiosperms, three ratites among birds. Skill earned on them says little of the other taxa, so those
are judged again without them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from phylolens.guided.held_out import HeldOut

HALF = 0.5  # of the error
FEW = 0.1  # of the taxa


def clade_errors(found: HeldOut, genetic: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum squared errors over pairs of each clade's taxa, held out, with training taxa.

    Returns
    -------
    clades : int array, shape (C,)
    image_free, guided : array, shape (C,)
    """
    clades, codes = np.unique(found.groups, return_inverse=True)
    per_row = (
        np.nansum((predicted - genetic) ** 2, axis=1)
        for predicted in (found.image_free, found.guided)
    )
    free, guided = (np.bincount(codes, errors) for errors in per_row)
    return clades, free, guided


def by_clade(found: HeldOut, genetic: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """Score the taxa of every clade.

    Parameters
    ----------
    found : HeldOut
    genetic : array, shape (n, n)
    names : sequence of str
        Of the clades, by their numbers.

    Returns
    -------
    list of dict
        ``clade``, ``n_taxa``, ``share`` of the squared error of the best prediction without
        images, and ``skill``, most error first. Skill of all is the mean of theirs, weighted by the
        shares.
    """
    clades, free, guided = clade_errors(found, genetic)
    total = float(free.sum())
    return [
        {
            "clade": names[clades[place]],
            "n_taxa": int((found.groups == clades[place]).sum()),
            "share": float(free[place] / total) if total > 0 else None,
            "skill": float(1 - guided[place] / free[place]) if free[place] > 0 else None,
        }
        for place in np.lexsort((clades, -free))
    ]


def heaviest(found: HeldOut, genetic: np.ndarray) -> np.ndarray:
    """Find the clades that hold half of the squared error without images, if they are few taxa.

    No image is looked at: they are the same for every learner.

    Returns
    -------
    int array
        The fewest clades that do, most error first; none where they have more than a tenth of the
        taxa.
    """
    clades, free, _ = clade_errors(found, genetic)
    order = np.lexsort((clades, -free))
    sums = np.cumsum(free[order])
    fewest: np.ndarray = clades[order[: int(np.searchsorted(sums, HALF * sums[-1])) + 1]]
    if sums[-1] <= 0 or np.isin(found.groups, fewest).mean() > FEW:
        return fewest[:0]
    return fewest
