"""Does the interval over specimens hold the value that many specimens would give?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Worlds have true looks of taxa; a
few specimens are drawn about them. The truth is the statistic of the true looks.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.stats import specimen_replicates, taxon_distances, visual_distances
from phylolens.stats.correlation import correlation
from phylolens.stats.intervals import specimen_interval
from phylolens.stats.leave_out import kmult_of
from phylolens.values import Features

TAXA, DIMENSIONS, WORLDS, REPLICATES = 25, 16, 150, 80
NAMES = [f"t{row:02d}" for row in range(TAXA)]
UPPER = np.triu_indices(TAXA, k=1)
LIMITS = {"pearson": (-1.0, 1.0), "kmult": (0.0, np.inf)}
Statistic = Callable[[DistanceMatrix], float | None]


def draw(rng: np.random.Generator, sizes: np.ndarray, noise: float):
    """Genes, true looks that follow them in part, and specimens about the looks."""
    genes = rng.normal(size=(TAXA, 3))
    looks = genes @ rng.normal(size=(3, DIMENSIONS)) / np.sqrt(3)
    looks = 1 + looks + 0.5 * rng.normal(size=looks.shape)
    taxon = np.repeat(np.arange(TAXA), sizes)
    bodies = looks[taxon] + noise * rng.normal(size=(len(taxon), DIMENSIONS))
    ids = [f"i{row:04d}" for row in range(len(taxon))]
    taxa = pd.Series([NAMES[code] for code in taxon], index=ids)
    given = Features(tuple(ids), bodies), taxa, pd.Series(ids, index=ids)
    return cdist(genes, genes), Features(tuple(NAMES), looks), given


def statistics(genetic: np.ndarray) -> dict[str, Statistic]:
    kernel = np.exp(-genetic / 2)  # a covariance that falls with genetic distance
    shared = pd.DataFrame(kernel, NAMES, NAMES)

    def kmult(visual: DistanceMatrix) -> float | None:
        return kmult_of(visual, shared)(np.arange(TAXA))

    return {
        "pearson": lambda visual: correlation(visual.data[UPPER], genetic[UPPER]),
        "kmult": kmult,
    }


def middle_of_null(statistic: Statistic, visual: DistanceMatrix) -> float:
    """Median under permuted taxa."""
    rng, values = np.random.default_rng(23), []
    for _ in range(40):
        order = rng.permutation(TAXA)
        values.append(statistic(DistanceMatrix(visual.data[np.ix_(order, order)], visual.ids)))
    return float(np.median(values))


def coverage(
    sizes: Callable[[np.random.Generator], np.ndarray],
    noise: float,
    distance: str,
    *,
    borrow: bool = False,
) -> dict[str, float]:
    """Share of worlds whose interval, and whose plain quantiles, hold the truth."""
    shares: dict[str, list[bool]] = {}
    for world in range(WORLDS):
        rng = np.random.default_rng([17, world])
        genetic, looks, given = draw(rng, sizes(rng), noise)
        wanted = statistics(genetic)
        how = {"distance": distance, "replicates": REPLICATES, "borrow": borrow, "seed": world}
        drawn, visual = list(specimen_replicates(*given, **how)), taxon_distances(*given, distance)
        for name, statistic in wanted.items():
            truth = statistic(visual_distances(looks, distance))
            values = [statistic(one) for one in drawn]
            low, high = specimen_interval(
                statistic(visual),
                values,
                without_signal=middle_of_null(statistic, visual),
                limits=LIMITS[name],
            )
            below, above = np.quantile(values, [0.025, 0.975])
            shares.setdefault(name, []).append(low <= truth <= high)
            shares.setdefault(f"{name}, plain quantiles", []).append(below <= truth <= above)
    found = {name: float(np.mean(held)) for name, held in shares.items()}
    print(f"noise {noise}, {distance}: {found}")
    return found


@pytest.mark.parametrize(
    ("least", "most", "noise", "distance"),
    [
        (5, 5, 0.5, "chord"),
        (5, 5, 1.0, "chord"),
        (5, 5, 1.0, "euclidean"),
        (2, 8, 0.7, "chord"),
        (3, 3, 0.7, "euclidean"),
        (20, 20, 1.0, "chord"),
    ],
)
def test_interval_covers_what_many_specimens_would_give(least, most, noise, distance):
    found = coverage(lambda rng: rng.integers(least, most + 1, TAXA), noise, distance)
    for name in LIMITS:
        assert found[name] >= 0.85, found
        assert found[f"{name}, plain quantiles"] < found[name]


def test_plain_quantiles_miss_what_many_specimens_would_give():
    """A warning, not a feature: noise added twice is not noise taken away."""
    found = coverage(lambda rng: np.full(TAXA, 5), 1.0, "chord")
    assert found["pearson, plain quantiles"] < 0.4
    assert found["kmult, plain quantiles"] < 0.4


def test_with_many_single_specimens_the_interval_is_too_narrow_unless_they_borrow():
    """Also a warning: of what was seen once, the variation is unknown and counts as none."""

    def sizes(rng: np.random.Generator) -> np.ndarray:
        return rng.choice([1, 4], TAXA)

    assert coverage(sizes, 0.7, "chord")["pearson"] < 0.5
    borrowed = coverage(sizes, 0.7, "chord", borrow=True)
    assert borrowed["pearson"] >= 0.85
    assert borrowed["kmult"] >= 0.8
