"""How sure are accuracy and macro-F1? Whole specimens, or held-out taxa, are drawn again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from scipy import sparse

DRAWS, Z = 1000, 1.959964
AT_ONCE = 4_000_000  # numbers held at a time


@dataclass(frozen=True)
class Spread:
    """Standard deviations over the draws.

    Parameters
    ----------
    accuracy, macro_f1 : float
    n_units : int
        Units that were drawn.
    """

    accuracy: float
    macro_f1: float
    n_units: int


def spread(
    truth: Sequence[str] | np.ndarray,
    answers: Mapping[str, Sequence[str] | np.ndarray],
    units: Sequence[str] | np.ndarray,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Spread]:
    """Draw units with replacement and score every model on each draw.

    All models are scored on the same draws. The average of macro-F1 runs over the classes that a
    draw tests or names.

    Parameters
    ----------
    truth : sequence of str, shape (n,)
        Labels of the tested images.
    answers : mapping of str to sequence of str, shape (n,)
        Answers of each model.
    units : sequence, shape (n,)
        What is independent: the specimen of each image, or the taxon that was held out.
    draws, seed : int

    Returns
    -------
    dict
        A :class:`Spread` for each model.
    """
    codes, unit_names = pd.factorize(np.asarray(units))
    n_units = len(unit_names)
    counted = {name: _counts(truth, named, codes, n_units) for name, named in answers.items()}
    rng = np.random.default_rng(seed)
    chunk = max(1, AT_ONCE // n_units)
    found: dict[str, list[np.ndarray]] = {name: [] for name in answers}
    for start in range(0, draws, chunk):
        weights = _draw(rng, min(chunk, draws - start), n_units)
        for name, counts in counted.items():
            found[name].append(_scores(weights, *counts))
    return {
        name: Spread(float(scores[0].std()), float(scores[1].std()), n_units)
        for name, scores in ((name, np.concatenate(own, axis=1)) for name, own in found.items())
    }


def interval(score: float, sd: float) -> tuple[float, float]:
    """95% interval: the score ± 1.96 standard deviations of the draws, within 0 and 1.

    Not the percentiles of the draws: a draw tests fewer of many small classes, so its macro-F1 is
    off to one side, and percentiles can miss the score itself (Efron & Tibshirani 1993, chapter
    13, on the normal interval).
    """
    return max(0.0, score - Z * sd), min(1.0, score + Z * sd)


def _counts(
    truth: Sequence[str] | np.ndarray,
    named: Sequence[str] | np.ndarray,
    codes: np.ndarray,
    n_units: int,
) -> tuple["sparse.csr_array", "sparse.csr_array"]:
    """Right answers, and tested plus named images, of each unit (rows) in each class."""
    from scipy import sparse

    truth, named = np.asarray(truth, dtype=object), np.asarray(named, dtype=object)
    both, classes = pd.factorize(np.concatenate([truth, named]))
    of, given = both[: len(truth)], both[len(truth) :]
    shape = (n_units, len(classes))
    right = (of == given).astype(np.float32)
    ones = np.ones(len(truth), dtype=np.float32)
    hits = sparse.csr_array((right, (codes, of)), shape=shape)
    tested, given_names = (
        sparse.csr_array((ones, (codes, column)), shape=shape) for column in (of, given)
    )
    return hits, tested + given_names


def _draw(rng: np.random.Generator, draws: int, n_units: int) -> np.ndarray:
    """How often each unit is drawn, shape (draws, n_units)."""
    chosen = rng.integers(0, n_units, (draws, n_units))
    chosen += np.arange(draws)[:, None] * n_units
    counts = np.bincount(chosen.ravel(), minlength=draws * n_units)
    return counts.reshape(draws, n_units).astype(np.float32)


def _scores(
    weights: np.ndarray, hits: "sparse.csr_array", either: "sparse.csr_array"
) -> np.ndarray:
    """Accuracy and macro-F1 of each draw, shape (2, draws)."""
    right, shown = weights @ hits, weights @ either
    f1 = 2 * right / np.maximum(shown, 1)
    return np.stack(
        [2 * right.sum(axis=1) / shown.sum(axis=1), f1.sum(axis=1) / (shown > 0).sum(axis=1)]
    )
