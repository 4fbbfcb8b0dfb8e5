"""What a guided embedding is good for afterwards: what it has seen is said wherever it matters."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings

QUICK = ("--permutations", "99", "--simulations", "40", "--replicates", "0")
CLASSIFY = ("--at", "order", "--models", "prototype", "--splits", "random,leave-family-out")


def fit(world: Path, out: Path, table: pd.DataFrame | None = None) -> Path:
    """Guide with a table of one's own, embed all images with the model; return the embeddings."""
    from phylolens.embedding.feature_file import read_features
    from phylolens.guided.apply import embed_new

    out.mkdir()
    meta = pd.read_csv(world / "meta.csv") if table is None else table
    meta.to_csv(out / "meta.csv", index=False)
    files = {name: world / f"{name}.csv" for name in ("features", "distances")}
    own = {"learner": ("phylo-ridge",), "refits": 0}
    run(
        make_settings({**files, "meta": out / "meta.csv", "out": out, "guide": own}),
        ("check", "guide"),
    )
    embed_new(out / "guide/model", features=read_features(files["features"]), out=out)
    return out / "guide/new/embeddings.parquet"


@pytest.fixture(scope="module")
def whole(guide_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings by a model that has seen everything."""
    return fit(guide_world, tmp_path_factory.mktemp("whole") / "out")


@pytest.fixture(scope="module")
def divided(guide_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Embeddings by a model that one image in four of each family was kept from."""
    table = pd.read_csv(guide_world / "meta.csv")
    table["split"] = np.where(np.arange(len(table)) % 4 == 1, "test", "train")
    return fit(guide_world, tmp_path_factory.mktemp("divided") / "out", table)


def classified(phylolens: Callable, embeddings: Path, meta: Path, out: Path, *more: str) -> dict:
    given = ("--features", embeddings, "--meta", meta, "--out", out)
    answer = phylolens("classify", *given, *CLASSIFY, *more, "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)["classify"]
    metrics = json.loads((out / "classify/metrics.json").read_text())
    assert told["circular"] == metrics["circular"]
    return metrics


def test_scores_on_images_of_the_fit_are_called_circular(whole, guide_world, phylolens, tmp_path):
    found = classified(phylolens, whole, guide_world / "meta.csv", tmp_path)
    n = found["n_test"]
    assert found["circular"]
    assert f"fitted to {n} of the {n} images tested" in found["circular_why"]
    assert "column 'split'" in found["circular_why"]
    assert found["splits"] == {}
    assert "of the images to be tested" in found["splits_not_possible"]["leave-family-out"]
    assert "promise too much" in found["not_possible"]["model"]
    assert not (tmp_path / "classify/model").exists()
    assert phylolens("report", tmp_path).code == 0
    page = (tmp_path / "report.html").read_text()
    assert "<b>Circular.</b>" in page
    assert "These figures are circular." in page


def test_a_split_is_kept_from_the_fit_and_tested_honestly(divided, phylolens, tmp_path):
    folder = divided.parents[2]
    guide = json.loads((folder / "guide/guide.json").read_text())
    assert (guide["n_images"], guide["n_kept_for_testing"]) == (60, 20)
    table = pd.read_parquet(divided)
    meta = pd.read_csv(folder / "meta.csv").set_index("file")
    trained = meta.loc[table["guided_file"], "split"].to_numpy() == "train"
    np.testing.assert_array_equal(table["fitted"], trained)
    found = classified(phylolens, divided, folder / "meta.csv", tmp_path)
    assert (found["circular"], found["n_test"]) == (False, 20)
    assert "none of the images tested" in found["circular_why"]
    assert found["models"]["prototype"]["order"]["accuracy"] > 0.7
    assert "promise too much" in found["not_possible"]["model"], "training images were fitted"
    assert phylolens("report", tmp_path).code == 0
    page = (tmp_path / "report.html").read_text()
    assert "<b>Circular.</b>" not in page
    assert "fitted to none of the images tested" in page


def test_too_few_taxa_left_to_learn_from(guide_world, phylolens, tmp_path):
    table = pd.read_csv(guide_world / "meta.csv")
    table["split"] = np.where(table["family"].isin(["Family00", "Family01"]), "train", "test")
    table.to_csv(tmp_path / "meta.csv", index=False)
    given = ("--features", guide_world / "features.csv", "--meta", tmp_path / "meta.csv")
    answer = phylolens(
        *("guide", *given, "--distances", guide_world / "distances.csv", "--out", tmp_path / "out")
    )
    assert answer.code == 2
    assert "2 taxa of rank family have rows that 'split' calls 'train'" in answer.err
    assert not (tmp_path / "out/guide/guide.json").exists()


def test_images_no_fit_has_seen_can_be_calibrated_on(guide_world, phylolens, tmp_path):
    meta = pd.read_csv(guide_world / "meta.csv")
    new = np.arange(len(meta)) % 4 > 1
    embeddings = fit(guide_world, tmp_path / "fit", meta[~new])
    meta[new].to_csv(tmp_path / "new.csv", index=False)
    found = classified(phylolens, embeddings, tmp_path / "new.csv", tmp_path / "out")
    assert not found["circular"]
    assert "model" not in found["not_possible"]
    assert (tmp_path / "out/classify/model/model.json").is_file()


def test_without_a_record_all_rows_count_as_fitted(divided, phylolens, tmp_path):
    table = pd.read_parquet(divided).drop(columns="fitted")
    table.to_csv(tmp_path / "renamed.csv", index=False)
    found = classified(
        phylolens, tmp_path / "renamed.csv", divided.parents[2] / "meta.csv", tmp_path / "out"
    )
    assert found["circular"]


def signal(phylolens: Callable, embeddings: Path, meta: Path, distances: Path, out: Path) -> dict:
    given = ("--features", embeddings, "--meta", meta, "--distances", distances)
    answer = phylolens("signal", *given, "--rank", "family", "--out", out, *QUICK, "--json")
    assert answer.code == 0, answer.err
    found = json.loads((out / "signal/signal.json").read_text())
    assert json.loads(answer.out)["signal"]["circular_why"] == found["circular_why"]
    assert "fitted" not in found["features"], "a list as long as the study"
    return found


def test_families_no_fit_has_seen_are_tested_rightly(guide_world, phylolens, tmp_path):
    meta = pd.read_csv(guide_world / "meta.csv")
    unseen = meta["order"].isin(["Order2", "Order4", "Order6"])  # ten families
    embeddings = fit(guide_world, tmp_path / "fit", meta[~unseen])
    distances = guide_world / "distances.csv"
    meta[unseen].to_csv(tmp_path / "new.csv", index=False)
    found = signal(phylolens, embeddings, tmp_path / "new.csv", distances, tmp_path / "new")
    assert (found["circular"], found["n_taxa"]) == (False, 10)
    assert "not by any taxon compared here" in found["circular_why"]
    assert "too small" not in found["circular_why"]
    found = signal(phylolens, embeddings, guide_world / "meta.csv", distances, tmp_path / "all")
    assert found["circular"]
    assert "10 of the 20 taxa" in found["circular_why"]


def test_renaming_and_moving_the_file_changes_nothing(whole, guide_world, phylolens, tmp_path):
    shutil.copy(whole, tmp_path / "anything.parquet")
    meta, distances = guide_world / "meta.csv", guide_world / "distances.csv"
    found = signal(phylolens, tmp_path / "anything.parquet", meta, distances, tmp_path / "out")
    assert found["circular"]


def test_a_guided_embedding_is_not_guided_again(whole, guide_world, phylolens, tmp_path):
    given = ("--meta", guide_world / "meta.csv", "--distances", guide_world / "distances.csv")
    answer = phylolens("guide", "--features", whole, *given, "--out", tmp_path)
    assert answer.code == 2
    assert "itself guided by a phylogeny" in answer.err
    assert "Give the features it was made from" in answer.err
    assert answer.err.count("\n") == 1


def test_features_of_another_network_are_refused(guide_world, phylolens, tmp_path):
    rng = np.random.default_rng(5)
    table = pd.read_csv(guide_world / "features.csv", index_col=0)
    (tmp_path / "world").mkdir()
    for name in ("meta", "distances"):
        shutil.copy(guide_world / f"{name}.csv", tmp_path / "world")
    active = table.abs() + rng.gamma(0.4, 15, table.shape[1])
    active.to_csv(tmp_path / "world/features.csv")
    fit(tmp_path / "world", tmp_path / "fit")
    (table.abs() + rng.gamma(0.4, 15, table.shape[1])).to_csv(tmp_path / "other.csv")
    (active - active.mean()).to_csv(tmp_path / "centred.csv")
    told = {}
    for name in ("other", "centred"):
        given = ("--model", tmp_path / "fit/guide/model", "--features", tmp_path / f"{name}.csv")
        answer = phylolens("guide", *given, "--out", tmp_path / name)
        assert answer.code == 2, name
        assert not (tmp_path / name / "guide").exists(), "nothing half-written"
        told[name] = answer.err
    assert "look like none the model was fitted to" in told["other"]
    assert "without negative values" in told["centred"]


def test_where_the_model_is_or_why_there_is_none(whole, guide_world, phylolens, tmp_path):
    out, features = whole.parents[2], guide_world / "features.csv"
    for folder in (out, out / "guide"):
        answer = phylolens("guide", "--model", folder, "--features", features, "--out", tmp_path)
        assert answer.code == 2
        assert f"Give --model {out / 'guide/model'}" in answer.err
    published = tmp_path / "published/guide"
    published.mkdir(parents=True)
    (published / "model.safetensors").write_bytes(b"")
    for folder in (published, published.parent):
        answer = phylolens("guide", "--model", folder, "--features", features, "--out", tmp_path)
        assert answer.code == 2
        assert "roy2025 weighs the images of known taxa" in answer.err
    answer = phylolens(
        *("classify", "--model", out / "guide/model", "--features", features, "--out", tmp_path)
    )
    assert answer.code == 2
    assert "not a classifier but another model" in answer.err
