"""Distances on a sphere, seen in the plane that touches it at the mean direction.

Directions of features (chord, cosine), and points of a normalised kernel (rbf, polynomial), lie on
a sphere. A taxon that strays far from the mean direction lies lower on it, whichever way it strays:
all taxa of a variable clade are low, and alike in that. Tests then reject though no taxon strays
where its relatives do. Along the axis of the mean direction a sphere shows nothing but how far a
taxon strays, so that axis is left out.

That holds of a cap, as features of networks fill it, which all share much. Spread over the whole
sphere, taxa have no mean direction worth the name: what there is of it is that of the larger clade,
and leaving it out would hide that clade. Nor do they lie lower for straying farther then.
"""

import numpy as np

LEAST_SHARED = 0.5  # mean similarity from which taxa lie on a cap
ON_A_SPHERE = ("chord", "cosine", "rbf", "polynomial")


def flattened(squares: np.ndarray, metric: str) -> np.ndarray:
    """Squared distances without the axis of the mean direction.

    Parameters
    ----------
    squares : array, shape (n, n)
        Squared distances ``2 - 2 s`` of similarities s with 1 on the diagonal, for metrics on a
        sphere; others, and those of taxa that share less than half, are returned as they are.
    metric : str

    Returns
    -------
    array, shape (n, n)
    """
    if metric not in ON_A_SPHERE:
        return squares
    similar = 1 - squares / 2
    height = similar.mean(axis=0)
    total = height.mean()
    if total < LEAST_SHARED:
        return squares
    left = similar - np.outer(height, height) / total
    own = np.diag(left)
    found = own[:, None] + own[None, :] - (left + left.T)
    np.fill_diagonal(found, 0.0)
    return found
