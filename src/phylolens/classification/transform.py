"""Transforms of features, fitted on training rows only, and pipelines of them by name.

The order that is usual: ``root`` (deep features are heavy-tailed), ``standardise`` or ``unit`` (so
that no layer drowns the others), ``pca:300`` (speed, less noise).
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from phylolens.classification.ranking import SelectRanked
from phylolens.errors import InputError

ROWS_AT_ONCE = 4096
SMALLEST = 1e-12


class SignedRoot(TransformerMixin, BaseEstimator):
    """Take the square root of each value's size and keep its sign.

    Arandjelovic & Zisserman (2012) CVPR 2911, for features that may be negative.
    """

    def fit(self, X: np.ndarray, y: object = None) -> "SignedRoot":
        """Remember the number of features."""
        validate_data(self, X, dtype=(np.float32, np.float64))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the roots, shape (n, d)."""
        X = validate_data(self, X, dtype=(np.float32, np.float64), reset=False)
        return np.sign(X) * np.sqrt(np.abs(X))


class BlockUnit(TransformerMixin, BaseEstimator):
    """Scale every block of columns of every row to unit length.

    Parameters
    ----------
    blocks : tuple of int or None
        Widths of the blocks, such as the layers that were joined; None is one block.
    """

    def __init__(self, blocks: tuple[int, ...] | None = None) -> None:
        self.blocks = blocks

    def fit(self, X: np.ndarray, y: object = None) -> "BlockUnit":
        """Check the widths.

        Raises
        ------
        InputError
            If they do not add up to the number of features.
        """
        X = validate_data(self, X, dtype=(np.float32, np.float64))
        if self.blocks is not None and sum(self.blocks) != X.shape[1]:
            raise InputError(
                f"blocks of {', '.join(map(str, self.blocks))} columns add up to "
                f"{sum(self.blocks)}; the features have {X.shape[1]}."
            )
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the scaled rows, shape (n, d); a block of zeros stays as it is."""
        X = validate_data(self, X, dtype=(np.float32, np.float64), reset=False)
        ends = np.cumsum(self.blocks or (X.shape[1],))[:-1]
        parts = np.split(X, ends, axis=1)
        return np.hstack(
            [
                part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), SMALLEST)
                for part in parts
            ]
        )


def _unit_rows(X: np.ndarray) -> np.ndarray:
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), SMALLEST)


class Pca(TransformerMixin, BaseEstimator):
    """Principal components, from the smaller of the covariance and the Gram matrix.

    Parameters
    ----------
    n_components : int
        Components wanted; capped by the columns and by the rows less one.

    Attributes
    ----------
    mean_ : array of float64, shape (d,)
    components_ : array of float64, shape (k, d)
        Orthonormal; the largest entry of each is positive.
    explained_variance_ : array of float64, shape (k,)
    """

    def __init__(self, n_components: int = 300) -> None:
        self.n_components = n_components

    def fit(self, X: np.ndarray, y: object = None) -> "Pca":
        """Find the components of the rows."""
        X = validate_data(self, X, dtype=(np.float32, np.float64), ensure_min_samples=2)
        rows, columns = X.shape
        wanted = min(self.n_components, columns, rows - 1)
        self.mean_ = X.mean(axis=0, dtype=np.float64)
        if rows <= columns:
            centred = X - self.mean_
            values, vectors = _largest(centred @ centred.T, wanted)
            axes = vectors.T @ centred
            axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), SMALLEST)
        else:
            values, vectors = _largest(_scatter(X, self.mean_), wanted)
            axes = vectors.T
        kept = values > values[0] * 1e-10 if values[0] > 0 else np.arange(len(values)) < 1
        axes, values = axes[kept], values[kept]
        top = np.abs(axes).argmax(axis=1)
        self.components_ = axes * np.sign(axes[np.arange(len(axes)), top])[:, None]
        self.explained_variance_ = values / (rows - 1)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the scores on the components, float64 of shape (n, k)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float32, np.float64), reset=False)
        return X @ self.components_.T - self.mean_ @ self.components_.T


def _largest(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest eigenvalues, falling, and their vectors as columns."""
    size = len(matrix)
    values, vectors = eigh(matrix, subset_by_index=(size - count, size - 1), overwrite_a=True)
    return np.maximum(values[::-1], 0), vectors[:, ::-1]


