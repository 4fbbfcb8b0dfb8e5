"""Statistics over a sample of trees, and the table of several embeddings."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix, TreeNode

from phylolens.phylogeny import covariance
from phylolens.stats.every_test import every_test, main_tests
from phylolens.stats.kmult import kmult
from phylolens.stats.mantel import mantel
from phylolens.stats.tree_sample import over_trees
from phylolens.writing import plain

NAMED = [f"t{row}" for row in range(10)]


def ladder(order: list[str], rng: np.random.Generator):
    """A caterpillar tree with random branches: distances, covariance, tree."""
    tree = TreeNode(name=order[0], length=float(rng.uniform(0.5, 2)))
    for name in order[1:]:
        tip = TreeNode(name=name, length=float(rng.uniform(0.5, 2)))
        tree = TreeNode(children=[tree, tip], length=float(rng.uniform(0.5, 2)))
    return tree.cophenet().filter(NAMED), covariance(tree).loc[NAMED, NAMED], tree


@pytest.fixture
def visual():
    looks = np.random.default_rng(3).normal(size=(10, 4))
    return DistanceMatrix(cdist(looks, looks), NAMED)


def test_the_range_is_that_of_the_single_trees(visual):
    rng = np.random.default_rng(5)
    sample = [ladder(list(rng.permutation(NAMED)), rng) for _ in range(7)]
    found = over_trees(visual, iter(sample), sample[0][2])
    assert found.n_used == 7
    k = [kmult(visual, shared, permutations=1).statistic for _, shared, _ in sample]
    r = [mantel(visual, genetic, permutations=1).statistic for genetic, _, _ in sample]
    for name, values in (("kmult", k), ("mantel_pearson", r)):
        low, middle, high = np.quantile(values, [0.025, 0.5, 0.975])
        assert found.intervals[name].low == pytest.approx(low)
        assert found.intervals[name].median == pytest.approx(middle)
        assert found.intervals[name].high == pytest.approx(high)
    assert found.intervals["nrf"].low < 0.2  # one of the trees is the visual one itself


def test_one_tree_again_and_again_has_no_range(visual):
    tree = ladder(NAMED, np.random.default_rng(0))
    found = over_trees(visual, [tree] * 3, None).intervals
    assert "nrf" not in found
    assert all(values.low == values.high for values in found.values())


def test_the_table_holds_the_tests_themselves(visual):
    genetic, shared, _ = ladder(NAMED, np.random.default_rng(1))
    row = main_tests(visual, genetic, shared, permutations=99, seed=4)
    found = every_test(visual, genetic, shared, permutations=99, seed=4).results
    for name in ("lambda_score", "protest", "kmult", "mantel_spearman"):
        own = {key: plain(found[name][key]) for key in ("statistic", "z", "p_value")}
        assert row.by_name[name].to_dict() == own
    assert main_tests(visual, genetic, None, permutations=9).kmult is None
