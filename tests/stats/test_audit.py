"""Published statistics against naive loops, least squares and the notebook's formula."""

from itertools import permutations as all_orders

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.report.audit import conclusions
from phylolens.results.audit import AuditFindings, AuditResult, Said
from phylolens.stats import mantel
from phylolens.stats.audit import NOISE, audit, nearly
from phylolens.stats.published import (
    PUBLISHED,
    constant_error,
    in_sample_fit,
    printed_p,
    similarity_error,
    taxon_numbers_fit,
    weighted_error_correlation,
)
from phylolens.writing import plain


def distances(n: int, seed: int, dimensions: int = 5) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(n, dimensions))
    return cdist(points, points)


def named(values: np.ndarray, names: list[str] | None = None) -> DistanceMatrix:
    return DistanceMatrix(values, names or [f"t{row}" for row in range(len(values))])


def one(values, a: np.ndarray, b: np.ndarray) -> float:
    return float(values(a, b, np.arange(len(a))[None])[0])


@pytest.fixture(scope="module")
def bivalve(shared_data) -> np.ndarray:
    """Genetic distances of the 74 families, in the order of the study."""
    folder = shared_data / "bivalvia"
    families = (folder / "families.txt").read_text().split()
    table = pd.read_csv(folder / "edge_lengths.csv", index_col=0)
    return table.loc[families, families].to_numpy(dtype=float)


def slow_weighted_error(visual: np.ndarray, genetic: np.ndarray) -> float:
    """The notebook's formula cell by cell: row maxima divide columns, triangles zeroed, all n²."""
    n = len(visual)
    error = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            near, looks = genetic[i, j] / max(genetic[j]), visual[i, j] / max(visual[j])
            error[i, j] = abs(near - looks) * near
    below, above = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i > j:
                below[i, j] = error[i, j] / max(error[j])
            elif i < j:
                above[i, j] = genetic[i, j] / genetic.max()
    return float(pearsonr(above.ravel(), (below / below.max()).T.ravel())[0])


@pytest.mark.parametrize("seed", range(4))
def test_weighted_error_is_the_notebooks(seed):
    a, b = distances(11, seed), distances(11, seed + 50)
    assert one(weighted_error_correlation, a, b) == pytest.approx(slow_weighted_error(a, b))


NAIVE = {
    "all_cells": lambda a, b: (a.ravel(), b.ravel()),
    "triangle_with_diagonal": lambda a, b: (a[np.triu_indices(len(a))], b[np.triu_indices(len(b))]),
    "both_triangles": lambda a, b: (a[~np.eye(len(a), dtype=bool)], b[~np.eye(len(b), dtype=bool)]),
    "structural_zeros": lambda a, b: (np.triu(a, 1).ravel(), np.triu(b, 1).ravel()),
}


