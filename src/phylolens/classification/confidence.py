"""Do probabilities mean what they say? Temperature scaling and measures of calibration.

Temperature scaling: Guo et al. (2017) ICML, arXiv 1706.04599. Risk against coverage: Geifman &
El-Yaniv (2017), arXiv 1705.08500.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from phylolens.errors import InputError
from phylolens.random import stream
from phylolens.results.calibration import Confidence, Reliability, RiskCoverage, Uncalibrated

BINS = 15
DRAWS = 1000
CURVE_POINTS = 101
SMALLEST = 1e-12  # probabilities of the truth are clipped here for the log-likelihood
COLDEST, HOTTEST = 0.05, 50.0
NO_GAIN = 1e-9  # of the mean log-likelihood


def fit_temperature(
    log_probabilities: np.ndarray, truth_columns: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Find the temperature that makes the truth most likely: above 1 for a head too sure.

    Parameters
    ----------
    log_probabilities : array, shape (n, n_classes)
        Of rows the head was not fitted on; -inf for classes without any probability.
    truth_columns : array of int, shape (n,)
        Column of each true class. Rows of -1, whose truth is no class, are left out, and so are
        those where it has no probability at all: no temperature gives it any.
    weights : array, shape (n,), optional
        Of the rows, such as one over the images of the specimen.

    Returns
    -------
    float
        Between 0.05 and 50; 1 when no row is left.
    """
    columns = np.asarray(truth_columns, dtype=int)
    of_truth = log_probabilities[np.arange(len(columns)), np.maximum(columns, 0)]
    used = (columns >= 0) & np.isfinite(of_truth)
    if not used.any():
        return 1.0
    logs, of_truth = log_probabilities[used], of_truth[used]
    each = np.ones(len(logs)) if weights is None else np.asarray(weights, dtype=float)[used]

    def loss(log_temperature: float) -> float:
        cold = np.exp(-log_temperature)
        return float(each @ (logsumexp(logs * cold, axis=1) - of_truth * cold) / each.sum())

    limits = float(np.log(COLDEST)), float(np.log(HOTTEST))
    found = minimize_scalar(loss, bounds=limits, options={"xatol": 1e-6})
    if loss(0.0) - found.fun < NO_GAIN:  # all rows certain and right: nothing tells
        return 1.0
    return float(np.exp(found.x))


