"""Visual distance between taxa: average images to specimens, specimens to taxa, then measure."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.values import Features


def taxon_means(features: Features, taxa: pd.Series, specimens: pd.Series) -> Features:
    """Average images within specimens and specimens within taxa.

    Permuting or counting specimens would reject whenever specimens cluster by taxon, even with no
    phylogenetic signal; hence one row a taxon before any test.

    Parameters
    ----------
    features : Features
        One row an image.
    taxa, specimens : Series of str
        Taxon and specimen of each image, indexed by image id; images of unknown taxon are left
        out, an image without a specimen is one of its own.

    Returns
    -------
    Features
        One row a taxon, sorted by name.
    """
    taxon = taxa.reindex(list(features.ids))
    known = taxon.notna().to_numpy()
    if not known.any():
        raise InputError("no image with features has a known taxon.", ids=features.ids)
    specimen = specimens.reindex(list(features.ids))
    frame = pd.DataFrame(
        {"taxon": taxon.to_numpy(), "specimen": specimen.where(specimen.notna(), specimen.index)},
    ).reset_index(drop=True)[known]
    images = frame.groupby(["taxon", "specimen"])["taxon"].transform("size")
    weight = 1.0 / (images * frame.groupby("taxon")["specimen"].transform("nunique"))
    groups = {name: rows.index.to_numpy() for name, rows in frame.groupby("taxon", sort=True)}
    # Weighted sums, taxon by taxon, in double precision without a second copy of all features.
    means = [
        np.einsum("i,ij->j", weight[rows].to_numpy(), features.matrix[rows], dtype=np.float64)
        for rows in groups.values()
    ]
    return Features(tuple(groups), np.array(means), features.spec)


def _normalised(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    norms = np.linalg.norm(matrix, axis=1)
    zero = [name for name, norm in zip(ids, norms, strict=True) if norm == 0]
    if zero:
        raise InputError("features that are all zero have no direction.", ids=zero)
    return matrix / norms[:, None]


def _cosine(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    unit = _normalised(matrix, ids)
    return np.clip(1.0 - unit @ unit.T, 0.0, 2.0)


def _chord(matrix: np.ndarray, ids: tuple[str, ...]) -> np.ndarray:
    # Differences of unit vectors, not sqrt(2 - 2cos): that loses half the digits near zero.
    unit = _normalised(matrix, ids)
    return cdist(unit, unit)


ROUNDING = 1e-14  # distances of this size, relative to the values, come from rounding alone
_ABSOLUTE = ("euclidean", "manhattan")  # in the features' unit; the others know directions only

VISUAL_DISTANCES: Mapping[str, Callable[[np.ndarray, tuple[str, ...]], np.ndarray]] = {
    "chord": _chord,
    "cosine": _cosine,
    "euclidean": lambda matrix, ids: cdist(matrix, matrix),
    "manhattan": lambda matrix, ids: cdist(matrix, matrix, "cityblock"),
}


def visual_distances(features: Features, metric: str = "chord") -> DistanceMatrix:
    """Measure the distance between all pairs of rows.

    Parameters
    ----------
    features : Features
        One row a taxon.
    metric : str
        ``chord`` (Euclidean between rows of length one, ``sqrt(2 - 2 cos)``: the default, since
        its principal coordinates have no negative axes), ``cosine``, ``euclidean``, ``manhattan``.

    Raises
    ------
    InputError
        If the metric is unknown, a row is all zero (chord, cosine), or all rows are equal.
    """
    if metric not in VISUAL_DISTANCES:
        raise InputError(
            f"unknown visual distance '{metric}'.",
            where="--distance",
            hint=f"Choose one of {', '.join(VISUAL_DISTANCES)}.",
        )
    distances = VISUAL_DISTANCES[metric](features.matrix.astype(np.float64), features.ids)
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    scale = float(np.abs(features.matrix).max()) if metric in _ABSOLUTE else 1.0
    if distances.max() <= ROUNDING * scale:
        raise InputError("all rows of the features are equal: no distance between any two taxa.")
    return DistanceMatrix(distances, features.ids)