@pytest.mark.parametrize("name", NAIVE)
def test_counted_cells_and_values_are_those_of_the_cells_written_out(name):
    a, b = distances(9, 1), distances(9, 2)
    x, y = NAIVE[name](a, b)
    r, p = pearsonr(x, y)
    how = PUBLISHED[name]
    assert how.counted(9) == len(x)
    assert one(how.values, a, b) == pytest.approx(r, rel=1e-10)
    assert printed_p(one(how.values, a, b), len(x)) == pytest.approx(p, rel=1e-8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_nulls_are_the_values_of_permuted_matrices(name):
    a, b = distances(9, 3), distances(9, 4)
    tried = np.array([np.random.default_rng(seed).permutation(9) for seed in range(12)])
    alone = [one(PUBLISHED[name].values, a[np.ix_(o, o)], b) for o in tried]
    np.testing.assert_allclose(PUBLISHED[name].values(a, b, tried), alone, rtol=1e-9)


def test_in_sample_fit_is_least_squares_with_one_number_a_taxon():
    a, b = distances(10, 5), distances(10, 6)
    rows, columns = np.triu_indices(10, k=1)
    taxa = np.zeros((len(rows), 10))
    taxa[np.arange(len(rows)), rows] = taxa[np.arange(len(rows)), columns] = 1
    y = b[rows, columns]
    for design, found in (
        (np.column_stack([taxa, a[rows, columns]]), one(in_sample_fit, a, b)),
        (taxa, taxon_numbers_fit(b)),
    ):
        fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
        assert found == pytest.approx(np.corrcoef(fitted, y)[0, 1])


def test_similarity_error_and_its_constant():
    a, b = distances(8, 7), distances(8, 8)
    pairs = [(i, j) for i in range(8) for j in range(i)]
    x, y = ([1 - 2 * m[i, j] / m.max() for i, j in pairs] for m in (a, b))
    assert one(similarity_error, a, b) == pytest.approx(np.mean(np.subtract(x, y) ** 2))
    assert constant_error(b) == pytest.approx(np.var(y))


def test_the_published_p_value_needs_the_74_distances_to_self():
    """r = 0.4032 and p = 5.7419e-109 were printed: possible with 2,775 cells, not with 2,701."""
    for cells, possible in ((2775, True), (2701, False)):
        low, high = printed_p(0.40325, cells), printed_p(0.40315, cells)
        assert (low < 5.7419e-109 < high) == possible


def test_printed_p_of_perfect_and_of_too_few():
    assert printed_p(1.0, 50) == 0
    assert printed_p(0.5, 2) == 1


FIVE = {  # mean over random matrices and how far the mean of 60 may lie from it
    "gaussian": (0.588, 0.010),
    "outliers": (0.774, 0.020),
    "uniform": (0.651, 0.005),
    "one_outlier": (0.851, 0.010),  # 0.83 to 0.87, by which taxon it is and how far away
}


@pytest.mark.parametrize("kind", FIVE)
def test_noise_scores_on_the_bivalve_matrix(bivalve, kind):
    rng = np.random.default_rng(0)
    values = [one(weighted_error_correlation, NOISE[kind](74, rng), bivalve) for _ in range(60)]
    mean, slack = FIVE[kind]
    assert np.mean(values) == pytest.approx(mean, abs=slack)
    if kind == "gaussian":
        assert np.std(values) == pytest.approx(0.018, abs=0.005)
    if kind == "one_outlier":
        assert np.max(values) == pytest.approx(0.860, abs=0.001)


def test_perfect_agreement_scores_like_noise_on_the_bivalve_matrix(bivalve):
    rng = np.random.default_rng(0)
    near = [one(weighted_error_correlation, nearly(bivalve, rng), bivalve) for _ in range(60)]
    assert np.mean(near) == pytest.approx(0.60, abs=0.02)
    assert np.isnan(one(weighted_error_correlation, bivalve, bivalve))
    assert constant_error(bivalve) == pytest.approx(0.158, abs=5e-4)
    assert taxon_numbers_fit(bivalve) == pytest.approx(0.393, abs=5e-4)


def said_of(found: AuditFindings) -> Said:
    values = {
        "files": {"a": "a.csv", "b": "b.csv"},
        "dropped": {"only_in_a": [], "only_in_b": []},
        "n_permutations": found.honest["mantel_pearson"].n_permutations,
        "exact": found.honest["mantel_pearson"].exact,
    }
    return conclusions(AuditResult.of(values | found.to_dict()))


def test_audit_of_noise_rejects_nothing_though_papers_would(bivalve):
    looks = np.random.default_rng(5).normal(size=(74, 16))
    found = audit(named(cdist(looks, looks)), named(bivalve), permutations=199, draws=5)
    for entry in (*found.published.values(), *found.honest.values()):
        assert entry.p_value > 0.05
    product = found.published["weighted_error"]
    assert product.null_mean == pytest.approx(0.59, abs=0.02)
    assert product.p_as_printed < 1e-300
    assert found.published["structural_zeros"].null_quantiles["0.025"] > 0.8
    assert found.published["triangle_with_diagonal"].p_as_printed < 1e-30
    said = said_of(found)
    assert "nothing shows that the two matrices agree" in said.honest
    for name in ("all_cells", "triangle_with_diagonal", "structural_zeros", "weighted_error"):
        assert "this value is what noise gives" in said.published[name]
    assert "p < 1e-300 (n = 5,476)" in said.published["weighted_error"]
    assert "nothing wrong would be concluded" in said.published["both_triangles"]


def test_audit_of_true_agreement_rejects(bivalve):
    noise = np.random.default_rng(1).normal(size=(74, 4)) * 0.2
    seen = named(bivalve + cdist(noise, noise))
    found = audit(seen, named(bivalve), permutations=199, draws=5)
    for name, entry in (found.published | found.honest).items():
        if name != "weighted_error":
            assert entry.p_value == 1 / 200, name
    said = said_of(found)
    assert "agree more than chance explains" in said.honest
    assert "the agreement stands" in said.published["both_triangles"]


def test_honest_values_are_those_of_the_tests():
    a, b = named(distances(12, 1)), named(distances(12, 2))
    found = audit(a, b, permutations=99, seed=3, draws=3).honest["mantel_pearson"]
    own = plain(mantel(a, b, permutations=99, seed=3).to_dict())
    assert own.items() <= plain(found.to_dict()).items()
    assert found.p_value == pytest.approx(
        audit(a, b, permutations=99, seed=3, draws=3).published["both_triangles"].p_value
    )


def test_few_taxa_are_enumerated():
    a, b = distances(5, 1), distances(5, 101)
    found = audit(named(a), named(b), draws=2).published["weighted_error"]
    values = [slow_weighted_error(a[np.ix_(o, o)], b) for o in map(list, all_orders(range(5)))]
    assert found.exact
    assert found.n_permutations == 120
    reached = np.sum(np.array(values) >= slow_weighted_error(a, b) - 1e-12)
    assert found.p_value == pytest.approx(reached / 120)


def test_a_taxon_that_is_everyones_furthest_in_both_matrices_is_zero_by_zero():
    a, b = distances(7, 1), distances(7, 2)
    for side in (a, b):
        side[0, 1:] = side[1:, 0] = 10.0
    entry = audit(named(a), named(b), permutations=99, draws=3).published["weighted_error"]
    assert entry.statistic is None
    far = a[np.ix_(shifted := [*range(1, 7), 0], shifted)]
    assert np.isfinite(one(weighted_error_correlation, far, b))


def test_only_the_notebooks_formula_depends_on_the_order_of_rows():
    names = [f"t{row}" for row in range(10)]
    a, b = named(distances(10, 1), names), named(distances(10, 2), names)
    rows = list(np.random.default_rng(0).permutation(names))
    first, same = (audit(x, b, permutations=50, draws=3) for x in (a, a.filter(rows)))
    assert first == same
    other = audit(a, b.filter(rows), permutations=50, draws=3)
    assert first.honest == other.honest
    for name, entry in first.published.items():
        assert (entry.statistic == other.published[name].statistic) == (name != "weighted_error")


def test_equal_matrices():
    a = named(distances(9, 1))
    found = audit(a, a, permutations=20, draws=3)
    published = found.published
    assert published["weighted_error"].statistic is None
    assert "zero by zero" in published["weighted_error"].why_absent
    assert published["all_cells"].statistic == pytest.approx(1)
    assert published["similarity_error"].statistic == 0
    said = said_of(found)
    assert "no value, because" in said.published["weighted_error"]


def test_three_taxa_leave_nothing_to_centre():
    a, b = named(np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0.0]])), named(distances(3, 1))
    found = audit(a, b, draws=2)
    assert found.honest["dcor"].statistic is None
    assert "four are needed" in found.published["in_sample_fit"].why_absent
    assert found.taxon_numbers_fit is None
    assert found.honest["mantel_pearson"].smallest_p == pytest.approx(1 / 6)
    assert said_of(found)


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        (named(distances(4, 1)), named(distances(5, 1)), "different taxa"),
        (named(1.0 - np.eye(4)), named(distances(4, 1)), "all distances"),
        (named(distances(2, 1)), named(distances(2, 2)), "at least three"),
    ],
)
def test_bad_input(a, b, word):
    with pytest.raises(InputError, match=word):
        audit(a, b, draws=2)
