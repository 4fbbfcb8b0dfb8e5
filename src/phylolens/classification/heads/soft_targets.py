"""Targets that a head is trained towards: one class, or all of them by their genetic distance."""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from phylolens.errors import InputError

Distances = tuple[tuple[str, ...], np.ndarray]  # names of taxa, and their distances (n, n)


def softmax_targets(
    classes: Sequence[str], distances: Distances | None, temperature: float
) -> np.ndarray:
    """Turn genetic distances into the share that each class has in the target of each.

    Row ``i`` is ``softmax(-d / temperature)`` over the distances of class ``i`` to the classes at
    hand, after Hofmann et al. (2024) Syst. Biol. 73:920. They took distances as the tree gives
    them; here their mean between two of these classes is 1, so that the temperature does not
    depend on the unit of the tree.

    Parameters
    ----------
    classes : sequence of str, n_classes
        Those trained on; no other taxon has a share.
    distances : tuple of names and array, optional
        Taxa that are no class are left out. A class without a distance is its own target alone, as
        all are without distances.
    temperature : float
        Above 0; near 0 only the class itself has a share.

    Returns
    -------
    array of float64, shape (n_classes, n_classes)
        Rows sum to one.

    Raises
    ------
    InputError
        If the temperature is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens.classification.heads.soft_targets import softmax_targets
    >>> d = np.array([[0.0, 1, 3], [1, 0, 3], [3, 3, 0]])
    >>> softmax_targets(["a", "b", "c"], (("a", "b", "c"), d), 0.5).round(2)
    array([[0.67, 0.28, 0.05],
           [0.28, 0.67, 0.05],
           [0.06, 0.06, 0.87]])
    """
    if not temperature > 0:
        raise InputError(f"the temperature must be above 0; got {temperature}.", where="--models")
    found = np.eye(len(classes))
    if distances is None:
        return found
    place = {name: row for row, name in enumerate(distances[0])}
    known = [row for row, name in enumerate(classes) if name in place]
    if len(known) < 2:
        return found
    rows = [place[classes[row]] for row in known]
    inside = np.asarray(distances[1], dtype=float)[np.ix_(rows, rows)]
    mean = inside.sum() / (len(rows) * (len(rows) - 1))
    if mean > 0:
        found[np.ix_(known, known)] = softmax(-inside / mean / temperature, axis=1)
    return found
