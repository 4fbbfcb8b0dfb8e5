"""What learning from a phylogeny requires: known learners, distances and looks that differ."""

import numpy as np

from phylolens.errors import InputError, TooFew
from phylolens.guided.sample import Sample
from phylolens.stats.correlation import CONSTANT


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
