"""What ``classify`` writes beside its scores: tables of classes, and the features of a forest."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.named_settings import file_name

MODELS = ("rf:n_estimators=20", "svm-plain")


@pytest.fixture(scope="module")
def featured(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Four families of eight specimens; five features tell them, five are noise."""
    folder = tmp_path_factory.mktemp("featured")
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), 8)
    points = rng.normal(size=(32, 10))
    points[:, :5] += rng.normal(size=(4, 5))[codes] * 1.5
    files = [f"{place:02d}.jpg" for place in range(32)]
    pd.DataFrame(
        {
            "file": files,
            "order": np.array(["X", "Y"])[codes // 2],
            "family": np.array(["Aidae", "Bidae", "Cidae", "Didae"])[codes],
        }
    ).to_csv(folder / "meta.csv", index=False)
    table = pd.DataFrame(points)
    table.insert(0, "file", files)
    table.to_csv(folder / "features.csv", index=False)
    return ["--features", folder / "features.csv", "--meta", folder / "meta.csv"]


def classified(
    phylolens: Callable, given: list[object], out: Path, *more: object
) -> dict[str, object]:
    answer = phylolens("classify", *given, "--splits", "random", "--no-trust", "--out", out, *more)
    assert answer.code == 0, answer.err
    found: dict[str, object] = json.loads((out / "classify/metrics.json").read_text())
    return found


def test_every_model_has_a_table_of_its_classes(phylolens, featured, tmp_path):
    found = classified(phylolens, featured, tmp_path, "--models", ",".join(MODELS))
    for model in MODELS:
        table = pd.read_csv(tmp_path / f"classify/per_class_{file_name(model)}.csv")
        assert list(table.columns) == [
            "split", "rank", "label", "precision", "recall", "f1", "support"]  # fmt: skip
        assert set(table["split"]) == {"random"}
        for rank, scores in found["models"][model].items():
            own = table[table["rank"] == rank].drop(columns=["split", "rank"])
            wanted = pd.DataFrame(scores["per_class"])
            wanted = wanted[list(own.columns)]
            pd.testing.assert_frame_equal(own.reset_index(drop=True), wanted, check_dtype=False)
            assert own["f1"].mean() == pytest.approx(scores["macro_f1"])
            assert own["precision"].mean() == pytest.approx(scores["macro_precision"])
    assert "feature_ranking" not in found
    classified(phylolens, featured, tmp_path, "--models", MODELS[0])
    left = [path.name for path in (tmp_path / "classify").glob("per_class_*.csv")]
    assert left == [f"per_class_{file_name(MODELS[0])}.csv"]


def test_features_of_the_first_forest_are_ranked_when_asked_for(phylolens, featured, tmp_path):
    models = "svm-plain,rf-weighted:n_estimators=30"
    more = ("--models", models, "--feature-ranking")
    found = classified(phylolens, featured, tmp_path, *more)["feature_ranking"]
    assert (found["model"], found["rank"]) == ("rf-weighted:n_estimators=30", "family")
    assert (found["n_features"], found["n_top"], found["n_others"]) == (10, 10, 0)
    assert sum(row["impurity"] for row in found["features"]) == pytest.approx(1)
    telling = {row["feature"] for row in found["features"][:3]}
    assert telling <= set(range(5))


def test_the_recipe_of_valan_and_others_is_one_word(phylolens, featured, tmp_path):
    found = classified(phylolens, featured, tmp_path, "--recipe", "valan2019")
    assert list(found["models"]) == ["svm-plain", "rf"]
    assert found["source"].startswith("Valan et al. (2019)")
    assert found["settings"]["published_backbone"] == "vgg16"
    assert found["models"]["svm-plain"]["family"]["accuracy"] > 0.5