def _scatter(X: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Sum of squares and products about the mean, in blocks of rows to spare memory."""
    total = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), ROWS_AT_ONCE):
        centred = X[start : start + ROWS_AT_ONCE] - mean
        total += centred.T @ centred
    return total


# Each takes the number after the colon (None without one), the seed and the widths of the blocks.
_Maker = Callable[[int | None, int, tuple[int, ...] | None], TransformerMixin]

STEPS: Mapping[str, _Maker] = MappingProxyType(
    {
        "root": lambda count, seed, blocks: SignedRoot(),
        "unit": lambda count, seed, blocks: BlockUnit(blocks),
        "centre": lambda count, seed, blocks: StandardScaler(with_std=False),
        "standardise": lambda count, seed, blocks: StandardScaler(),
        "pca": lambda count, seed, blocks: Pca(count or 300),
        "select": lambda count, seed, blocks: SelectRanked(count or 200, seed=seed),
    }
)
COUNTED = ("pca", "select")  # steps that take a number


def feature_steps(
    names: Sequence[str], *, seed: int = 0, blocks: Sequence[int] | None = None
) -> list[tuple[str, TransformerMixin]]:
    """Build named transforms in order.

    Parameters
    ----------
    names : sequence of str
        ``root`` (signed square root), ``unit`` (blocks to unit length), ``centre``,
        ``standardise``, ``pca:300``, ``select:200`` (the best ranked features). Numbers may be
        left out.
    seed : int
        Of the ranking behind ``select``.
    blocks : sequence of int, optional
        Widths of the blocks of raw features; obeyed by ``unit`` while the columns still are these.

    Returns
    -------
    list of (str, transformer)
        As :class:`sklearn.pipeline.Pipeline` takes them.

    Raises
    ------
    InputError
        If a step is unknown or its number is not a whole one above 0.
    """
    steps: list[tuple[str, TransformerMixin]] = []
    widths = tuple(int(width) for width in blocks) if blocks is not None else None
    for place, written in enumerate(names):
        name, count = _parsed(written)
        steps.append((f"{name}{place}", STEPS[name](count, seed, widths)))
        if name in COUNTED:
            widths = None  # the columns are no longer those of the blocks
    return steps


def _parsed(written: str) -> tuple[str, int | None]:
    name, colon, number = written.partition(":")
    if name not in STEPS:
        raise InputError(
            f"unknown feature step '{written}'.",
            where="--steps",
            hint=f"Choose from {', '.join(STEPS)}; {' and '.join(COUNTED)} take a number: pca:300.",
        )
    if not colon:
        return name, None
    if name not in COUNTED or not number.isdecimal() or int(number) < 1:
        raise InputError(
            f"the feature step '{written}' cannot be read.",
            where="--steps",
            hint=f"{' and '.join(COUNTED)} take a whole number above 0, as in pca:300.",
        )
    return name, int(number)


def with_steps(
    names: Sequence[str], head: ClassifierMixin, seed: int, blocks: Sequence[int] | None = None
) -> ClassifierMixin:
    """Put named transforms ahead of a head; without names the head stays as it is.

    Steps that change the columns make the head forget the widths of their blocks.
    """
    if not names:
        return head
    steps = feature_steps(names, seed=seed, blocks=blocks)
    if any(_parsed(name)[0] in COUNTED for name in names):
        keys = [key for key in head.get_params() if key.rsplit("__", 1)[-1] == "blocks"]
        head.set_params(**dict.fromkeys(keys))
    return Pipeline([*steps, ("head", head)])


# Roots tame heavy tails, unit length stops loud layers and images from weighing more, components
# bound the cost; all fitted on training rows.
HEAD_STEPS = ("root", "centre", "unit", "pca:1024")
FEWER = (*HEAD_STEPS[:-1], "pca:512")  # for heads that take many steps over the rows


def behind_steps(head: ClassifierMixin, seed: int) -> Pipeline:
    """Put the transforms ahead of a head, with the smaller number of components."""
    return Pipeline([*feature_steps(FEWER, seed=seed), ("head", head)])
