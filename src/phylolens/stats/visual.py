"""Visual distance between taxa, by name."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist, pdist, squareform
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.stats.gaussian import jeffreys, shrunk_variances
from phylolens.stats.means import SpecimenMeans, specimen_means, taxon_means
from phylolens.values import Features

DEGREE = 3  # of the polynomial kernel, scikit-learn's default
NEAR = 1e-6  # squared distance, relative to squared sizes, below which cancellation counts
ROUNDING = 1e-14  # distances of this size, relative to the values, come from rounding alone
GAUSSIAN = "gaussian-kl"


def _euclidean(matrix: np.ndarray, ids: tuple[str, ...] = ()) -> np.ndarray:
    """Distances by one matrix product; what cancels in it is measured again, row by row."""
    rows = matrix - matrix.mean(axis=0)
    size = np.einsum("ij,ij->i", rows, rows)
    sizes = size[:, None] + size[None, :]
    squared = sizes - 2.0 * (rows @ rows.T)
    near = np.triu(squared <= NEAR * sizes, k=1)
    distances = np.sqrt(np.maximum(squared, 0.0))
    for row in np.flatnonzero(near.any(axis=1)):
        others = np.flatnonzero(near[row])
        exact = cdist(matrix[row : row + 1], matrix[others])[0]
        distances[row, others] = distances[others, row] = exact
    return distances


def _normalised(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    norms = np.linalg.norm(matrix, axis=1)
    zero = [name for name, norm in zip(ids, norms, strict=True) if norm == 0]
    if zero:
        raise InputError("features that are all zero have no direction.", ids=zero)
    return matrix / norms[:, None]


def _chord(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    # Differences of unit vectors, not sqrt(2 - 2cos): that loses half the digits near zero.
    return _euclidean(_normalised(matrix, ids))


def _cosine(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    return _chord(matrix, ids) ** 2 / 2


def _rbf(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    """``sqrt(2 - 2k)`` of ``k = exp(-d^2 / (2 s^2))``, s the median distance (median heuristic)."""
    distances = _euclidean(matrix)
    positive = distances[distances > 0]
    scale = float(np.median(positive)) if positive.size else 1.0
    return np.sqrt(-2.0 * np.expm1(-((distances / scale) ** 2) / 2))


def _polynomial(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    """``sqrt(2 - 2k)`` of ``k = ((1 + cos) / 2)^3``: the normalised kernel of unit rows."""
    half_gap = np.minimum(_chord(matrix, ids) ** 2 / 4, 1.0)  # (1 - cos) / 2
    with np.errstate(divide="ignore"):  # opposite directions: log 0, and k = 0 is right
        return np.sqrt(-2.0 * np.expm1(DEGREE * np.log1p(-half_gap)))


VISUAL_DISTANCES: Mapping[str, Callable[[np.ndarray, tuple[str, ...]], np.ndarray]] = {
    "chord": _chord,
    "cosine": _cosine,
    "euclidean": _euclidean,
    "manhattan": lambda matrix, ids: squareform(pdist(matrix, "cityblock")),
    "rbf": _rbf,
    "polynomial": _polynomial,
}
DISTANCE_NAMES = (*VISUAL_DISTANCES, GAUSSIAN)
_OF_DIRECTIONS = ("chord", "cosine", "polynomial")  # the others see the features' unit


def require_distance(metric: str) -> None:
    """Raise :class:`InputError` unless ``metric`` is the name of a visual distance."""
    if metric not in DISTANCE_NAMES:
        raise InputError(
            f"unknown visual distance '{metric}'.",
            where="--distance",
            hint=f"Choose one of {', '.join(DISTANCE_NAMES)}.",
        )


def visual_distances(features: Features, metric: str = "chord") -> DistanceMatrix:
    """Measure the distance between all pairs of rows.

    Parameters
    ----------
    features : Features
        One row a taxon.
    metric : str
        ``chord`` (Euclidean between rows of length one, ``sqrt(2 - 2 cos)``: the default, since
        its principal coordinates have no negative axes), ``cosine`` (``1 - cos``), ``euclidean``,
        ``manhattan``, ``rbf`` (``sqrt(2 - 2k)`` of the kernel ``k = exp(-d^2 / (2 s^2))`` with d
        the Euclidean distance and s the median of those above zero), ``polynomial``
        (``sqrt(2 - 2k)`` of ``k = ((1 + cos) / 2)^3``, the normalised kernel of degree 3 of rows
        of length one).

    Returns
    -------
    DistanceMatrix
        Between the rows, in their order.

    Raises
    ------
    InputError
        If the metric is unknown or needs specimens (``gaussian-kl``, see
        :func:`taxon_distances`), a row is all zero (those of directions), or all rows are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens import Features, visual_distances
    >>> features = Features(["a", "b", "c"], np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0]]))
    >>> visual_distances(features).data.round(2).tolist()
    [[0.0, 0.0, 1.41], [0.0, 0.0, 1.41], [1.41, 1.41, 0.0]]
    """
    require_distance(metric)
    if metric == GAUSSIAN:
        raise InputError(
            "the distance 'gaussian-kl' compares the specimens of taxa; these features have one "
            "row a taxon.",
            where="--distance",
            hint="Give features of images or specimens, or choose chord.",
        )
    return _measured(features.matrix.astype(np.float64), features.ids, metric)


def _measured(matrix: np.ndarray, ids: tuple[str, ...], metric: str) -> DistanceMatrix:
    scale = 1.0 if metric in _OF_DIRECTIONS else float(np.abs(matrix).max())
    return _checked(VISUAL_DISTANCES[metric](matrix, ids), ids, scale)


def _checked(distances: np.ndarray, ids: tuple[str, ...], scale: float) -> DistanceMatrix:
    """Make exactly symmetric what rounding left nearly so; refuse what does not vary."""
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    if distances.max() <= ROUNDING * scale:
        raise InputError("all rows of the features are equal: no distance between any two taxa.")
    return DistanceMatrix(distances, ids)


def taxon_distances(
    features: Features, taxa: pd.Series, specimens: pd.Series, metric: str = "chord"
) -> DistanceMatrix:
    """Measure the distance between taxa from features of their images.

    Parameters
    ----------
    features, taxa, specimens
        As for :func:`phylolens.stats.means.taxon_means`.
    metric : str
        Those of :func:`visual_distances`, between means of taxa; or ``gaussian-kl``: each taxon a
        normal distribution with the mean and the variances of its specimens (diagonal covariance,
        see :func:`phylolens.stats.gaussian.shrunk_variances`); the square root of Jeffreys'
        symmetrised Kullback-Leibler divergence, which is Mahalanobis' distance where variances
        agree, and like the other distances of the order of a difference, not of its square.

    Returns
    -------
    DistanceMatrix
        Taxa sorted by name.
    """
    require_distance(metric)
    if metric != GAUSSIAN:
        return visual_distances(taxon_means(features, taxa, specimens), metric)
    found = specimen_means(features, taxa, specimens)
    return cloud_distances(found, found.centres, found.squares(), metric)


def cloud_distances(
    found: SpecimenMeans, means: np.ndarray, squares: np.ndarray | None, metric: str
) -> DistanceMatrix:
    """Measure the distance between taxa of given means and spread.

    Parameters
    ----------
    found : SpecimenMeans
        Names and numbers of specimens.
    means : float64 array, shape (T, d)
    squares : array, shape (T, d), optional
        Sums of squared differences from the means; needed by ``gaussian-kl`` alone.
    metric : str
        As for :func:`taxon_distances`.
    """
    if metric != GAUSSIAN:
        return _measured(means, found.taxa, metric)
    assert squares is not None
    divergence = jeffreys(means, shrunk_variances(squares, found.sizes))
    return _checked(np.sqrt(divergence), found.taxa, 1.0)
