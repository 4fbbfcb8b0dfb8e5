"""Published statistics of two matrices beside the right ones, each with its own null.

Four things tell what a published value is worth: its distribution when the taxa of one matrix are
permuted, its value for matrices that know nothing of any lineage, its value for perfect agreement,
and what an honest test says of the same two matrices.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.random import stream
from phylolens.results.audit import AuditFindings
from phylolens.stats._align import aligned, same_taxa
from phylolens.stats._permutation import orders, require_permutations, result_of
from phylolens.stats.centred import double_centre, mantel_centred
from phylolens.stats.correlation import CONSTANT, correlation
from phylolens.stats.dcor import distance_correlation
from phylolens.stats.mantel import mantel
from phylolens.stats.published import (
    PUBLISHED,
    Published,
    constant_error,
    printed_p,
    taxon_numbers_fit,
)
from phylolens.values import TestResult
from phylolens.writing import plain

DRAWS, DRAWS_IF_LARGE, LARGE = 200, 10, 300
UNDEFINED = "the formula divides zero by zero for these matrices"
Value = Callable[[np.ndarray, np.ndarray], float]


DIMENSIONS = 16


SPREAD = 0.7  # standard deviation of the log of how far a taxon lies from the centre


FAR = 10.0  # the one outlier's distance, all others being 1 apart


def gaussian(n: int, rng: np.random.Generator) -> np.ndarray:
    """Euclidean distances of n random points (16 independent normal coordinates)."""
    points = rng.normal(size=(n, DIMENSIONS))
    return np.asarray(cdist(points, points))


def outliers(n: int, rng: np.random.Generator) -> np.ndarray:
    """As :func:`gaussian`, each point moved from the centre by a log-normal factor."""
    points = rng.normal(size=(n, DIMENSIONS)) * rng.lognormal(0.0, SPREAD, size=(n, 1))
    return np.asarray(cdist(points, points))


def uniform(n: int, rng: np.random.Generator) -> np.ndarray:
    """Independent uniform distances in [0, 1]; they need not fit into any space."""
    upper = np.triu(rng.uniform(size=(n, n)), k=1)
    return np.asarray(upper + upper.T)


def one_outlier(n: int, rng: np.random.Generator) -> np.ndarray:
    """All taxa equally far apart but one, drawn at random, ten times as far from all."""
    distances = np.ones((n, n))
    far = int(rng.integers(n))
    distances[far, :] = distances[:, far] = FAR
    np.fill_diagonal(distances, 0.0)
    return distances


def nearly(distances: np.ndarray, rng: np.random.Generator, error: float = 1e-6) -> np.ndarray:
    """Return ``distances`` with a relative error of a millionth: almost perfect agreement."""
    upper = np.triu(rng.normal(size=distances.shape), k=1)
    return np.asarray(distances * (1 + error * (upper + upper.T)))


NOISE: Mapping[str, Callable[[int, np.random.Generator], np.ndarray]] = MappingProxyType(
    {
        "gaussian": gaussian,
        "outliers": outliers,
        "uniform": uniform,
        "one_outlier": one_outlier,
    }
)


def audit(
    visual: DistanceMatrix,
    genetic: DistanceMatrix,
    *,
    permutations: int = 999,
    draws: int | None = None,
    seed: int = 0,
) -> AuditFindings:
    """Recompute what papers publish and what they should have, from the same two matrices.

    Parameters
    ----------
    visual, genetic : DistanceMatrix
        The same taxa; aligned by id. One published formula depends on the order of the taxa: that
        of ``genetic`` counts. Everything else does not.
    permutations : int
        Random orders of the taxa of ``visual``; with 8 taxa or fewer all are tried.
    draws : int, optional
        Random matrices of each kind; 200, or 10 for more than 300 taxa.
    seed : int
        Seed of everything random.

    Returns
    -------
    AuditFindings
        ``published`` and ``honest``, by name: value, null, p-value under permuted taxa, values for
        noise and for (nearly) perfect agreement; ``published`` with the p-value and number of
        observations as printed. ``constant_error`` and ``taxon_numbers_fit``: what needs no image.

    Raises
    ------
    InputError
        If ids differ, fewer than three taxa are given, or all distances of a matrix are equal.
    """
    require_permutations(permutations)
    visual = same_taxa(genetic, visual)
    for matrix in (visual, genetic):
        pairs = matrix.condensed_form()
        if np.ptp(pairs) <= CONSTANT * pairs.max():
            raise InputError("all distances of a matrix are equal: nothing can be correlated.")
    listed, (a, b) = (visual, genetic), aligned(visual, genetic)
    n = len(genetic.ids)
    draws = draws or (DRAWS_IF_LARGE if n > LARGE else DRAWS)
    published: dict[str, Any] = {}
    for name, how in PUBLISHED.items():
        x, y = (side.data for side in (listed if how.depends_on_order else (a, b)))
        published[name] = _published(name, how, x, y, permutations, seed)
        published[name] |= _references(_value_of(how), y, draws, seed, how.zero_by_zero)
        if how.depends_on_order:
            published[name]["other_listings"] = _other_listings(_value_of(how), x, y, draws, seed)
    honest = {
        name: _honest(partial(test, a, b, permutations=permutations, seed=seed))
        | _references(_HONEST_VALUES[name], b.data, draws, seed)
        for name, test in _HONEST.items()
    }
    found = {
        "n_taxa": n,
        "n_pairs": n * (n - 1) // 2,
        "n_noise": draws,
        "seed": seed,
        "published": published,
        "honest": honest,
        "constant_error": constant_error(b.data),
        "taxon_numbers_fit": _or_none(taxon_numbers_fit, b.data),
    }
    return AuditFindings.model_validate(plain(found))


def _published(
    name: str, how: Published, a: np.ndarray, b: np.ndarray, permutations: int, seed: int
) -> dict[str, Any]:
    n = len(a)
    tried, exact = orders(n, permutations, seed)
    cells = how.counted(n) if how.counted else None
    entry: dict[str, Any] = {
        "title": how.title,
        "fault": how.fault,
        "is_error": how.is_error,
        "n_as_printed": cells,
    }
    try:
        observed = float(how.values(a, b, np.arange(n)[None])[0])
        null = how.values(a, b, tried)
    except InputError as error:  # row means explain a whole matrix, or there are three taxa
        return entry | _absent(error.problem)
    null = null[np.isfinite(null)]
    if not np.isfinite(observed) or not len(null):
        return entry | _absent(UNDEFINED)
    alternative = "less" if how.is_error else "greater"
    result = result_of(name, observed, null, exact, n, alternative=alternative, seed=seed)
    p_printed = None if cells is None else printed_p(observed, cells)
    return entry | _as_entry(result, null) | {"p_as_printed": p_printed}


def _honest(test: Callable[[], TestResult]) -> dict[str, Any]:
    try:
        return _as_entry(test(), None)
    except InputError as error:
        return _absent(error.problem)


def _as_entry(result: TestResult, null: np.ndarray | None) -> dict[str, Any]:
    spread = {} if null is None else {"null_mean": null.mean(), "null_sd": null.std()}
    return {**result.to_dict(), **spread, "why_absent": ""}


def _absent(why: str) -> dict[str, Any]:
    return {"statistic": None, "p_value": None, "p_as_printed": None, "why_absent": why}


def _references(
    value: Value, genetic: np.ndarray, draws: int, seed: int, zero_by_zero: bool = False
) -> dict[str, Any]:
    """Value for perfect agreement, for nearly perfect agreement, and for noise of each kind."""
    n = len(genetic)
    noise = {}
    for place, (kind, make) in enumerate(NOISE.items()):
        rng = stream(seed, "stats.audit.noise", place)
        noise[kind] = _spread([value(make(n, rng), genetic) for _ in range(draws)])
    rng = stream(seed, "stats.audit.nearly")
    times = draws if zero_by_zero else 1  # elsewhere an error of a millionth changes nothing
    almost = _spread([value(nearly(genetic, rng), genetic) for _ in range(times)])
    perfect = float("nan") if zero_by_zero else value(genetic, genetic)
    return {
        "perfect": perfect if np.isfinite(perfect) else None,
        "nearly_perfect": almost,
        "noise": noise,
    }


def _other_listings(
    value: Value, a: np.ndarray, b: np.ndarray, draws: int, seed: int
) -> dict[str, Any] | None:
    """Value of the same two matrices with their taxa listed in other orders, both alike."""
    rng = stream(seed, "stats.audit.listings")
    lists = [rng.permutation(len(a)) for _ in range(draws)]
    return _spread([value(a[rows][:, rows], b[rows][:, rows]) for rows in lists])


def _spread(values: list[float]) -> dict[str, Any] | None:
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return None
    low, high = np.quantile(known, (0.025, 0.975))
    return {"mean": known.mean(), "sd": known.std(), "low": low, "high": high, "n": len(known)}


def _value_of(how: Published) -> Value:
    def value(a: np.ndarray, b: np.ndarray) -> float:
        try:
            return float(how.values(a, b, np.arange(len(a))[None])[0])
        except InputError:
            return float("nan")

    return value


def _pair_value(a: np.ndarray, b: np.ndarray, *, rank: bool, centred: bool) -> float:
    upper = np.triu_indices(len(a), k=1)
    try:
        x, y = (double_centre(side) if centred else side for side in (a, b))
    except InputError:
        return float("nan")
    found = correlation(x[upper], y[upper], rank=rank)
    return float("nan") if found is None else found


def _or_none(function: Callable[[np.ndarray], float], matrix: np.ndarray) -> float | None:
    try:
        return function(matrix)
    except InputError:
        return None


_HONEST: dict[str, Callable[..., TestResult]] = {
    "mantel_pearson": partial(mantel, method="pearson"),
    "mantel_spearman": partial(mantel, method="spearman"),
    "dcor": distance_correlation,
    "mantel_spearman_centred": partial(mantel_centred, method="spearman"),
}


_HONEST_VALUES: dict[str, Value] = {
    "mantel_pearson": partial(_pair_value, rank=False, centred=False),
    "mantel_spearman": partial(_pair_value, rank=True, centred=False),
    "dcor": partial(_pair_value, rank=False, centred=True),
    "mantel_spearman_centred": partial(_pair_value, rank=True, centred=True),
}
