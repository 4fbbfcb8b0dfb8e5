"""How sure is an accuracy? Specimens are the units, since images of one specimen are alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.results import Results

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
