"""Double-centring, distance correlation and the centred Mantel test against their definitions."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist, squareform
from scipy.stats import rankdata
from skbio import DistanceMatrix

from phylolens.errors import InputError, TooFew
from phylolens.stats import mantel
from phylolens.stats.centred import double_centre, mantel_centred
from phylolens.stats.dcor import distance_correlation

METHODS = ("pearson", "spearman")


def of(points: np.ndarray) -> DistanceMatrix:
    return DistanceMatrix(cdist(points, points), [f"t{row:02d}" for row in range(len(points))])


def cloud(n: int, seed: int, dimensions: int = 3) -> DistanceMatrix:
    return of(np.random.default_rng(seed).normal(size=(n, dimensions)))


def fitted_residuals(values: np.ndarray) -> np.ndarray:
    """Residuals of the pairs after least squares with one number a taxon."""
    upper = np.triu_indices(len(values), k=1)
    design = np.zeros((len(upper[0]), len(values)))
    for row, (i, j) in enumerate(zip(*upper, strict=True)):
        design[row, [i, j]] = 1
    pairs = values[upper]
    return pairs - design @ np.linalg.lstsq(design, pairs, rcond=None)[0]


def bias_corrected(x: np.ndarray, y: np.ndarray) -> float:
    """Distance correlation by the formula of Székely & Rizzo (2014), term by term."""
    n = len(x)

    def centred(a: np.ndarray) -> np.ndarray:
        out = np.zeros((n, n))
        for i, j in itertools.permutations(range(n), 2):
            out[i, j] = (
                a[i, j]
                - a[i].sum() / (n - 2)
                - a[:, j].sum() / (n - 2)
                + a.sum() / ((n - 1) * (n - 2))
            )
        return out

    left, right = centred(x), centred(y)
    return float((left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum()))


@pytest.mark.parametrize("n", [4, 5, 20])
def test_double_centring_is_least_squares(n):
    values = cloud(n, 1).data
    left = double_centre(values)
    np.testing.assert_allclose(left[np.triu_indices(n, k=1)], fitted_residuals(values), atol=1e-12)
    np.testing.assert_allclose(left.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_array_equal(left, left.T)
    np.testing.assert_array_equal(double_centre(values + 5 * np.eye(n)), left)  # no diagonal


@pytest.mark.parametrize("n", [4, 7, 25])
def test_statistic_equals_the_formula(n):
    x, y = cloud(n, 1), cloud(n, 2)
    found = distance_correlation(x, y, permutations=9)
    assert found.name == "dcor"
    assert found.statistic == pytest.approx(bias_corrected(x.data, y.data), abs=1e-12)


@pytest.mark.parametrize("n", [6, 25])
def test_centred_pearson_is_distance_correlation(n):
    x, y = cloud(n, 1), cloud(n, 2)
    one = distance_correlation(x, y, permutations=99).to_dict()
    two = mantel_centred(x, y, permutations=99).to_dict()
    assert one.pop("name") == "dcor"
    assert two.pop("name") == "mantel_pearson_centred"
    assert one == two


def test_centred_spearman_equals_ranks_of_residuals():
    x, y = cloud(15, 1), cloud(15, 2)
    left, right = (rankdata(fitted_residuals(m.data)) for m in (x, y))
    found = mantel_centred(x, y, method="spearman", permutations=9).statistic
    assert found == pytest.approx(np.corrcoef(left, right)[0, 1], abs=1e-6)  # ties by rounding


def test_exact_p_equals_brute_force():
    x, y = cloud(5, 3), cloud(5, 4)
    result = distance_correlation(x, y)
    null = [bias_corrected(x.data[np.ix_(o, o)], y.data) for o in itertools.permutations(range(5))]
    assert result.exact
    assert result.p_value == pytest.approx(np.mean(np.array(null) >= null[0] - 1e-10))


def test_dependence_without_correlation_is_found():
    line = np.linspace(-1, 1, 80)[:, None]
    found = distance_correlation(of(line), of(line**2))
    assert found.p_value == 0.001
    assert found.statistic > 0.1


def test_independent_looks_are_not_found():
    found = distance_correlation(cloud(40, 20), cloud(40, 21))
    assert found.p_value > 0.05
    assert abs(found.statistic) < 0.1  # bias-corrected: near zero; plain dcor would be 0.2 or more


@pytest.mark.parametrize("method", METHODS)
def test_shared_row_means_alone_are_taken_away(method):
    """Taxa far from all others in both matrices: Mantel finds them, the centred test must not."""
    rng = np.random.default_rng(9)
    found = 0
    for _ in range(20):
        far = rng.gamma(1.0, 4.0, size=30)
        base = (far[:, None] + far[None, :]) * (1 - np.eye(30))
        x, y = (DistanceMatrix(base + squareform(rng.uniform(0, 2, 435))) for _ in range(2))
        found += mantel_centred(x, y, method=method, permutations=99).p_value <= 0.05
    assert mantel(x, y, method=method, permutations=99).p_value == 0.01
    assert found <= 4  # of 20 worlds at the 5% level: more once in 400 trials


@pytest.mark.parametrize("method", METHODS)
def test_order_of_rows_and_seed(method):
    x, y = cloud(14, 1), cloud(14, 2)
    names = [x.ids[place] for place in np.random.default_rng(0).permutation(14)]
    one = mantel_centred(x, y, method=method, permutations=99)
    two = mantel_centred(x.filter(names), y.filter(names[::-1]), method=method, permutations=99)
    assert one.to_dict() == two.to_dict()
    other = mantel_centred(x, y, method=method, permutations=99, seed=1)
    assert other.null_quantiles != one.null_quantiles


@pytest.mark.parametrize("test", [distance_correlation, mantel_centred])
def test_what_cannot_be_tested_is_refused(test):
    additive = DistanceMatrix(
        np.add.outer(np.arange(6.0), np.arange(6.0)) * (1 - np.eye(6)), cloud(6, 1).ids
    )
    constant = DistanceMatrix(1 - np.eye(6), cloud(6, 1).ids)
    for wrong in (additive, constant):
        with pytest.raises(InputError, match="explain all distances"):
            test(cloud(6, 1), wrong)
    with pytest.raises(TooFew, match="3 taxa"):
        test(cloud(3, 1), cloud(3, 2))
    with pytest.raises(InputError, match="different taxa"):
        test(cloud(6, 1), cloud(7, 1))
    with pytest.raises(InputError, match="permutation"):
        test(cloud(6, 1), cloud(6, 2), permutations=0)


def test_unknown_method_is_refused():
    with pytest.raises(InputError, match="kendall"):
        mantel_centred(cloud(6, 1), cloud(6, 2), method="kendall")
