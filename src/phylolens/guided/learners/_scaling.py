"""Scalings of features before they are pooled, fitted to the sample at hand."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from phylolens.errors import InputError
from phylolens.guided.learners.inputs import standardised
from phylolens.guided.sample import Sample

ScalingName = Literal["raw", "centred", "standardised", "whitened"]
SCALINGS: tuple[str, ...] = get_args(ScalingName)
SHRINKAGE = 0.9  # share of the mean variance in the covariance that whitens


@dataclass(frozen=True)
class Scaling:
    """``(x - offset) * factor``, and for ``whitened`` a matrix after it.

    Parameters
    ----------
    offset, factor : array, shape (d,)
    root : array, shape (d, d), optional
        Lower triangle whose inverse whitens.
    """

    offset: np.ndarray
    factor: np.ndarray
    root: np.ndarray | None = None

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Scale rows, shape (N, d), in their own precision."""
        offset, factor = (side.astype(matrix.dtype) for side in (self.offset, self.factor))
        scaled: np.ndarray = (matrix - offset) * factor
        if self.root is None:
            return scaled
        whitened: np.ndarray = solve_triangular(self.root, scaled.T, lower=True).T
        return whitened

    def to_raw(self, weights: np.ndarray) -> np.ndarray:
        """Weights that give raw features the scores that ``weights`` give scaled ones.

        Up to a constant, which cancels in the softmax.
        """
        if self.root is not None:
            weights = solve_triangular(self.root, weights, lower=True, trans="T")
        return weights * self.factor


def fit_scaling(name: str, sample: Sample, *, as_published: bool = False) -> Scaling:
    """Fit a scaling.

    Parameters
    ----------
    name : {'raw', 'centred', 'standardised', 'whitened'}
        As they are (divided by the root of their mean square); minus the mean over taxa of equal
        weight; also divided by their standard deviation; also whitened by the covariance within
        taxa, shrunk towards its mean variance, so that what varies within taxa counts less.
    sample : Sample
    as_published : bool
        Whether ``raw`` means untouched, not even divided.

    Raises
    ------
    InputError
        If the name is unknown.
    """
    if name not in SCALINGS:
        raise InputError(
            f"no scaling '{name}'.", where="features", hint=f"There are: {', '.join(SCALINGS)}."
        )
    width = sample.means.shape[1]
    if name == "raw":
        if as_published:
            return Scaling(np.zeros(width), np.ones(width))
        size = float(np.sqrt((sample.moments[1]).sum(axis=1).mean())) or 1.0
        return Scaling(np.zeros(width), np.full(width, 1.0 / size))
    mean, deviation = sample.scale()
    if name == "centred":
        size = float(np.sqrt((deviation**2).sum())) or 1.0
        return Scaling(mean, np.full(width, 1.0 / size))
    unit = standardised(sample)
    diagonal = Scaling(unit.mean, unit.factor)
    within = _within(sample, diagonal) if name == "whitened" else np.zeros((1, 1))
    middle = float(np.trace(within)) / width
    if middle <= 0:  # one image a taxon: nothing varies within
        return diagonal
    shrunk = (1 - SHRINKAGE) / middle * within
    shrunk[np.diag_indices_from(shrunk)] += SHRINKAGE
    return Scaling(unit.mean, unit.factor, cholesky(shrunk, lower=True))


def _within(sample: Sample, scaling: Scaling) -> np.ndarray:
    """Covariance within taxa of equal weight, shape (d, d)."""
    deviations = (sample.matrix() - sample.means[sample.codes]) * scaling.factor
    deviations = (deviations * np.sqrt(sample.weights / len(sample))[:, None]).astype(np.float32)
    return (deviations.T @ deviations).astype(np.float64)


def spread_within(images: np.ndarray, means: np.ndarray, sample: Sample) -> float:
    """Mean variance within taxa of scaled images, rows as ``sample.matrix()``.

    One where nothing varies. A penalty in this unit is one on the variance of the scores, whatever
    the features' scale.

    Parameters
    ----------
    images : array, shape (N, d)
    means : array, shape (T, d)
        Of the taxa's scaled images.
    """
    total = float(np.einsum("ij,ij->i", images, images) @ sample.weights) / means.size
    found = total - float((means**2).sum()) / means.size
    return found if found > 1e-6 * total else 1.0
