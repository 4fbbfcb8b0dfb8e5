"""Tests within clades: the same as on the clade alone, corrected, with reasons where impossible."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from skbio import DistanceMatrix
from statsmodels.stats.multitest import multipletests

from phylolens.stats._permutation import holm
from phylolens.stats.by_clade import TESTS, by_clade
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.kmult import kmult
from phylolens.stats.lambda_score import lambda_score
from phylolens.stats.mantel import mantel
from phylolens.stats.protest import protest
from phylolens.stats.unit_length import unit_distances

CLADES = {"A": 12, "B": 9, "C": 6, "D": 4}  # D is too small
KEPT = {"statistic", "p_value", "p_holm", "z", "exact", "smallest_p"}


@pytest.fixture
def world():
    """Looks follow the genes in A alone; B has no signal; in C all genes are equally far apart."""
    rng = np.random.default_rng(1)
    orders = [name for name, size in CLADES.items() for _ in range(size)]
    names = [f"{name}{place:02d}" for place, name in enumerate(orders)]
    genes = rng.normal(size=(31, 4))
    looks = rng.normal(size=(31, 5))
    looks[:12, :4] = genes[:12] + 0.1 * rng.normal(size=(12, 4))
    genetic = cdist(genes, genes)
    genetic[21:27, 21:27] = 1.7 * (1 - np.eye(6))
    shared = np.exp(-cdist(genes, genes))
    lineage = pd.DataFrame(
        {
            "class": ["X"] * 27 + ["Y"] * 4,
            "order": orders,
            "family": names,
        },
        index=names,
    )
    return (
        DistanceMatrix(cdist(looks, looks), names),
        DistanceMatrix(genetic, names),
        pd.DataFrame(shared, names, names),
        lineage,
    )


def rows_of(found: list[dict]) -> dict[str, dict]:
    return {row["clade"]: row for row in found}


def test_each_clade_is_tested_as_if_alone(world):
    visual, genetic, shared, lineage = world
    found = rows_of(by_clade(visual, genetic, shared, lineage, permutations=99, seed=3))
    taxa = [name for name in visual.ids if name[0] == "A"]
    sides = visual.filter(taxa), genetic.filter(taxa)
    common = {"permutations": 99, "seed": 3}

    def alone(visual):
        return {
            "lambda_score": lambda_score(visual, sides[1], **common),
            "mantel_pearson": mantel(visual, sides[1], **common),
            "mantel_spearman": mantel(visual, sides[1], method="spearman", **common),
            "protest": protest(visual, sides[1], **common).test,
            "kmult": kmult(visual, shared.loc[taxa, taxa], **common),
        }

    unit = unit_distances(VisualDistances.of_matrix(sides[0]))  # seen from the clade's own centre
    known, tested = alone(sides[0]), alone(unit)
    tested["lambda_score"] = known["lambda_score"]
    for name, test in known.items():
        assert found["A"]["tests"][name]["statistic"] == pytest.approx(test.statistic)
        assert found["A"]["tests"][name]["p_value"] == tested[name].p_value
    assert found["A"]["pearson"] == pytest.approx(known["mantel_pearson"].statistic)
    assert found["A"]["p_spearman"] == tested["mantel_spearman"].p_value


def test_only_coarser_clades_of_five_taxa_and_more_are_listed(world):
    found = by_clade(*world, permutations=9)
    listed = [(row["rank"], row["clade"], row["n_taxa"]) for row in found]
    assert listed == [
        ("class", "X", 27),
        ("order", "A", 12),
        ("order", "B", 9),
        ("order", "C", 6),
    ]
    assert all(set(row["tests"]) == set(TESTS) for row in found)
    few = by_clade(*world, permutations=9, fewest=4)
    assert [row["clade"] for row in few] == ["X", "Y", "A", "B", "C"]  # D is Y over again


def test_a_clade_of_all_taxa_is_left_out(world):
    visual, genetic, shared, lineage = world
    lineage = lineage.assign(**{"class": "X"})
    found = by_clade(visual, genetic, shared, lineage, permutations=9)
    assert {row["rank"] for row in found} == {"order"}


def test_signal_is_found_where_it_is(world):
    found = rows_of(by_clade(*world, permutations=199))
    assert found["A"]["tests"]["mantel_pearson"]["p_holm"] == pytest.approx(3 * 0.005)
    assert found["B"]["tests"]["mantel_pearson"]["p_holm"] > 0.05


def test_small_clades_are_tested_over_all_orders(world):
    visual, _, shared, lineage = world
    points = np.random.default_rng(5).normal(size=(31, 3))
    genetic = DistanceMatrix(cdist(points, points), visual.ids)
    found = rows_of(by_clade(visual, genetic, shared, lineage, permutations=9))
    assert found["C"]["tests"]["mantel_pearson"]["exact"]
    assert found["C"]["tests"]["mantel_pearson"]["smallest_p"] == 1 / 720
    assert not found["B"]["tests"]["kmult"]["exact"]


def test_what_cannot_be_tested_says_why(world):
    found = rows_of(by_clade(*world, permutations=9))
    assert found["C"]["pearson"] is None
    for test in found["C"]["tests"].values():
        assert {test[key] for key in KEPT} == {None}
        assert "equal" in test["reason"]


def test_a_singular_covariance_costs_kmult_alone(world):
    visual, genetic, shared, lineage = world
    twins = shared.copy()
    twins.iloc[12, :], twins.iloc[:, 12] = twins.iloc[13, :], twins.iloc[:, 13]
    twins.iloc[12, 12] = twins.iloc[12, 13] = twins.iloc[13, 12] = twins.iloc[13, 13]
    found = rows_of(by_clade(visual, genetic, twins, lineage, permutations=9))
    assert found["B"]["tests"]["kmult"]["p_value"] is None
    assert "B12 = B13" in found["B"]["tests"]["kmult"]["reason"]
    assert found["B"]["tests"]["mantel_pearson"]["p_value"] is not None
    assert found["A"]["tests"]["kmult"]["p_value"] is not None


def test_holm_is_over_all_clades_that_could_be_tested(world):
    found = by_clade(*world, permutations=99)
    for name in TESTS:
        tests = [row["tests"][name] for row in found]
        made = [test for test in tests if test["p_value"] is not None]
        known = holm([test["p_value"] for test in made])
        assert [test["p_holm"] for test in made] == pytest.approx(known)


def test_holm_equals_statsmodels():
    p_values = np.random.default_rng(0).uniform(0, 0.3, 40).round(2)  # ties among them
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    assert holm([]) == []
    assert holm([0.4]) == [0.4]


def test_without_a_covariance_there_is_no_kmult(world):
    visual, genetic, _, lineage = world
    for row in by_clade(visual, genetic, None, lineage, permutations=9):
        assert set(row["tests"]) == set(TESTS) - {"kmult"}


def test_order_of_taxa_changes_nothing_and_unknown_parents_are_no_clade(world):
    visual, genetic, shared, lineage = world
    one = by_clade(visual, genetic, shared, lineage, permutations=29)
    mixed = list(np.random.default_rng(1).permutation(visual.ids))
    two = by_clade(visual.filter(mixed), genetic, shared, lineage.loc[mixed[::-1]], permutations=29)
    assert one == two
    lineage = lineage.assign(order=lineage["order"].where(lineage["order"] != "B"))
    found = by_clade(visual, genetic, shared, lineage, permutations=9)
    assert [row["clade"] for row in found] == ["X", "A", "C"]


def test_without_coarser_ranks_there_are_no_clades(world):
    visual, genetic, shared, lineage = world
    assert by_clade(visual, genetic, shared, lineage[["family"]]) == []
