"""The signal block as a whole, and the plain correlations in it."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from skbio import DistanceMatrix
from skbio.tree import nj

from phylolens.stats import Comparison, signal
from phylolens.stats.correlation import agreement, correlation

LINEAGE = pd.DataFrame(
    {"order": ["O", "O", "P", "P", "Q"], "family": list("abcde")}, index=list("abcde")
)


def test_the_whole_block_of_a_small_world():
    """Five taxa whose looks are their genes: every part is there, or says why it cannot be."""
    rng = np.random.default_rng(2)
    places = rng.normal(size=(5, 3))
    same = DistanceMatrix(squareform(pdist(places)), list("abcde"))
    found = signal(Comparison(same, same, lineage=LINEAGE, from_tree=False), permutations=99)
    tests = found.result.tests
    assert found.result.primary == "mantel_pearson"
    assert tests["mantel_pearson"].statistic == pytest.approx(1)
    assert tests["mantel_pearson"].influence is None  # five taxa are too few for one
    assert tests["mantel_pearson"].interval is None  # nor is there a tree to evolve along
    assert tests["lambda_score"].exact
    assert "kmult" not in tests  # no covariance
    assert "p_value" not in found.result.baselines.taxonomy_only.to_dict()
    assert found.result.within_clades is None  # four taxa could change places
    assert found.pairs is None


def test_replicates_give_intervals_and_support():
    rng = np.random.default_rng(3)
    places = rng.normal(size=(12, 3))
    names = [f"t{k:02d}" for k in range(12)]

    def seen(noise: float) -> DistanceMatrix:
        return DistanceMatrix(squareform(pdist(places + noise * rng.normal(size=(12, 3)))), names)

    genetic, looks = seen(0.3), seen(0.05)
    tree = nj(genetic, neg_as_zero=True)
    drawn = [seen(0.05) for _ in range(30)]
    compared = Comparison(
        looks, genetic, tree=tree, from_tree=False, replicates=lambda: iter(drawn)
    )
    found = signal(compared, permutations=99)
    test = found.result.tests["mantel_spearman"]
    assert test.influence[0] < test.statistic < test.influence[1]
    assert test.specimen_interval[1] - test.specimen_interval[0] < 0.2
    assert found.result.specimen_bootstrap.n == 30
    support = [int(node.name) for node in found.visual_tree.non_tips() if node.name]
    assert max(support) == 100
    assert found.result.tree.cid.value < found.result.tree.cid.random_mean


def test_correlation_of_a_constant_is_unknown():
    x = np.array([1.0, 2.0, 4.0])
    assert correlation(x, np.full(3, 0.1) + 0.2) is None
    assert correlation(np.zeros(3), x) is None
    assert correlation(x, x**2, rank=True) == pytest.approx(1)
    assert correlation(1e-15 * x, -x) == pytest.approx(-1)
    almost = np.array([1.0, 1.0 + 3e-9, 1.0])  # a dated tree's rounding: equal for ranks
    assert correlation(almost, x, rank=True) is None


def test_agreement_leaves_the_diagonal_out():
    target = np.array([[1, 0.2, 0.4], [0.2, 1, -0.6], [0.4, -0.6, 1]])
    predicted = target + np.diag([5, 6, 7])
    predicted[0, 1] = predicted[1, 0] = 0.5
    assert agreement(predicted, target)["mse"] == pytest.approx(0.3**2 / 3)
