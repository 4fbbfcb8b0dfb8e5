"""How sure is a score? Intervals and sign tests over specimens or held-out taxa.

Images of one specimen are alike, and so are specimens of one species: what counts is the number of
independent units, the specimens of a random split and the taxa of one that holds taxa out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import binomtest
from scipy.stats._result_classes import BinomTestResult

from phylolens.random import stream
from phylolens.results.classification import RankScores, SignTest, SplitResult

DRAWS, Z = 1000, 1.959964
AT_ONCE = 4_000_000  # numbers held at a time
FEWEST_UNITS = 6  # held-out taxa; fewer say nothing about their spread


def with_intervals(
    found: SplitResult, predictions: pd.DataFrame, table: pd.DataFrame, held_out: str | None = None
) -> SplitResult:
    """Add to the scores of a split their intervals and the test against the majority label.

    Parameters
    ----------
    found : SplitResult
    predictions : DataFrame
        Single answers: columns ``file``, ``rank``, ``model``, ``truth``, ``predicted``.
    table : DataFrame
        Columns ``file``, ``specimen_id`` and the ranks.
    held_out : str, optional
        The rank (or ``source``) whose taxa were held out, which are then what bootstrap samples
        draw; None for a random split, where these are specimens.

    Returns
    -------
    SplitResult
        ``models`` with ``accuracy_interval``, ``macro_f1_interval`` and ``beside_majority``;
        ``ranks`` with the number of units.
    """
    rows_of = table.drop_duplicates("file").set_index("file")
    drawn = held_out if held_out in table.columns else None
    models = {model: dict(ranks) for model, ranks in found.models.items()}
    counts = dict(found.ranks or {})
    for rank, own in predictions.groupby("rank", sort=False):
        answers = {
            str(model): rows.sort_values("file") for model, rows in own.groupby("model", sort=False)
        }
        first = next(iter(answers.values()))
        specimens = first["file"].map(rows_of["specimen_id"])
        units = specimens
        if drawn is not None:
            units = first["file"].map(rows_of[drawn]).fillna(specimens)
        named = {model: rows["predicted"].to_numpy() for model, rows in answers.items()}
        spreads = spread(first["truth"].to_numpy(), named, units.to_numpy())
        n_specimens = int(specimens.nunique())
        label = str(found.baselines.majority[str(rank)].label)
        for model, rows in answers.items():
            scores = models[model][str(rank)]
            models[model][str(rank)] = scores.model_copy(
                update=_intervals(scores, spreads[model], None if held_out else n_specimens)
                | {"beside_majority": beside_majority(rows.assign(specimen_id=specimens), label)}
            )
        counts[str(rank)] = counts[str(rank)].model_copy(
            update={
                "n_specimens": n_specimens,
                "interval_unit": drawn or "specimen",
                "n_interval_units": int(units.nunique()),
            }
        )
    return found.model_copy(update={"models": models, "ranks": counts})


def _intervals(
    scores: RankScores, own: "Spread", n_specimens: int | None
) -> dict[str, tuple[float, float] | None]:
    """95% intervals of accuracy and macro-F1; None where there is too little to go by.

    Wilson for the accuracy of a random split, whose units are the specimens; else the bootstrap.
    """
    accuracy, macro_f1 = None, None
    enough = own.n_units >= FEWEST_UNITS
    if n_specimens is not None:
        accuracy = wilson(scores.accuracy, n_specimens)
    elif enough:
        # Without a single mistake, or hit, all draws agree; the number of units still counts.
        accuracy = (
            interval(scores.accuracy, own.accuracy)
            if own.accuracy > 0
            else wilson(scores.accuracy, own.n_units)
        )
    if enough and own.macro_f1 > 0 and scores.macro_f1 is not None:
        macro_f1 = interval(scores.macro_f1, own.macro_f1)
    return {"accuracy_interval": accuracy, "macro_f1_interval": macro_f1}


def wilson(share: float, n: float) -> tuple[float, float]:
    """95% interval of a share of n independent units (Wilson 1927, J. Am. Stat. Assoc. 22:209).

    Weighted units count as many as they are worth, (sum w)^2 / sum w^2 (Kish 1965). Shares of
    specimens need not be 0 or 1; then the interval is somewhat too wide, never too narrow.
    """
    # The class behind scipy's `binomtest`, which itself takes whole numbers alone.
    counted = BinomTestResult(share * n, n, "two-sided", share, 1.0)
    low, high = counted.proportion_ci(0.95, method="wilson")
    return float(low), float(high)


def beside_majority(answers: pd.DataFrame, label: str) -> SignTest:
    """Compare with always answering ``label``: an exact sign test, specimens are the units.

    It runs on the share of each specimen's images that the model names correctly less the share
    that ``label`` is right for; specimens without a difference are left out. With one image a
    specimen this is the exact test of McNemar (1947, Psychometrika 12:153).

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
    better, worse = int((by_specimen > 0).sum()), int((by_specimen < 0).sum())
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return SignTest(n_better=better, n_worse=worse, p_value=p)


@dataclass(frozen=True)
class Spread:
    """Standard deviations over the bootstrap samples.

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
    """Draw units with replacement and score every model on each bootstrap sample.

    All models are scored on the same samples. The average of macro-F1 runs over the classes that
    a sample tests or names.

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
    rng = stream(seed, "classification.intervals")
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
    """95% interval: the score ± 1.96 standard deviations of the samples, within 0 and 1.

    Not the percentiles of the samples: one tests fewer of many small classes, so its macro-F1 is
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
    """Accuracy and macro-F1 of each sample, shape (2, draws)."""
    right, shown = weights @ hits, weights @ either
    f1 = 2 * right / np.maximum(shown, 1)
    return np.stack(
        [2 * right.sum(axis=1) / shown.sum(axis=1), f1.sum(axis=1) / (shown > 0).sum(axis=1)]
    )
