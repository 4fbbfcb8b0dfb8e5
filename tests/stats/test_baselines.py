"""What is known without images, against naive loops and known figures."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.phylogeny import read_distances
from phylolens.stats.baselines import baselines, closest_pair, count_distances
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
    steps = [
        1 if LINEAGE["order"].iloc[i] == LINEAGE["order"].iloc[j] else 2
        for i in range(5)
        for j in range(i + 1, 5)
    ]
    found = baselines(genetic, LINEAGE).taxonomy_only.to_dict()
    assert found["pearson"] == pytest.approx(pearsonr(steps, pairs_of(genetic.data))[0])
    assert found["ranks"] == ["order"]


def test_taxonomy_baseline_is_aligned_by_id(genetic):
    shuffled = LINEAGE.loc[list("daceb")]
    assert baselines(genetic, shuffled) == baselines(genetic, LINEAGE)


def test_row_means_baseline_equals_a_naive_loop(genetic):
    mean = [sum(row) / 4 for row in genetic.data]
    sums = [mean[i] + mean[j] for i in range(5) for j in range(i + 1, 5)]
    found = baselines(genetic, None).to_dict()
    assert set(found) == {"row_means"}
    assert found["row_means"]["pearson"] == pytest.approx(pearsonr(sums, pairs_of(genetic.data))[0])


def test_row_means_alone_explain_a_star_tree():
    lengths = np.array([0.1, 0.4, 0.9, 1.3, 2.0])
    star = lengths[:, None] + lengths[None, :]
    np.fill_diagonal(star, 0)
    found = baselines(DistanceMatrix(star, list("abcde")), None).to_dict()
    assert found["row_means"]["pearson"] == pytest.approx(1)


def test_yardsticks_of_the_phylogeny_carry_no_p_value(genetic):
    found = baselines(genetic, LINEAGE).to_dict()
    assert set(found) == {"row_means", "taxonomy_only"}
    assert not any("p" in key.split("_") for block in found.values() for key in block)


def test_image_counts_equal_a_naive_loop(genetic):
    counts = pd.Series([3, 700, 12, 1, 90], index=list("abcde"))
    apart = [abs(np.log(counts.iloc[i] / counts.iloc[j]))
             for i in range(5) for j in range(i + 1, 5)]  # fmt: skip
    points = np.random.default_rng(0).normal(size=(5, 2))
    visual = DistanceMatrix(cdist(points, points), list("abcde"))
    shuffled = counts[list("daceb")]
    found = baselines(genetic, None, visual=visual, image_counts=shuffled).to_dict()["image_counts"]
    assert found["pearson"] == pytest.approx(pearsonr(apart, pairs_of(genetic.data))[0])
    assert found["visual"]["pearson"] == pytest.approx(pearsonr(apart, pairs_of(visual.data))[0])
    assert 0 < found["p_pearson"] <= 1
    assert 0 < found["visual"]["p_spearman"] <= 1


def test_looks_that_follow_the_number_of_images_are_found_and_others_are_not():
    rng = np.random.default_rng(4)
    names = [f"t{row}" for row in range(25)]
    counts = pd.Series(rng.integers(1, 400, 25), index=names)
    points = rng.normal(size=(25, 3))
    genetic = DistanceMatrix(cdist(points, points), names)
    looks = np.column_stack([np.log(counts), rng.normal(size=25)])
    follows = DistanceMatrix(cdist(looks, looks), names)
    found = baselines(genetic, None, visual=follows, image_counts=counts).to_dict()["image_counts"]
    assert found["visual"]["p_pearson"] == 0.001
    assert found["p_pearson"] > 0.05


def test_equal_numbers_of_images_say_nothing(genetic):
    found = baselines(genetic, None, image_counts=pd.Series(7, index=list("abcde"))).to_dict()
    assert found["image_counts"]["pearson"] is None
    assert found["image_counts"]["p_spearman"] is None
    assert "equal" in found["image_counts"]["reason"]


@pytest.mark.parametrize("wrong", [0, np.nan])
def test_taxa_without_images_are_refused(wrong):
    counts = pd.Series([3.0, wrong, 5.0], index=list("abc"))
    with pytest.raises(InputError, match="'b'"):
        count_distances(counts, list("abc"))


@pytest.mark.data
def test_known_figures_of_the_bivalves(shared_data, bivalve_steps):
    folder = shared_data / "bivalvia"
    genetic = read_distances(folder / "edge_lengths.csv").filter(bivalve_steps.ids)
    table = pd.read_csv(folder / "taxonomy.csv", dtype=object)
    lineage = lineages(table, ("clade", "order", "family"), "family")
    found = baselines(genetic, lineage).taxonomy_only.to_dict()
    assert found["pearson"] == pytest.approx(0.803, abs=5e-4)
    assert found["spearman"] == pytest.approx(0.775, abs=5e-4)


def test_the_closest_pair_is_named():
    values = np.array([[0, 4.0, 2.0], [4.0, 0, 0.5], [2.0, 0.5, 0]])
    found = closest_pair(DistanceMatrix(values, ["c", "a", "b"]))
    assert found == {"taxa": ["a", "b"], "share": 0.125}
