"""How far each statistic might have come out otherwise, had evolution run again on this tree.

Parametric bootstrap (Efron & Tibshirani 1993; of phylogenetic signal, Boettiger et al. 2012,
Evolution 66:2240): features are drawn along the tree for several values of lambda, with the rates
fitted, specimens about them with the noise of those at hand, and every statistic is taken again.
The interval holds every mean that the statistic would have, for some lambda, without the value at
hand being among its 5% least likely (test inversion): it needs no guess which lambda is true.
Relatives are no independent draws, so no resampling of taxa can give it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.random import stream
from phylolens.stats.brownian_pairs import drawn_squares, rates_of_axes
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_fit import LambdaModel, aligned, centred_products, count_axes
from phylolens.stats.statistics import Statistics

TRIED = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the largest lambda
DRAWS, MANY_TAXA, FEW_DRAWS = 80, 300, 30  # for each
FINE = 401  # values of lambda between those tried, by interpolation
# Of estimates, at either end. With 0.025 intervals held the mean in 92 to 95% of worlds: rates and
# quantiles are estimated, too.
TAIL = 0.02
ROUNDING = 1e-9
RATIOS = ("kmult",)  # positive and skewed: its logarithm is used
# Their intervals held the mean in 89 to 92% of worlds without signal: too few to be called 95%.
WITHOUT = ("k_arithmetic", "k_geometric")
LIMITS = {"protest": (0.0, 1.0)}
CORRELATIONS = (-1.0, 1.0)
MODEL_METHOD = (
    "95% interval, parametric bootstrap: evolution repeated along the tree, for every lambda that "
    "is not at odds with the value at hand"
)


def model_intervals(
    visual: VisualDistances,
    genetic: DistanceMatrix,
    covariance: pd.DataFrame,
    *,
    axes: int | None = None,
    draws: int | None = None,
    seed: int = 0,
) -> dict[str, tuple[float, float] | None]:
    """95% intervals of the mean of every statistic, and of Pagel's lambda.

    Parameters
    ----------
    visual : VisualDistances
        n taxa, five or more.
    genetic : DistanceMatrix
        The same taxa.
    covariance : DataFrame, shape (n, n)
        Of the same taxa under Brownian motion.
    axes : int, optional
        Of PROTEST, K_A and K_G.
    draws : int, optional
        Repetitions for each of five values of lambda; 80, or 30 of more than 300 taxa.
    seed : int

    Returns
    -------
    dict
        By name of the statistic, ``lambda`` among them; None where it could not be had, and of
        K_A and K_G, whose intervals would be too narrow.

    Raises
    ------
    InputError
        If taxa differ, or lambda cannot be fitted.
    """
    taxa = sorted(visual.ids)
    genetic = genetic.filter(taxa)
    visual, shared = aligned(visual, covariance)
    model = LambdaModel(shared).with_noise(visual.noise)
    prepared = Statistics(genetic, covariance.loc[taxa, taxa], axes)
    best = model.fit(model.of_squares(visual.squares))
    n_axes = count_axes(centred_products(visual.squares))
    rates = rates_of_axes(model, model.measured(visual), best, n_axes)
    observed: dict[str, float | None] = prepared.of(visual.matrix) | {"lambda": best.lambda_}
    count = draws or (DRAWS if len(taxa) <= MANY_TAXA else FEW_DRAWS)
    tried = [share * model.largest for share in TRIED]
    rows: list[dict[str, Any]] = []
    for place, lambda_ in enumerate(tried):
        for k in range(count):
            rng = stream(seed, "stats.model_intervals", place, k)
            drawn = _repeated(model, lambda_, rates, rng, visual)
            row = {"tried": place, **prepared.of(drawn.matrix)}
            row["lambda"] = model.fit(model.of_squares(drawn.squares)).lambda_
            rows.append(row)
    table = pd.DataFrame(rows).astype(float)
    found: dict[str, tuple[float, float] | None] = {}
    for name, own in observed.items():
        values = [
            table.loc[table["tried"] == place, name].to_numpy() for place in range(len(tried))
        ]
        usable = np.isfinite(np.concatenate(values)).all()
        if own is None or not usable or name in WITHOUT:
            found[name] = None
        elif name == "lambda":
            found[name] = _of_lambda(own, np.array(tried), values)
        else:
            found[name] = _of_mean(name, own, values)
    return found


def _repeated(
    model: LambdaModel,
    lambda_: float,
    rates: np.ndarray,
    rng: np.random.Generator,
    visual: VisualDistances,
) -> VisualDistances:
    """Visual distances that evolved anew, photographed as often and as unevenly."""
    plain, debiased = drawn_squares(model, lambda_, rates, rng, visual.noise)
    lengths = plain / 2 if visual.metric == "cosine" else np.sqrt(plain)
    return VisualDistances(
        DistanceMatrix(lengths, visual.plain.ids), debiased, visual.metric, visual.debiased
    )


@dataclass(frozen=True)
class _Scale:
    """The scale on which a statistic is nearly normal."""

    ratio: bool

    def to(self, values: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(values, 1e-300)) if self.ratio else values

    def back(self, value: float) -> float:
        return float(np.exp(value)) if self.ratio else float(value)


def _of_mean(name: str, own: float, values: list[np.ndarray]) -> tuple[float, float]:
    """Invert the test that a statistic's mean is that of some lambda.

    Beyond the means of lambda 0 and 1 the spread is taken to stay as it is there: no value is at
    odds with every mean.
    """
    scale = _Scale(name in RATIOS)
    drawn = [scale.to(one) for one in values]
    centres = np.array([scale.to(one.mean()) for one in values])
    # Ranks can be the same in every repetition.
    spreads = np.maximum([one.std(ddof=1) for one in drawn], ROUNDING)
    pooled = np.concatenate(
        [(one - c) / s for one, c, s in zip(drawn, centres, spreads, strict=True)]
    )
    low, high = np.quantile(pooled, [TAIL, 1 - TAIL])
    at = float(scale.to(np.array(own)))
    fine = np.linspace(0, len(values) - 1, FINE)
    centre = np.interp(fine, np.arange(len(values)), centres)
    spread = np.interp(fine, np.arange(len(values)), spreads)
    ends = [scale.back(_inverted(at, centre, spread, quantile)) for quantile in (high, low)]
    limits = (0.0, np.inf) if scale.ratio else LIMITS.get(name, CORRELATIONS)
    bottom, top = np.clip(ends, *limits)
    return float(min(bottom, own)), float(max(top, own))


def _inverted(at: float, centre: np.ndarray, spread: np.ndarray, quantile: float) -> float:
    """Find the mean of which the value at hand is just this quantile."""
    reached = np.maximum.accumulate(centre + quantile * spread)
    if at <= reached[0]:
        return at - quantile * float(spread[0])
    if at >= reached[-1]:
        return at - quantile * float(spread[-1])
    return float(np.interp(at, reached, centre))


def _of_lambda(own: float, tried: np.ndarray, values: list[np.ndarray]) -> tuple[float, float]:
    """Every lambda whose estimates the one at hand is among, but for the 5% outermost.

    At 0 and at the largest lambda estimates can err to one side only.
    """
    last = len(tried) - 1
    lows = [0.0 if k == 0 else np.quantile(one, 2 * TAIL if k == last else TAIL)
            for k, one in enumerate(values)]  # fmt: skip
    highs = [np.inf if k == last else np.quantile(one, 1 - (2 * TAIL if k == 0 else TAIL))
             for k, one in enumerate(values)]  # fmt: skip
    highs[-1] = max(tried[-1], own)
    fine = np.linspace(0, last, FINE)
    inside = (np.interp(fine, np.arange(last + 1), lows) <= own) & (
        own <= np.interp(fine, np.arange(last + 1), highs)
    )
    lambdas = np.interp(fine, np.arange(last + 1), tried)[inside]
    if not len(lambdas):
        return own, own
    return float(min(lambdas[0], own)), float(max(lambdas[-1], own))
