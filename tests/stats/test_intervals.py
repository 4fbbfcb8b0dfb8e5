"""Jackknife over taxa against textbook formulas and loops; extrapolation over specimens."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr, rankdata, spearmanr
from skbio import DistanceMatrix

from phylolens.phylogeny import covariance, read_tree
from phylolens.phylogeny.rank import patristic
from phylolens.stats import correlation as correlations
from phylolens.stats.centred import mantel_centred
from phylolens.stats.correlation import correlation, correlation_without_each, ranks
from phylolens.stats.intervals import (
    EACH_UP_TO,
    FEWEST_GROUPS,
    jackknife_interval,
    specimen_interval,
    taxon_interval,
)
from phylolens.stats.kmult import kmult
from phylolens.stats.leave_out import (
    centred_of,
    kmult_of,
    most_influential,
    protest_of,
    spearman_of,
    taxon_intervals,
)
from phylolens.stats.protest import protest

TESTS = {
    "mantel_pearson",
    "mantel_spearman",
    "mantel_pearson_centred",
    "mantel_spearman_centred",
    "dcor",
    "protest",
}


def cloud(n: int, seed: int) -> DistanceMatrix:
    points = np.random.default_rng(seed).normal(size=(n, 3))
    return DistanceMatrix(cdist(points, points), [f"t{row:03d}" for row in range(n)])


def pairs(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return matrix[np.ix_(rows, rows)][np.triu_indices(len(rows), k=1)]


def test_interval_of_a_mean_is_the_textbook_one():
    """The jackknife variance of a mean is exactly s²/n."""
    values = np.random.default_rng(0).normal(size=40)
    low, high = taxon_interval(
        lambda rows: float(values[rows].mean()), 40, limits=(-np.inf, np.inf)
    )
    error = values.std(ddof=1) / np.sqrt(40)
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error)
    )


def test_groups_of_many_taxa_give_about_the_same():
    n, tried = 400, []
    values = np.random.default_rng(1).normal(size=n)

    def mean(rows: np.ndarray) -> float:
        tried.append(rows)
        return float(values[rows].mean())

    assert n > EACH_UP_TO
    low, high = taxon_interval(mean, n, seed=3)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std(ddof=1) / 20, rel=0.25)
    gone = [np.setdiff1d(np.arange(n), rows) for rows in tried[:FEWEST_GROUPS]]
    assert sorted(np.concatenate(gone)) == list(range(n))
    assert taxon_interval(mean, n, seed=3) == (low, high)
    assert taxon_interval(mean, n, seed=4) != (low, high)


def test_pearson_interval_equals_a_loop_over_taxa():
    x, y = cloud(12, 1), cloud(12, 2)
    left_out = [
        pearsonr(pairs(x.data, kept), pairs(y.data, kept))[0]
        for kept in (np.delete(np.arange(12), gone) for gone in range(12))
    ]
    error = np.sqrt(11 / 12 * np.sum((left_out - np.mean(left_out)) ** 2))
    low, high = taxon_intervals(x, y)["mantel_pearson"]
    assert (high - low) / 2 == pytest.approx(1.96 * error)
    assert (high + low) / 2 == pytest.approx(pearsonr(x.condensed_form(), y.condensed_form())[0])


def test_each_taxon_left_out_as_by_a_loop():
    rng = np.random.default_rng(1)
    x, y = (
        np.linalg.norm(p[:, None] - p[None], axis=2) + 100 * (1 - np.eye(9))
        for p in rng.normal(size=(2, 9, 2))
    )
    for place, found in enumerate(correlation_without_each(x, y)):
        kept = np.delete(np.arange(9), place)
        assert found == pytest.approx(pearsonr(pairs(x, kept), pairs(y, kept))[0], abs=1e-9)
    x = np.ones((5, 5)) - np.eye(5)
    x[2, :2] = x[:2, 2] = 3  # constant only once the third is left out
    without = correlation_without_each(x, y[:5, :5])
    assert np.isnan(without).tolist() == [False, False, True, False, False]


def test_spearman_of_some_taxa_equals_scipys_ties_and_all():
    steps = np.random.default_rng(3).integers(1, 4, (15, 15)).astype(float)
    x, y = np.triu(steps, 1) + np.triu(steps, 1).T, cloud(15, 2).data
    statistic, rows = spearman_of(x, y), np.array([0, 2, 3, 6, 7, 11, 14])
    assert statistic(rows) == pytest.approx(spearmanr(pairs(x, rows), pairs(y, rows))[0])
    assert statistic(np.arange(15)) == pytest.approx(
        correlation(pairs(x, np.arange(15)), pairs(y, np.arange(15)), rank=True)
    )
    assert spearman_of(1 - np.eye(15), y)(rows) is None


def test_ranks_counted_are_those_sorted(monkeypatch):
    values = np.round(np.random.default_rng(6).normal(size=500), 1)
    values = np.concatenate([values, [3.0 + 1e-9, 3.0, -7.123456]])
    known = rankdata(np.round(values / 7.123456, 6))
    np.testing.assert_array_equal(ranks(values), known)
    monkeypatch.setattr(correlations, "COUNTED_FROM", 1)
    np.testing.assert_array_equal(ranks(values), known)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_centred_of_some_taxa_equals_the_test_on_them(method):
    x, y, rows = cloud(12, 1), cloud(12, 2), np.array([0, 1, 4, 5, 8, 9, 11])
    known = mantel_centred(*(m.filter([m.ids[row] for row in rows]) for m in (x, y)),
                           method=method, permutations=1)  # fmt: skip
    found = centred_of(x.data, y.data, rank=method == "spearman")(rows)
    assert found == pytest.approx(known.statistic)


@pytest.fixture
def world(reference):
    """A tree of 13 tips, its covariance, and looks."""
    tree = read_tree(reference / "small_tree.nwk")
    genetic, shared = patristic(tree), covariance(tree)
    names = sorted(genetic.ids)
    visual = DistanceMatrix(cloud(len(names), 5).data, names)
    return visual, genetic.filter(names), shared.loc[names, names]


def test_kmult_of_some_taxa_equals_the_test_on_them(world):
    visual, _, shared = world
    statistic = kmult_of(visual, shared)
    for rows in (np.arange(13), np.array([0, 2, 3, 4, 7, 9, 10, 12])):
        names = [visual.ids[row] for row in rows]
        known = kmult(visual.filter(names), shared.loc[names, names], permutations=1)
        assert statistic(rows) == pytest.approx(known.statistic, rel=1e-9)


def test_protest_of_all_taxa_equals_the_test(world):
    visual, genetic, _ = world
    known = protest(visual, genetic, permutations=1).test.statistic
    assert protest_of(visual, genetic)(np.arange(13)) == pytest.approx(known)


def test_every_test_has_an_interval_about_its_statistic(world):
    visual, genetic, shared = world
    found = taxon_intervals(visual, genetic, shared)
    assert set(found) == TESTS | {"kmult"}
    low, high = found["kmult"]
    assert 0 <= low < kmult(visual, shared, permutations=1).statistic < high
    assert all(-1 <= low < high <= 1 for low, high in (found[name] for name in TESTS))
    mixed = genetic.filter(genetic.ids[::-1]), shared.iloc[::-1, ::-1]
    assert taxon_intervals(visual, *mixed) == found
    assert set(taxon_intervals(visual, genetic)) == TESTS


def test_a_strong_signal_has_a_narrow_interval_above_zero(world):
    _, genetic, _ = world
    looks = DistanceMatrix(np.sqrt(genetic.data), genetic.ids)
    found = taxon_intervals(looks, genetic)
    assert all(found[name][0] > 0.5 for name in TESTS)


@pytest.mark.parametrize("n", [3, 4, 9])
def test_fewer_than_ten_taxa_have_no_interval(n):
    assert set(taxon_intervals(cloud(n, 1), cloud(n, 2)).values()) == {None}


def test_constant_distances_have_no_interval():
    flat = DistanceMatrix(1 - np.eye(12), cloud(12, 1).ids)
    found = taxon_intervals(cloud(12, 1), flat)
    assert found["mantel_pearson"] is None
    assert found["mantel_spearman"] is None
    assert found["dcor"] is None


def test_what_half_of_the_groups_cannot_give_has_no_interval():
    values = [0.1, None, 0.2, float("nan"), 0.3, None] * 2
    assert jackknife_interval(0.2, values) is None
    assert jackknife_interval(0.2, [0.1, 0.2, None, 0.3] * 3) is not None
    assert jackknife_interval(None, [0.1] * 12) is None


def test_units_do_not_matter_and_limits_hold():
    x, y = cloud(10, 1), cloud(10, 2)
    scaled = DistanceMatrix(x.data * 1e-9, x.ids)
    one, two = taxon_intervals(x, y), taxon_intervals(scaled, y)
    for name in TESTS:
        assert one[name] == pytest.approx(two[name])
    assert taxon_intervals(x, x)["mantel_pearson"] == pytest.approx((1, 1))


@pytest.mark.parametrize("without_signal", [0.0, 0.5])
def test_specimen_interval_undoes_the_shrinkage_of_noise(without_signal):
    """Of an effect of 1 noise leaves 1 / 1.25, and twice the noise 1 / 1.5."""
    values = without_signal + 1 / 1.5 + 0.01 * np.linspace(-1, 1, 201)
    low, high = specimen_interval(
        without_signal + 0.8, values, without_signal=without_signal, limits=(0.0, np.inf)
    )
    assert (low + high) / 2 == pytest.approx(without_signal + 1)
    assert (high - low) / 2 == pytest.approx(0.0095 * 1.25**2)


def test_specimen_interval_without_shrinkage_reflects_the_quantiles():
    values = np.random.default_rng(0).exponential(0.05, size=400)
    values = 0.5 + values - values.mean()
    low, high = specimen_interval(0.5, values)
    below, above = np.quantile(values, [0.025, 0.975])
    assert (low, high) == pytest.approx((1 - above, 1 - below))


def test_specimen_interval_of_a_distance_that_noise_enlarges_goes_down():
    values = 0.5 + 0.01 * np.linspace(-1, 1, 101)
    low, high = specimen_interval(0.4, values, without_signal=1.0, limits=(0.0, 1.0))
    assert (low + high) / 2 == pytest.approx(1 - 0.6 * 1.25)


def test_specimen_interval_never_extrapolates_wildly():
    around_zero = 0.01 + 0.1 * np.linspace(-1, 1, 101)
    ends = specimen_interval(0.3, around_zero, limits=(-np.inf, np.inf))
    assert ends == pytest.approx((0.9 - 9 * 0.095, 0.9 + 9 * 0.095))
    assert specimen_interval(0.3, around_zero)[1] == 1
    ends = specimen_interval(0.3, around_zero - 0.05)  # replicates of the other sign
    assert ends == pytest.approx((0.3 - 0.095, 0.3 + 0.095))


def test_specimen_interval_needs_twenty_values_and_leaves_out_what_is_missing():
    assert specimen_interval(0.5, [0.5] * 19) is None
    assert specimen_interval(0.5, [0.5] * 19 + [None, float("nan")]) is None
    assert specimen_interval(0.5, pd.Series([0.5] * 20)) == (0.5, 0.5)


def test_most_influential_taxon_is_the_planted_one():
    rng = np.random.default_rng(0)
    points, other = rng.normal(size=(12, 2)), rng.normal(size=(12, 2))
    points[4] = other[4] = [30, 30]  # far away in both
    names = [f"t{place}" for place in range(12)]
    x, y = (
        DistanceMatrix(np.linalg.norm(p[:, None] - p[None], axis=2), names) for p in (points, other)
    )
    found = most_influential(x, y)
    assert found.taxon == "t4"
    rest = [name for name in names if name != "t4"]
    upper = np.triu_indices(11, k=1)
    expected = pearsonr(x.filter(rest).data[upper], y.filter(rest).data[upper])
    assert found.pearson == pytest.approx(expected.statistic)
    assert most_influential(x.filter(names[:4]), y.filter(names[:4])) is None
