"""All tests together: one primary, Holm over the rest, statistics without permutations alike."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.phylogeny import covariance
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.every_test import every_test
from phylolens.stats.kmult import PreparedTree
from phylolens.stats.mantel import mantel
from phylolens.stats.statistics import NAMES, Statistics
from phylolens.stats.unit_length import unit_distances

NAMED = [f"t{row:02d}" for row in range(16)]


@pytest.fixture(scope="module")
def world():
    """Sixteen taxa on a balanced tree, looks by Brownian motion in eight dimensions."""
    level = [TreeNode(name=name, length=1.0) for name in NAMED]
    while len(level) > 1:
        level = [TreeNode(children=level[k : k + 2], length=1.0) for k in range(0, len(level), 2)]
    shared = covariance(level[0])
    looks = np.linalg.cholesky(shared) @ np.random.default_rng(4).normal(size=(16, 8))
    visual = DistanceMatrix(cdist(looks, looks), NAMED)
    return visual, level[0].cophenet().filter(NAMED), shared.loc[NAMED, NAMED]


def test_every_test_rejects_for_brownian_looks(world):
    found = every_test(*world, permutations=199)
    assert found.primary == "lambda_score"
    assert set(found.results) == {"lambda_score", *NAMES, "mantel_pearson_centred"}
    assert all(test["p_value"] <= 0.02 for test in found.results.values())
    roles = {name: test["role"] for name, test in found.results.items()}
    assert (roles["lambda_score"], roles["protest"]) == ("primary", "confirmatory")
    assert set(roles.values()) == {"primary", "confirmatory", "description"}
    assert found.residuals is not None
    assert sorted(found.residuals.index) == NAMED


def test_none_rejects_for_looks_without_history(world):
    _, genetic, shared = world
    looks = np.random.default_rng(8).normal(size=(16, 8))
    visual = DistanceMatrix(cdist(looks, looks), NAMED)
    found = every_test(visual, genetic, shared, permutations=199)
    assert all(test["p_value"] > 0.05 for test in found.results.values())


def test_holm_is_over_the_descriptions(world):
    found = every_test(*world, permutations=99)
    assert "p_holm" not in found.results["lambda_score"]
    assert "p_holm" not in found.results["protest"]
    described = {name: found.results[name] for name in NAMES if name != "protest"}
    ordered = sorted(described.values(), key=lambda test: test["p_value"])
    so_far = 0.0
    for place, test in enumerate(ordered):
        so_far = max(so_far, min(1.0, (len(ordered) - place) * test["p_value"]))
        assert test["p_holm"] == pytest.approx(so_far)


def test_statistics_are_of_the_distances_and_tests_of_directions(world):
    """A clade that varies ten times less: Mantel's correlation is large, its p is not small."""
    _, genetic, shared = world
    looks = np.random.default_rng(9).normal(size=(16, 40))
    looks[:8] *= 0.1
    visual = DistanceMatrix(cdist(looks, looks), NAMED)
    found = every_test(visual, genetic, shared, permutations=199).results
    alone = mantel(visual, genetic, permutations=199)
    assert found["mantel_pearson"]["statistic"] == pytest.approx(alone.statistic)
    assert alone.p_value <= 0.05
    unit = mantel(unit_distances(VisualDistances.of_matrix(visual)), genetic, permutations=199)
    assert found["mantel_pearson"]["tested"] == pytest.approx(unit.statistic)
    assert found["mantel_pearson"]["p_value"] == unit.p_value
    assert all(test["p_value"] > 0.05 for test in found.values())


def test_without_noise_and_as_measured_stand_side_by_side(world):
    visual, genetic, shared = world
    squares = visual.data**2 - 0.5 * (1 - np.eye(16))
    measured = VisualDistances(visual, squares, "euclidean", debiased=True)
    found = every_test(measured, genetic, shared, permutations=9).results
    for name in ("kmult", "mantel_pearson", "protest"):
        assert found[name]["plain"] == pytest.approx(Statistics(genetic, shared).of(visual)[name])
    assert found["kmult"]["statistic"] == pytest.approx(
        Statistics(genetic, shared).of(measured.matrix)["kmult"]
    )
    assert found["kmult"]["statistic"] > found["kmult"]["plain"]


def test_after_double_centring_pearson_is_the_distance_correlation(world):
    found = every_test(*world, permutations=99).results
    assert found["mantel_pearson_centred"]["same_as"] == "dcor"
    assert found["mantel_pearson_centred"]["statistic"] == found["dcor"]["statistic"]


def test_without_a_covariance_mantel_is_primary(world):
    visual, genetic, _ = world
    found = every_test(visual, genetic, None, permutations=99)
    assert found.primary == "mantel_pearson"
    assert "kmult" not in found.results
    assert "p_holm" not in found.results["mantel_pearson"]


def test_a_singular_tree_costs_k_alone(world):
    visual, genetic, shared = world
    tied = shared.copy()
    tied.iloc[1] = tied.iloc[0]
    tied.iloc[:, 1] = tied.iloc[:, 0]
    tied.iloc[1, 1] = tied.iloc[0, 0]
    found = every_test(visual, genetic, tied, permutations=99)
    assert found.primary == "lambda_score"
    assert "without any branch between them" in found.not_possible["kmult"]
    assert Statistics(genetic, tied).of(visual)["kmult"] is None


def test_constant_distances_are_refused(world):
    _, genetic, shared = world
    equal = DistanceMatrix(1.0 - np.eye(16), NAMED)
    with pytest.raises(InputError, match="all distances of a matrix are equal"):
        every_test(equal, genetic, shared)


def test_statistics_equal_those_of_the_tests(world):
    visual, genetic, shared = world
    found = every_test(visual, genetic, shared, permutations=9).results
    alone = Statistics(genetic, shared).of(visual)
    assert {name: found[name]["statistic"] for name in NAMES} == pytest.approx(alone, rel=1e-9)


def test_a_tree_without_some_taxa_is_prepared_from_the_whole(world):
    visual, _, shared = world
    kept = np.array([0, 2, 3, 5, 6, 9, 12, 15])
    names = [NAMED[row] for row in kept]
    fresh = PreparedTree.of(shared.loc[names, names]).kmult(visual.filter(names))
    quick = PreparedTree.of(shared).without(kept).kmult(visual.filter(names))
    np.testing.assert_allclose(quick, fresh, rtol=1e-10)


def test_rows_of_any_order_give_the_same(world):
    visual, genetic, shared = world
    order = list(np.random.default_rng(1).permutation(NAMED))
    once = every_test(visual, genetic, shared, permutations=99)
    again = every_test(
        visual.filter(order), genetic, pd.DataFrame(shared.loc[order, order]), permutations=99
    )
    for name, test in once.results.items():
        assert again.results[name]["statistic"] == pytest.approx(test["statistic"], rel=1e-9)
