"""What ``signal`` refuses, and what it tests all the same and says so."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FAMILIES = ["Arcidae", "Noetiidae", "Veneridae", "Mactridae", "Mytilidae", "Pinnidae"]
TREE = (
    "(((Arcidae:1,Noetiidae:1):1,(Mytilidae:1.2,Pinnidae:1.2):0.8):0.5,"
    "(Veneridae:1.5,Mactridae:1.5):1);"
)
FEATURES = np.random.default_rng(0).normal(size=(6, 4))
FAST = ("--permutations", "99", "--simulations", "60")


@pytest.fixture
def taxa(tmp_path: Path) -> Path:
    """Features of six families, and a tree of them."""
    table = pd.DataFrame(FEATURES, index=pd.Index(FAMILIES, name="family"))
    table.to_csv(tmp_path / "features.csv")
    (tmp_path / "tree.nwk").write_text(TREE)
    return tmp_path


def arguments(folder: Path, *more: object) -> list[object]:
    given = ["--features", folder / "features.csv", "--rank", "family", "--out", folder / "out"]
    tree = [] if "--distances" in more else ["--tree", folder / "tree.nwk"]
    return [*given, *tree, *more, *FAST]


def signal_of(folder: Path) -> dict:
    return json.loads((folder / "out/signal/signal.json").read_text())


def refused(phylolens: Callable, words: str, folder: Path, *more: object) -> None:
    answer = phylolens("signal", *arguments(folder, *more))
    assert answer.code == 2, answer.out
    assert words in answer.err
    assert answer.err.count("\n") == 1, "one message, on one line"
    assert not (folder / "out/signal").exists(), "nothing half-written"


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (TREE.replace("Noetiidae", "Arcidae"), "tips must have different names"),
        ("(((Arcidae,Noetiidae),(Mytilidae,Pinnidae)),(Veneridae,Mactridae));", "branch lengths"),
        (TREE.replace("Arcidae:1,", "Arcidae:-1,"), "negative"),
        (TREE.replace("Arcidae:1,", "Arcidae:nan,"), "'Arcidae'"),
        ("((Homo:1,Pan:1):1,Mus:2);", "no name of the phylogeny"),
        ("((Arcidae:1,Noetiidae:1):1,Mus:2);", "at least three"),
    ],
)
def test_trees_that_cannot_be_used(taxa, phylolens, tree, words):
    (taxa / "tree.nwk").write_text(tree)
    refused(phylolens, words, taxa)


def test_equal_features_have_no_distance(taxa, phylolens):
    table = pd.read_csv(taxa / "features.csv", index_col=0)
    table[:] = 1.0
    table.to_csv(taxa / "features.csv")
    refused(phylolens, "all rows of the features are equal", taxa)


def test_features_with_gaps(taxa, phylolens):
    table = pd.read_csv(taxa / "features.csv", index_col=0)
    table.iloc[2, 1] = np.nan
    table.to_csv(taxa / "features.csv")
    refused(phylolens, "'Veneridae'", taxa)


def test_a_distance_by_another_name(taxa, phylolens):
    refused(phylolens, "unknown visual distance 'euclid'", taxa, "--distance", "euclid")


def test_gaussian_distance_needs_specimens(taxa, phylolens):
    refused(phylolens, "gaussian-kl", taxa, "--distance", "gaussian-kl")


def test_a_sample_of_trees_that_lacks_a_taxon(taxa, phylolens):
    short = "((Arcidae:1,Noetiidae:1):1,(Veneridae:1.5,Mactridae:1.5):0.5);"
    (taxa / "sample.nwk").write_text(f"{TREE}\n{short}\n")
    refused(phylolens, "tree 2", taxa, "--trees", taxa / "sample.nwk")


def test_a_sample_of_one_tree(taxa, phylolens):
    refused(phylolens, "at least two", taxa, "--trees", taxa / "tree.nwk")


def test_a_sample_of_trees_gives_ranges(taxa, phylolens):
    longer = TREE.replace("Arcidae:1,", "Arcidae:1.5,")
    (taxa / "sample.nwk").write_text(f"{TREE}\n{longer}\n{longer}\n")
    answer = phylolens("signal", *arguments(taxa, "--trees", taxa / "sample.nwk"))
    assert answer.code == 0, answer.err
    found = signal_of(taxa)["tree_sample"]
    assert (found["n_trees"], found["file"]) == (3, "sample.nwk")
    r = found["intervals"]["mantel_pearson"]
    own = signal_of(taxa)["tests"]["mantel_pearson"]["statistic"]  # one end of three values
    ends = sorted([own, r["median"]])
    expected = np.quantile([own, r["median"], r["median"]], [0.025, 0.975])
    assert ends[0] < ends[1]
    assert [r["low"], r["high"]] == pytest.approx(list(expected))


def test_tips_without_a_branch_cost_k_alone(taxa, phylolens):
    (taxa / "tree.nwk").write_text(TREE.replace("Arcidae:1,Noetiidae:1", "Arcidae:0,Noetiidae:0"))
    answer = phylolens("signal", *arguments(taxa))
    assert answer.code == 0, answer.err
    found = signal_of(taxa)
    assert "kmult" not in found["tests"]
    assert found["primary"] == "lambda_score"  # which does not divide by branch lengths
    assert "Arcidae = Noetiidae" in found["not_possible"]["kmult"]


def test_three_taxa_are_tested_exactly_and_what_needs_more_is_named(taxa, phylolens):
    table = pd.read_csv(taxa / "features.csv", index_col=0).loc[
        ["Arcidae", "Mytilidae", "Pinnidae"]
    ]
    table.to_csv(taxa / "features.csv")
    answer = phylolens("signal", *arguments(taxa))
    assert answer.code == 0, answer.err
    found = signal_of(taxa)
    assert found["tests"]["mantel_pearson"]["n_permutations"] == 6
    assert found["tests"]["mantel_pearson"]["exact"]
    assert "four are needed" in found["not_possible"]["dcor"]
    assert found["dropped"]["no_images"] == ["Mactridae", "Noetiidae", "Veneridae"]


def test_a_matrix_makes_mantel_primary(taxa, phylolens):
    values = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    pd.DataFrame(values, FAMILIES, FAMILIES).to_csv(taxa / "matrix.csv")
    answer = phylolens("signal", *arguments(taxa, "--distances", taxa / "matrix.csv"))
    assert answer.code == 0, answer.err
    found = signal_of(taxa)
    assert found["primary"] == "mantel_pearson"
    assert "p_holm" not in found["tests"]["mantel_pearson"]
    assert found["covariance"].startswith("neighbour-joining")


def test_guided_features_are_marked_in_sample(taxa, phylolens):
    table = pd.read_csv(taxa / "features.csv").rename(columns={"family": "guided_taxon"})
    table.to_csv(taxa / "features.csv", index=False)
    assert phylolens("signal", *arguments(taxa)).code == 0
    assert signal_of(taxa)["circular"]
    table.insert(1, "held_out", True)
    table.to_csv(taxa / "features.csv", index=False)
    assert phylolens("signal", *arguments(taxa)).code == 0
    assert not signal_of(taxa)["circular"]
