"""Does a source that made the signal leave none within sources, and a real one its power?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. The worlds are of their own: a
random coalescent tree, a source that follows it (the upper half of a trait under Brownian motion),
looks that follow the source. Over 400 worlds a share of .05 has a standard error of .011.
"""

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix

from phylolens.stats.confound_adjust import without_source
from phylolens.stats.confound_tests import Compared, judge_column, screen_column
from phylolens.stats.confounds import Column, read_columns
from phylolens.stats.debiased import VisualDistances, debiased_distances
from phylolens.stats.lambda_score import lambda_score
from phylolens.values import Features

N, SIZE, IMAGES, WORLDS = 40, 32, 3, 400
EFFECT, NOISE, PERMUTATIONS = 1.4, 0.5, 199
TESTS = ("lambda_score", "protest", "mantel_pearson")
HIGHEST = 0.08


def joined(rng: np.random.Generator) -> np.ndarray:
    """Heights at which pairs of tips meet in a random coalescent tree."""
    groups, found, height = [[tip] for tip in range(N)], np.zeros((N, N)), 0.0
    while len(groups) > 1:
        height += rng.exponential(1 / len(groups))
        one, two = rng.choice(len(groups), 2, replace=False)
        found[np.ix_(groups[one], groups[two])] = height
        found[np.ix_(groups[two], groups[one])] = height
        groups[one] = groups[one] + groups[two]
        groups.pop(two)
    return found


def world(seed: int, lambda_: float) -> tuple[Column, VisualDistances, VisualDistances, Compared]:
    """Draw a column, looks as measured, looks adjusted for it, and what they are held against."""
    rng = np.random.default_rng([31, seed])
    heights = joined(rng)
    shared = heights.max() - heights
    root = np.linalg.cholesky(shared + 1e-9 * np.eye(N))
    trait = root @ rng.normal(size=N)
    source = (trait > np.median(trait)).astype(int)
    means = np.sqrt(1 - lambda_) * rng.normal(size=(N, SIZE))
    means += np.sqrt(lambda_ / heights.max()) * root @ rng.normal(size=(N, SIZE))
    means += EFFECT * rng.normal(size=(2, SIZE))[source]
    rows = np.repeat(np.arange(N), IMAGES)
    ids = [f"{row:03}" for row in range(len(rows))]
    matrix = means[rows] + NOISE * rng.normal(size=(len(rows), SIZE))
    features = Features(tuple(ids), matrix.astype(np.float32), {})
    taxa = pd.Series([f"t{row:02}" for row in rows], index=ids)
    museum = pd.Series([f"m{source[row]}" for row in rows], index=ids)
    (column,) = read_columns(pd.DataFrame({"taxon": taxa, "museum": museum}), "taxon", ["museum"])
    adjusted = without_source(features, taxa, museum).features
    specimens = pd.Series(ids, index=ids)
    plain, gone = (debiased_distances(one, taxa, specimens, "euclidean")
                   for one in (features, adjusted))  # fmt: skip
    genetic = DistanceMatrix(2 * heights, [f"t{tip:02}" for tip in range(N)])
    return column, plain, gone, Compared(plain, genetic, permutations=PERMUTATIONS, seed=seed)


def p_values(seed: int, lambda_: float) -> dict[str, float]:
    column, plain, gone, given = world(seed, lambda_)
    judged = judge_column(column, given, screen_column(column, given), gone)
    blind = lambda_score(plain, given.genetic, permutations=PERMUTATIONS, seed=seed)
    return {
        "plain lambda_score": blind.p_value,
        **{f"within {name}": judged.within.tests[name].p_value for name in TESTS},
        **{f"adjusted {name}": judged.adjusted.tests[name].p_value for name in TESTS},
    }


@pytest.fixture(scope="module")
def shares() -> dict[float, pd.Series]:
    """Shares of p at or below .05, without and with a history of looks."""
    found = {}
    for lambda_ in (0.0, 0.25):
        rows = pd.DataFrame([p_values(seed, lambda_) for seed in range(WORLDS)])
        found[lambda_] = (rows <= 0.05).mean()
        print(f"lambda {lambda_}:\n{found[lambda_].to_string()}")
    return found


def test_the_source_alone_deceives_the_plain_test(shares):
    assert shares[0.0]["plain lambda_score"] > 0.5


@pytest.mark.parametrize("how", ["within", "adjusted"])
@pytest.mark.parametrize("name", TESTS)
def test_nothing_is_left_within_sources(shares, how, name):
    assert shares[0.0][f"{how} {name}"] <= HIGHEST


def test_a_real_signal_is_found_within_sources(shares):
    assert shares[0.25]["within lambda_score"] > 0.6
    assert shares[0.25]["adjusted lambda_score"] > 0.9
