"""Features as learners see them: checked, on one scale, or reduced; fitted to training images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from phylolens.errors import InputError
from phylolens.guided.sample import Sample

UNVARIED = 1e-6  # of the largest standard deviation: a feature that varies less does not vary


@dataclass(frozen=True)
class Standardised:
    """Each feature minus its mean, times a factor, divided by the root of the number of features.

    Parameters
    ----------
    mean, factor : array, shape (d,)
        Factor zero for features that do not vary.
    """

    mean: np.ndarray
    factor: np.ndarray

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Scale rows, shape (N, d); the map is affine: means of rows go where rows' means go."""
        scaled: np.ndarray = (matrix - self.mean) * self.factor
        return scaled


def standardised(sample: Sample) -> Standardised:
    """Scale to unit variance over the images of the sample, taxa of equal weight."""
    mean, deviation = sample.scale()
    varies = deviation > UNVARIED * deviation.max(initial=0.0)
    factor = np.zeros_like(deviation)
    factor[varies] = 1.0 / deviation[varies]
    return Standardised(mean, factor / np.sqrt(len(factor)))


def in_one_unit(sample: Sample) -> Standardised:
    """Divide all features by the same number: the root of the variance summed over them."""
    mean, deviation = sample.scale()
    total = float(np.sqrt((deviation**2).sum())) or 1.0
    return Standardised(mean, np.full_like(deviation, 1.0 / total))


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


IMAGES = 4  # of a taxon at most: time grows with their square
ROUNDING = 1e-6  # share of the largest eigenvalue below which an axis is rounding


@dataclass(frozen=True)
class Reduced:
    """Standardised features projected to principal axes.

    Parameters
    ----------
    scaled : Standardised
    axes : array of float32, shape (d, c)
        Scaled so that the root mean square distance between the sample's taxon means is 1.
    """

    scaled: Standardised
    axes: np.ndarray

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Reduce rows, shape (N, d) to (N, c) of float32; affine."""
        found: np.ndarray = self.scaled(matrix).astype(np.float32) @ self.axes
        return found


def reduced(sample: Sample, components: int, rng: np.random.Generator) -> Reduced:
    """Fit the components to a few images of each taxon, so that no taxon outweighs another.

    Parameters
    ----------
    sample : Sample
        T taxa.
    components : int
        Kept at most, largest variance first.
    rng : Generator
        Draws the images of taxa that have many.
    """
    scaled = standardised(sample)
    pairs = zip(sample.starts, sample.stops, strict=True)
    rows = np.concatenate([rng.permutation(np.arange(*pair))[:IMAGES] for pair in pairs])
    images = scaled(sample.features[rows])
    images = (images - images.mean(axis=0)).astype(np.float32)
    values, vectors = np.linalg.eigh((images @ images.T).astype(np.float64))
    kept = np.flatnonzero(values > ROUNDING * max(values[-1], ROUNDING))[::-1][:components]
    axes = images.T @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    means = scaled(sample.means) @ axes
    spread = np.sqrt(2.0 * ((means - means.mean(axis=0)) ** 2).sum(axis=1).mean())
    return Reduced(scaled, (axes / (spread or 1.0)).astype(np.float32))


Weights = dict[str, np.ndarray]


def apply_head(rows: Any, weights: Mapping[str, Any], relu: Callable[[Any], Any]) -> Any:
    """Apply a head to rows, arrays of numpy or tensors of torch alike."""
    found = rows @ weights["linear"]
    if "in" in weights:
        found = found + relu(rows @ weights["in"] + weights["bias"]) @ weights["out"]
    return found


def head_places(rows: np.ndarray, weights: Weights) -> np.ndarray:
    """Apply a trained head to rows, shape (N, c) to (N, k), without torch."""
    found: np.ndarray = apply_head(rows, weights, lambda values: np.maximum(values, 0))
    return found