def extrapolate_temperature(temperatures: Mapping[float, float]) -> float:
    """Guess the temperature of a head fitted to all rows from heads fitted to a part of them.

    Heads are the more often right the more rows they are fitted to, so a temperature found by
    cross-fitting makes the head fitted to everything too modest, the more so the fewer images a
    taxon has. The logarithm is taken to be linear in one over the share of rows, through the two
    largest shares.

    Parameters
    ----------
    temperatures : mapping of float to float
        Temperature by share of rows fitted to, such as ``{0.5: ..., 0.8: ...}`` from two and five
        folds. A single one is returned as it is.

    Raises
    ------
    InputError
        If there is none, or a share is not above 0 and at most 1.
    """
    shares = sorted(temperatures)[-2:]
    if not shares or not 0 < shares[0] <= shares[-1] <= 1:
        raise InputError(f"shares of rows must lie above 0 and at most at 1; got {shares}.")
    logs = [float(np.log(temperatures[share])) for share in shares]
    if len(shares) < 2:
        return float(np.exp(logs[0]))
    slope = (logs[0] - logs[1]) / (1 / shares[0] - 1 / shares[1])
    return float(np.clip(np.exp(logs[1] - slope * (1 / shares[1] - 1)), COLDEST, HOTTEST))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Raise probabilities to the power 1 / temperature, rows summing to one again.

    Classes without any probability keep none; the order of the classes stays.
    """
    if not temperature > 0:
        raise InputError(f"a temperature must be above 0; got {temperature}.")
    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(probabilities, dtype=float)) / temperature
    return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))


def bin_of(confidence: np.ndarray, n_bins: int = BINS) -> np.ndarray:
    """Find the bin of equal mass each value falls into, by number; equal values share one."""
    edges = np.quantile(confidence, np.linspace(0, 1, n_bins + 1)[1:-1])
    return np.unique(np.searchsorted(edges, confidence, side="right"), return_inverse=True)[1]


def ece(confidence: np.ndarray, right: np.ndarray, n_bins: int = BINS) -> float:
    """Compute the expected calibration error: mean gap of confidence and accuracy over bins.

    Parameters
    ----------
    confidence : array, shape (n,)
        Probability of each answer.
    right : array of bool, shape (n,)
        Whether it was right.
    n_bins : int
        Bins of equal mass.
    """
    gap = np.asarray(right, dtype=float) - confidence
    return float(np.abs(np.bincount(bin_of(confidence, n_bins), gap)).sum() / len(gap))


def ece_interval(
    confidence: np.ndarray,
    right: np.ndarray,
    specimens: np.ndarray,
    *,
    seed: int,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """95% interval of :func:`ece` from resampled specimens, with all their images.

    Resampling adds scatter that the error counts as miscalibration; quantiles are shifted by the
    mean excess. The bins stay those of the whole sample.
    """
    bins, units = bin_of(confidence), np.unique(specimens, return_inverse=True)[1]
    n_units, n_bins = units.max() + 1, bins.max() + 1
    gap = np.asarray(right, dtype=float) - confidence
    gaps = np.bincount(units * n_bins + bins, gap, n_units * n_bins).reshape(n_units, n_bins)
    sizes = np.bincount(units)
    rng = stream(seed, "classification.confidence.bootstrap")
    found = np.empty(draws)
    for draw in range(draws):
        times = np.bincount(rng.integers(n_units, size=n_units), minlength=n_units)
        found[draw] = np.abs(times @ gaps).sum() / (times @ sizes)
    excess = found.mean() - np.abs(gaps.sum(axis=0)).sum() / len(gap)
    low, high = np.quantile(found, [0.025, 0.975]) - excess
    return max(0.0, float(low)), float(high)


def ece_by_chance(confidence: np.ndarray, *, seed: int, draws: int = 200) -> float:
    """Mean :func:`ece` that answers would have which are right exactly as often as they say.

    Scatter alone gives this much with so few rows; an error near it is no evidence against the
    probabilities.
    """
    bins, rng = bin_of(confidence), stream(seed, "classification.confidence.chance")
    gaps = ((rng.random(len(confidence)) < confidence) - confidence for _ in range(draws))
    return float(np.mean([np.abs(np.bincount(bins, gap)).sum() for gap in gaps]) / len(confidence))


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[Reliability]:
    """Bins of a reliability diagram: their range, mean confidence, accuracy and size."""
    frame = pd.DataFrame({"confidence": confidence, "right": np.asarray(right, dtype=float)})
    return [
        Reliability(
            low=float(rows["confidence"].min()),
            high=float(rows["confidence"].max()),
            confidence=float(rows["confidence"].mean()),
            accuracy=float(rows["right"].mean()),
            n=len(rows),
        )
        for _, rows in frame.groupby(bin_of(confidence))
    ]


def brier(probabilities: np.ndarray, truth_columns: np.ndarray) -> float:
    """Multiclass Brier score, 0 to 2: mean squared distance from the truth.

    What a row lacks to one is the probability of no class at this rank, a class of its own; it is
    the truth of rows of -1.
    """
    known = truth_columns >= 0
    rest = 1 - probabilities.sum(axis=1)
    of_truth = np.take_along_axis(probabilities, np.maximum(truth_columns, 0)[:, None], axis=1)
    of_truth = np.where(known, of_truth[:, 0], rest)
    return float(np.mean((probabilities**2).sum(axis=1) + rest**2 - 2 * of_truth + 1))


def nll(probabilities: np.ndarray, truth_columns: np.ndarray) -> float:
    """Mean negative log-likelihood of the truth, its probability clipped at 1e-12.

    Rows of -1, whose truth is no class, count as clipped.
    """
    found = np.take_along_axis(probabilities, np.maximum(truth_columns, 0)[:, None], axis=1)[:, 0]
    return float(-np.log(np.clip(np.where(truth_columns >= 0, found, 0), SMALLEST, 1)).mean())


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> RiskCoverage:
    """Share of wrong answers among the surest ones, from few to all.

    Equally sure answers are taken in random order, on average.

    Returns
    -------
    RiskCoverage
        At most 101 points; ``aurc`` is the mean risk over all n of them.
    """
    frame = pd.DataFrame({"confidence": confidence, "wrong": 1 - np.asarray(right, dtype=float)})
    wrong = frame.groupby("confidence")["wrong"].transform("mean")
    order = np.argsort(-np.asarray(confidence), kind="stable")
    n = len(order)
    risk = np.cumsum(wrong.to_numpy()[order]) / np.arange(1, n + 1)
    shown = np.unique(np.linspace(0, n - 1, min(n, CURVE_POINTS)).round().astype(int))
    return RiskCoverage(
        coverage=((shown + 1) / n).tolist(), risk=risk[shown].tolist(), aurc=float(risk.mean())
    )


def confidence_summary(
    probabilities: np.ndarray,
    classes: np.ndarray,
    truth: np.ndarray,
    specimens: np.ndarray,
    *,
    seed: int,
    uncalibrated: np.ndarray | None = None,
) -> Confidence:
    """Measure the calibration of one rank's answers on tested rows.

    Parameters
    ----------
    probabilities : array, shape (n, n_classes)
        Calibrated probability of every class of the rank; rows may sum to less than one.
    classes : array of str, shape (n_classes,)
        Names of the columns.
    truth, specimens : array of str, shape (n,)
        True class and specimen of each row. A truth that is no class counts as a wrong answer.
    seed : int
        Of the resampling.
    uncalibrated : array, shape (n, n_classes), optional
        The same before temperature scaling.

    Returns
    -------
    Confidence

    Raises
    ------
    InputError
        If there are no rows.
    """
    if not len(truth):
        raise InputError("no tested row has a label of this rank.")
    columns = pd.Index(classes).get_indexer(pd.Index(truth))
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == columns
    before = None
    if uncalibrated is not None:
        sure, hit = uncalibrated.max(axis=1), uncalibrated.argmax(axis=1) == columns
        before = Uncalibrated(
            ece=ece(sure, hit),
            brier=brier(uncalibrated, columns),
            nll=nll(uncalibrated, columns),
            reliability=reliability(sure, hit),
        )
    summary = Confidence(
        n=len(truth),
        accuracy=float(right.mean()),
        ece=ece(confidence, right),
        brier=brier(probabilities, columns),
        nll=nll(probabilities, columns),
        ece_interval=ece_interval(confidence, right, specimens, seed=seed),
        ece_by_chance=ece_by_chance(confidence, seed=seed),
        reliability=reliability(confidence, right),
        risk_coverage=risk_coverage(confidence, right),
    )
    return summary if before is None else summary.model_copy(update={"uncalibrated": before})
