"""Features that evolved on a given phylogeny."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError
from phylolens.simulation import simulate_features, write_features
from phylolens.simulation.features import features_world

TREE = "((A:1,B:1):2,((C:0.5,D:0.5):1,E:1.5):1.5);"


@pytest.fixture
def tree():
    return TreeNode.read(io.StringIO(TREE), format="newick")


def squared_distances(features, meta):
    means = pd.DataFrame(features.matrix.astype(float)).groupby(meta["taxon"].to_numpy()).mean()
    return means.index, ((means.values[:, None] - means.values[None]) ** 2).mean(axis=2)


def test_expected_squared_distance_is_proportional_to_patristic_distance(tree):
    features, meta = simulate_features(tree, per_taxon=2, n_features=40_000, within_sd=0.0)
    names, ours = squared_distances(features, meta)
    expected = tree.cophenet().filter(list(names)).data
    upper = np.triu_indices(5, 1)
    ratio = ours[upper] / expected[upper]
    assert ratio.std() / ratio.mean() < 0.03


@pytest.mark.parametrize("options", [{"lambda_": 0.0}, {"signal": 0.0}])
def test_without_signal_taxa_are_equally_far(tree, options):
    features, meta = simulate_features(
        tree, per_taxon=1, n_features=40_000, within_sd=0.0, **options
    )
    _, ours = squared_distances(features, meta)
    upper = ours[np.triu_indices(5, 1)]
    assert upper.std() / upper.mean() < 0.03


def test_tree_and_its_distances_give_the_same_features(tree):
    from_tree, _ = simulate_features(tree, n_features=8, seed=3)
    matrix = tree.cophenet().filter(list("ABCDE"))
    from_matrix, meta = simulate_features(
        DistanceMatrix(matrix.data, matrix.ids), n_features=8, seed=3
    )
    np.testing.assert_allclose(from_tree.matrix, from_matrix.matrix, atol=1e-5)
    assert from_matrix.ids[:2] == ("A/001", "A/002")
    assert meta["taxon"].value_counts().tolist() == [20] * 5


def test_specimens_scatter_by_within_sd(tree):
    features, meta = simulate_features(tree, per_taxon=200, n_features=50, within_sd=0.5)
    frame = pd.DataFrame(features.matrix.astype(float))
    within = frame - frame.groupby(meta["taxon"].to_numpy()).transform("mean")
    assert within.values.std() == pytest.approx(0.5, rel=0.01)


def test_nonnegative_features(tree):
    plain, _ = simulate_features(tree, n_features=30)
    folded, _ = simulate_features(tree, n_features=30, nonnegative=True)
    assert plain.matrix.min() < -1
    assert folded.matrix.min() > 0
    np.testing.assert_allclose(folded.matrix, np.log1p(np.exp(plain.matrix)), rtol=1e-4)


def test_written_world_reads_back(tree, tmp_path):
    features, meta = simulate_features(tree, per_taxon=3, n_features=4, rank="genus")
    write_features(features, meta, tmp_path)
    table = pd.read_parquet(tmp_path / "features.parquet")
    assert list(table.columns) == ["file", "f0", "f1", "f2", "f3"]
    assert table["file"].tolist() == list(features.ids)
    np.testing.assert_array_equal(table.iloc[:, 1:].to_numpy(), features.matrix)
    assert pd.read_csv(tmp_path / "meta.csv")["genus"].tolist() == meta["genus"].tolist()
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["taxa"] == list("ABCDE")
    assert truth["clipped"] < 1e-9
    write_features(features, meta, tmp_path)  # the same world again is fine
    other, _ = simulate_features(tree, per_taxon=3, n_features=4, rank="genus", seed=1)
    with pytest.raises(InputError, match="another world"):
        write_features(other, meta, tmp_path)


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("per_taxon", 0),
        ("n_features", 0),
        ("lambda_", 1.1),
        ("signal", -0.1),
        ("within_sd", -1.0),
        ("rank", "file"),
        ("seed", -1),
    ],
)
def test_bad_parameters_are_refused_by_name(tree, knob, value):
    with pytest.raises(InputError, match=f"^{knob}: expected"):
        simulate_features(tree, **{knob: value})


def test_unusable_phylogenies_are_refused():
    twice = TreeNode.read(io.StringIO("((A:1,A:1):1,B:2);"), format="newick")
    with pytest.raises(InputError, match="different names"):
        simulate_features(twice)
    flat = TreeNode.read(io.StringIO("(A:0,B:0);"), format="newick")
    with pytest.raises(InputError, match="not all 0"):
        simulate_features(flat)


def test_features_world_reads_what_the_shell_gives(tmp_path):
    (tmp_path / "tree.nwk").write_text(TREE)
    (tmp_path / "taxa.txt").write_text("E\nA\n\nC\n")
    (tmp_path / "ranks.csv").write_text("order,family\nX,A\nX,B\nY,C\nY,D\nZ,E\n")
    given = {"tree": tmp_path / "tree.nwk", "taxa": tmp_path / "taxa.txt"}
    summary = features_world(
        tmp_path / "out", **given, taxonomy=tmp_path / "ranks.csv", per_taxon=2, n_features=3
    )
    assert (summary["n_taxa"], summary["n_rows"]) == (3, 6)
    meta = pd.read_csv(tmp_path / "out" / "meta.csv")
    assert list(zip(meta["family"], meta["order"], strict=True))[::2] == [
        ("E", "Z"),
        ("A", "X"),
        ("C", "Y"),
    ]
    (tmp_path / "taxa.txt").write_text("A\nQ\n")
    with pytest.raises(InputError, match="no tips of the phylogeny") as caught:
        features_world(tmp_path / "other", **given)
    assert caught.value.ids == ("Q",)
    with pytest.raises(InputError, match="no such file"):
        features_world(tmp_path / "other", tree=given["tree"], taxa=tmp_path / "nowhere.txt")
