"""What learners refuse."""

import numpy as np

from phylolens.errors import InputError
from phylolens.guided.sample import Sample


def check_fit(
    sample: Sample, genetic: np.ndarray, groups: np.ndarray, strength: float | None = None
) -> None:
    """Raise :class:`InputError` for sizes that differ, values not finite, a penalty of zero."""
    n = len(sample)
    if genetic.shape != (n, n) or len(groups) != n:
        raise InputError(
            f"{n} taxa need {n} x {n} distances and {n} clades; "
            f"got {genetic.shape} and {len(groups)}.",
            ids=sample.taxa,
        )
    if not (np.isfinite(genetic).all() and np.isfinite(sample.means).all()):
        raise InputError("features and distances must be finite.", ids=sample.taxa)
    if strength is not None and not strength > 0:
        raise InputError(f"a penalty is positive; got {strength}.", where="strength")
