import numpy as np
import pandas as pd

from phylolens.report.ordering import (
    clustered,
    guide_order,
    in_order,
    parents,
    runs,
    taxonomy_order,
    tree_order,
)
from phylolens.report.results import Results

TAXA = ["Aidae", "Bidae", "Cidae", "Didae", "Eidae", "Fidae"]


def test_runs_are_stretches_of_equal_neighbours():
    assert runs(["x", "x", None, "y", "x"]) == [("x", 0, 2), ("y", 3, 4), ("x", 4, 5)]
    assert runs([]) == []


def test_clustering_keeps_close_taxa_together():
    points = pd.Series({"a": 0.0, "b": 10.0, "c": 0.1, "d": 10.1, "e": 5.0})
    distances = pd.DataFrame(
        np.abs(np.subtract.outer(points.to_numpy(), points.to_numpy())), points.index, points.index
    )
    order = clustered(distances)
    assert sorted(order) == sorted(points.index)
    assert abs(order.index("a") - order.index("c")) == 1
    assert abs(order.index("b") - order.index("d")) == 1


def test_order_is_that_of_the_tree(make_results):
    out = make_results(TAXA, [4] * 6, pictures=False)
    (out / "signal/tree.nwk").write_text(
        "((Fidae:1,'aidae':1):1,(Didae:1,(Bidae:1,(Eidae:1,Cidae:1):1):1):1);"
    )
    expected = ["Fidae", "Aidae", "Didae", "Bidae", "Eidae", "Cidae"]
    found = Results(out)
    assert tree_order(found) == expected
    assert guide_order(found) == expected
    assert in_order(found, "family", [*TAXA, "Newidae"]) == [*expected, "Newidae"]


def test_a_tree_of_other_taxa_is_not_used(make_results):
    out = make_results(TAXA, [4] * 6, pictures=False)
    (out / "signal/tree.nwk").write_text("((Fidae:1,Aidae:1):1,Didae:1);")
    assert sorted(tree_order(Results(out))) == TAXA


def test_brackets_name_the_next_coarser_rank(make_results):
    rank, groups = parents(Results(make_results(TAXA, [4] * 6, pictures=False)), "family")
    assert rank == "order"
    assert groups == dict(zip(TAXA, ["Order0"] * 3 + ["Order1"] * 3, strict=True))


def test_coarser_ranks_follow_their_families(make_results):
    out = make_results(TAXA, [4] * 6, pictures=False)
    (out / "signal/tree.nwk").write_text(
        "((Fidae:1,Eidae:1):1,(Didae:1,(Bidae:1,(Aidae:1,Cidae:1):1):1):1);"
    )
    assert in_order(Results(out), "order", ["Order0", "Order1"]) == ["Order1", "Order0"]


def test_the_taxonomy_lists_by_order_then_by_name(make_results):
    found = Results(make_results(TAXA, [4] * 6, pictures=False))
    wanted = sorted(TAXA, key=lambda taxon: (parents(found, "family")[1][taxon], taxon))
    assert taxonomy_order(found, "family", TAXA[::-1]) == wanted
    assert taxonomy_order(found, "family", ["Newidae", *TAXA]) == [*wanted, "Newidae"]
    assert taxonomy_order(found, "order", ["Order1", "Order0"]) == []  # nothing coarser
    assert taxonomy_order(found, None, TAXA) == []
