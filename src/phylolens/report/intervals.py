"""How sure is a score? Intervals and sign tests over specimens or held-out taxa.

The statistics of the report stand here, in one place, until the stages write them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from phylolens.report.results import Results

if TYPE_CHECKING:
    from scipy import sparse


LEVEL = 0.05


@dataclass(frozen=True)
class Tested:
    """The units that a rank was tested on.

    Parameters
    ----------
    n : int
        Units: specimens, or images where the specimens of the images are not known.
    by_specimen : bool
        Whether the units are specimens.
    beside : str
        How the model compares with always answering the majority label, in words.
    """

    n: int
    by_specimen: bool
    beside: str


def wilson(share: float, n: int) -> tuple[float, float]:
    """95% interval of a share of n independent units (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def read_answers(results: Results, name: str = "predictions.csv") -> pd.DataFrame | None:
    """Read a file of ``classify/`` with the specimen of each image; None where unknown.

    Returns
    -------
    DataFrame or None
        Columns ``file``, ``rank``, ``model``, ``truth``, ``predicted``, ``specimen_id`` and, where
        it was written, ``probability``.
    """
    answers, known = results.table(f"classify/{name}"), results.specimens
    needed = {"file", "rank", "model", "truth", "predicted"}
    if answers is None or known is None or not needed <= set(answers.columns):
        return None
    if not {"file", "specimen_id"} <= set(known.columns):
        return None
    owner = known.drop_duplicates("file").set_index("file")["specimen_id"]
    answers["specimen_id"] = answers["file"].map(owner)
    return None if answers["specimen_id"].isna().any() else answers


def tested(
    answers: pd.DataFrame | None, confusion: Mapping[str, Any], rank: str, model: str, label: str
) -> Tested:
    """Count the tested units of a rank and compare the model with a constant answer.

    Parameters
    ----------
    answers : DataFrame or None
        As :func:`read_answers` gives it; without it, or where it does not hold the images that the
        confusion counts, every image is a unit.
    confusion : mapping
        ``labels`` and ``matrix`` of the model, rows true.
    rank, model : str
        Which answers to judge.
    label : str
        The constant answer.
    """
    n_images = int(np.sum(confusion["matrix"]))
    if answers is not None:
        rows = answers[(answers["rank"] == rank) & (answers["model"] == model)]
        if len(rows) == n_images:
            return Tested(rows["specimen_id"].nunique(), True, beside_by_specimen(rows, label))
    return Tested(n_images, False, beside_majority(confusion, label))


def beside_by_specimen(answers: pd.DataFrame, label: str) -> str:
    """Compare with always answering ``label``, in words; specimens are the units.

    Exact sign test at the 5% level on the share of each specimen's images that the model names
    correctly less the share that ``label`` is right for; specimens without a difference are left
    out. With one image a specimen this is the exact test of McNemar (1947, Psychometrika 12:153).

    Parameters
    ----------
    answers : DataFrame
        Columns ``specimen_id``, ``truth``, ``predicted``; one row an image.
    label : str
        The constant answer.
    """
    truth = answers["truth"]
    gain = (truth == answers["predicted"]).astype(int) - (truth == label).astype(int)
    # Both shares are of the same images, so that whole numbers decide the sign.
    by_specimen = gain.groupby(answers["specimen_id"]).sum()
    return _sign_test(int((by_specimen > 0).sum()), int((by_specimen < 0).sum()))


def beside_majority(found: Mapping[str, Any], label: str) -> str:
    """Compare with always answering ``label``, in words; images are the units.

    Exact McNemar test (McNemar 1947, Psychometrika 12:153) on the images that only one of the two
    names correctly, 5% level.

    Parameters
    ----------
    found : mapping
        ``labels`` and ``matrix`` of the confusion, rows true.
    label : str
        The constant answer.
    """
    matrix = np.array(found["matrix"])
    diagonal, rows = np.diag(matrix), matrix.sum(axis=1)
    same = np.array([name == label for name in found["labels"]])
    return _sign_test(int(diagonal[~same].sum()), int((rows - diagonal)[same].sum()))


def _sign_test(gained: int, lost: int) -> str:
    from scipy.stats import binomtest

    if gained + lost == 0 or binomtest(gained, gained + lost).pvalue > LEVEL:
        return "not clearly different from"
    return "better than" if gained > lost else "worse than"


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
