"""The signal block and its baselines against naive loops and known figures."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr
from skbio import DistanceMatrix
from skbio.tree import nj

from phylolens.phylogeny import read_distances
from phylolens.stats import Comparison, signal
from phylolens.stats.baselines import baselines
from phylolens.stats.correlation import agreement, correlation
from phylolens.taxonomy import lineages

LINEAGE = pd.DataFrame(
    {"order": ["O", "O", "P", "P", "Q"], "family": list("abcde")}, index=list("abcde")
)


@pytest.fixture
def genetic():
    rng = np.random.default_rng(2)
    values = rng.uniform(0.5, 2, (5, 5))
    values = values + values.T
    np.fill_diagonal(values, 0)
    return DistanceMatrix(values, list("abcde"))


def pairs_of(matrix: np.ndarray) -> list[float]:
    return [matrix[i, j] for i in range(len(matrix)) for j in range(i + 1, len(matrix))]


def test_taxonomy_baseline_equals_a_naive_loop(genetic):
    steps = [1 if LINEAGE["order"].iloc[i] == LINEAGE["order"].iloc[j] else 2
             for i in range(5) for j in range(i + 1, 5)]  # fmt: skip
    found = baselines(genetic, LINEAGE)["taxonomy_only"]
    assert found["pearson"] == pytest.approx(pearsonr(steps, pairs_of(genetic.data))[0])
    assert found["ranks"] == ["order"]


def test_taxonomy_baseline_is_aligned_by_id(genetic):
    shuffled = LINEAGE.loc[list("daceb")]
    assert baselines(genetic, shuffled) == baselines(genetic, LINEAGE)


def test_row_means_baseline_equals_a_naive_loop(genetic):
    mean = [sum(row) / 4 for row in genetic.data]
    sums = [mean[i] + mean[j] for i in range(5) for j in range(i + 1, 5)]
    found = baselines(genetic, None)
    assert set(found) == {"row_means"}
    assert found["row_means"]["pearson"] == pytest.approx(pearsonr(sums, pairs_of(genetic.data))[0])


def test_row_means_alone_explain_a_star_tree():
    lengths = np.array([0.1, 0.4, 0.9, 1.3, 2.0])
    star = lengths[:, None] + lengths[None, :]
    np.fill_diagonal(star, 0)
    found = baselines(DistanceMatrix(star, list("abcde")), None)
    assert found["row_means"]["pearson"] == pytest.approx(1)


def test_the_whole_block_of_a_small_world():
    """Five taxa whose looks are their genes: every part is there, or says why it cannot be."""
    rng = np.random.default_rng(2)
    places = rng.normal(size=(5, 3))
    same = DistanceMatrix(squareform(pdist(places)), list("abcde"))
    found = signal(Comparison(same, same, lineage=LINEAGE, from_tree=False), permutations=99)
    tests = found.summary["tests"]
    assert found.summary["primary"] == "mantel_pearson"
    assert tests["mantel_pearson"]["statistic"] == pytest.approx(1)
    assert tests["mantel_pearson"]["p_value"] == pytest.approx(1 / 120)
    assert tests["mantel_pearson"]["interval"] is None  # five taxa are too few for one
    assert "kmult" not in tests  # no covariance
    assert "p_value" not in found.summary["baselines"]["taxonomy_only"]
    assert found.summary["within_clades"]["n_taxa_moved"] == 4
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
    test = found.summary["tests"]["mantel_spearman"]
    assert test["interval"][0] < test["statistic"] < test["interval"][1]
    assert test["specimen_interval"][1] - test["specimen_interval"][0] < 0.2
    assert found.summary["specimen_bootstrap"]["n"] == 30
    support = [int(node.name) for node in found.visual_tree.non_tips() if node.name]
    assert max(support) == 100
    assert found.summary["tree"]["cid"]["value"] < found.summary["tree"]["cid"]["random_mean"]


def test_correlation_of_a_constant_is_unknown():
    x = np.array([1.0, 2.0, 4.0])
    assert correlation(x, np.full(3, 0.1) + 0.2) is None
    assert correlation(np.zeros(3), x) is None
    assert correlation(x, x**2, rank=True) == pytest.approx(1)
    assert correlation(1e-15 * x, -x) == pytest.approx(-1)


def test_agreement_leaves_the_diagonal_out():
    target = np.array([[1, 0.2, 0.4], [0.2, 1, -0.6], [0.4, -0.6, 1]])
    predicted = target + np.diag([5, 6, 7])
    predicted[0, 1] = predicted[1, 0] = 0.5
    assert agreement(predicted, target)["mse"] == pytest.approx(0.3**2 / 3)


@pytest.mark.data
def test_known_figures_of_the_bivalves(shared_data, bivalve_steps):
    folder = shared_data / "bivalvia"
    genetic = read_distances(folder / "edge_lengths.csv").filter(bivalve_steps.ids)
    table = pd.read_csv(folder / "taxonomy.csv", dtype=object)
    lineage = lineages(table, ("clade", "order", "family"), "family")
    found = baselines(genetic, lineage)["taxonomy_only"]
    assert found["pearson"] == pytest.approx(0.803, abs=5e-4)
    assert found["spearman"] == pytest.approx(0.775, abs=5e-4)
