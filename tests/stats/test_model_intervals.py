"""Intervals by repeated evolution: their names, limits, width, and the same bytes again."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix

from phylolens.stats.debiased import VisualDistances
from phylolens.stats.model_intervals import WITHOUT, model_intervals
from phylolens.stats.statistics import NAMES

N = 24
TAXA = [f"t{row:02d}" for row in range(N)]


def clades(share=0.8, size=6):
    """Four clades of six taxa that share most of their history."""
    clade = np.arange(N) // size
    shared = share * (clade[:, None] == clade[None, :]) + (1 - share) * np.eye(N)
    return pd.DataFrame(shared, TAXA, TAXA), DistanceMatrix(2 - 2 * shared, TAXA)


def looks(shared, lambda_, seed=0, axes=30, noise=0.0):
    scaled = lambda_ * shared.to_numpy() + (1 - lambda_) * np.eye(N)
    rng = np.random.default_rng(seed)
    points = np.linalg.cholesky(scaled) @ rng.normal(size=(N, axes))
    points = points + np.sqrt(noise) * rng.normal(size=points.shape)
    squares = cdist(points, points) ** 2
    squares = (squares + squares.T) / 2
    plain = DistanceMatrix(np.sqrt(squares), TAXA)
    gone = 2 * noise * axes * (1 - np.eye(N))
    return VisualDistances(plain, squares - gone, "euclidean", debiased=noise > 0)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_every_statistic_has_an_interval_about_what_is_true(noise):
    shared, genetic = clades()
    visual = looks(shared, 0.6, noise=noise)
    found = model_intervals(visual, genetic, shared, draws=20, seed=1)
    assert set(found) == {*NAMES, "lambda"}
    low, high = found["lambda"]
    assert 0 <= low < 0.6 < high <= 1
    for name in set(NAMES) - set(WITHOUT):
        assert found[name][0] < found[name][1]
    assert all(found[name] is None for name in WITHOUT)
    assert -1 <= found["mantel_pearson"][0] <= found["mantel_pearson"][1] <= 1


def test_without_signal_lambda_may_be_zero():
    shared, genetic = clades()
    low, high = model_intervals(looks(shared, 0.0, seed=3), genetic, shared, draws=20)["lambda"]
    assert low == 0
    assert high < 0.3


def test_noise_that_is_known_widens_intervals():
    shared, genetic = clades()
    widths = [
        float(np.ptp(model_intervals(looks(shared, 0.6, noise=noise), genetic, shared,
                                     draws=30)["kmult"]))
        for noise in (0.0, 2.0)
    ]  # fmt: skip
    assert widths[1] > widths[0]


def test_the_same_seed_gives_the_same_and_order_does_not_count():
    shared, genetic = clades()
    visual = looks(shared, 0.5)
    one = model_intervals(visual, genetic, shared, draws=5, seed=4)
    mixed = list(np.random.default_rng(1).permutation(TAXA))
    other = model_intervals(visual.filter(mixed), genetic.filter(mixed), shared, draws=5, seed=4)
    assert one == other
    assert one != model_intervals(visual, genetic, shared, draws=5, seed=5)
