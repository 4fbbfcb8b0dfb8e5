"""Set all taxa at one distance from a common centre, so that only their directions count.

Where relatives share no history but some clades vary more than others, or are known from fewer
images, the taxa of such a clade lie far out. They are far from each other and from all others, the
taxa of an even clade lie close together: distances follow the tree though nobody resembles his
relatives. Seen from the centre, the directions in which taxa lie know nothing of it. Tests of any
statistic on distances between directions keep their level there (``make verify``); for the idea of
spatial signs see Oja (2010), Multivariate Nonparametric Methods with R, Springer.
"""

import numpy as np
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.debiased import VisualDistances

ROUNDS = 50  # of the centre's iteration: it moves by less than rounding long before
NEAREST = 1e-3  # of the median squared distance from the centre: a taxon upon it has no direction


def directions(squares: np.ndarray) -> np.ndarray:
    """Cosines between taxa seen from a centre in which far-off taxa count little.

    The centre is the mean with weights ``1 / r^2``, r each taxon's distance from the mean of the
    others. With equal weights a variable clade would drag the centre about, and the taxa of all
    even clades would lie in one direction from it.

    Parameters
    ----------
    squares : array, shape (n, n)
        Squared distances.

    Returns
    -------
    array, shape (n, n)
        Symmetric, 1 on the diagonal, in [-1, 1].
    """
    rows = squares.mean(axis=0)
    gram = -0.5 * (squares - rows[:, None] - rows[None, :] + rows.mean())
    own, n = np.diag(gram), len(gram)
    weights = np.full(n, 1.0 / n)
    for _ in range(ROUNDS):
        towards = gram @ weights
        away = (own - 2 * towards + weights @ towards) / (1 - weights) ** 2
        weights = 1.0 / np.maximum(away, NEAREST * np.median(away))
        weights /= weights.sum()
    towards = gram @ weights
    about = gram - towards[:, None] - towards[None, :] + weights @ towards
    lengths = np.diag(about)
    lengths = np.sqrt(np.maximum(lengths, NEAREST * np.median(lengths)))
    cosines = np.clip(about / np.outer(lengths, lengths), -1.0, 1.0)
    np.fill_diagonal(cosines, 1.0)
    return (cosines + cosines.T) / 2


def unit_distances(visual: VisualDistances) -> DistanceMatrix:
    """Distances between taxa set at unit distance from their centre, ``sqrt(2 - 2 cos)``.

    Sampling noise is added to each taxon's own length and to nothing else: a taxon known from one
    image is longer by chance, but lies in no other taxon's direction for it.

    Parameters
    ----------
    visual : VisualDistances
        n taxa.

    Returns
    -------
    DistanceMatrix
        Euclidean where the distances given are; between 0 and 2.

    Raises
    ------
    InputError
        If all taxa lie in one place.
    """
    cosines = directions(noisy_squares(visual))
    found = np.sqrt(np.maximum(2 - 2 * cosines, 0.0))
    np.fill_diagonal(found, 0.0)
    return DistanceMatrix(found, visual.plain.ids)


def noisy_squares(visual: VisualDistances) -> np.ndarray:
    """Squared distances that directions are taken of, the largest 1, shape (n, n).

    Those of the features themselves where they are known: distances of scaled vectors (chord,
    cosine) lie on a sphere, where taxa that stray far from the mean direction all lie low, and are
    alike in that. Else those given, sampling noise included.

    Raises
    ------
    InputError
        If all taxa lie in one place.
    """
    squares = visual.noisy_squares if visual.raw is None else visual.raw
    if squares.max() <= 0:
        raise InputError("all visual distances are zero.")
    return np.asarray(squares / squares.max())
