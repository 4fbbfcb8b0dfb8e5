"""What ``classify`` refuses, on one line and before anything is written; and what it does not."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phylolens.classification.calibrated import fit_calibrated
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.model_file import save_model
from phylolens.values import Features

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def featured(study: Path) -> Path:
    """The good study with features instead of images: five numbers that tell the family."""
    meta = pd.read_csv(study / "meta.csv")
    rng = np.random.default_rng(0)
    points = rng.normal(size=(len(meta), 5)) + np.repeat(rng.normal(size=(4, 5)) * 4, 5, axis=0)
    table = pd.DataFrame(points)
    table.insert(0, "file", meta["file"])
    table.to_csv(study / "features.csv", index=False)
    return study


def labelled(study: Path, change: Change | None = None) -> list[object]:
    if change is not None:
        change(pd.read_csv(study / "meta.csv")).to_csv(study / "meta.csv", index=False)
    return ["--features", study / "features.csv", "--meta", study / "meta.csv"]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stored model of five features, said to come from the smallest backbone."""
    rng = np.random.default_rng(0)
    families = np.repeat(["a", "b", "c", "d"], 8)
    files = [f"f{place}" for place in range(32)]
    points = rng.normal(size=(32, 5)) + np.repeat(rng.normal(size=(4, 5)) * 4, 8, axis=0)
    table = pd.DataFrame({"file": files, "specimen_id": files, "family": families})
    table.insert(2, "order", np.repeat(["x", "y"], 16))
    spec = {"backbone": "efficientnet-lite0", "layers": ["final"], "fit": "pad", "flips": False}
    features = Features(tuple(files), points, spec)
    found, _ = fit_calibrated(features, table.astype(object), ("order", "family"), Prototype())
    folder = tmp_path_factory.mktemp("stored")
    save_model(found, folder / "model")
    save_model(replace(found, spec={"file": "f.csv"}), folder / "elsewhere")
    return folder / "model"


def refused(phylolens: Callable, out: Path, words: str, *arguments: object) -> None:
    answer = phylolens("classify", *arguments, "--out", out)
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("\n") == 1, "one message, on one line"
    assert not answer.out
    assert not list(out.glob("**/*.part")), "nothing half-written"
    assert not [path for path in out.glob("classify/**/*") if path.is_file()]


OPTIONS = {
    "--models forest": "'forest'. Choose from",
    "--models rf,forest": "'forest'. Choose from",
    "--splits halves": "'halves'. Choose from random",
    "--splits leave-genera-out": "'leave-genera-out'",
    "--splits random,halves": "'halves'",
    "--splits leave-source-out": "no column 'source'",
    "--splits leave-tribe-out": "tribe",
    "--imbalance heavy": "'heavy'. Choose from",
    "--imbalance weights --models prototype": "'prototype'",
    "--steps wash": "'wash'. Choose from root",
    "--steps pca:many": "'pca:many'",
    "--steps pca:0": "'pca:0'",
    "--augmentation blur": "'blur'. Choose from",
    "--recipe mine": "'mine'",
    "--at tribe": "'tribe' is not among",
    "--alpha 0": "--alpha",
    "--alpha 1": "--alpha",
    "--calibration foo": "--calibration",
    "--unknown-share 1": "--unknown-share",
    "--unknown-share -0.1": "--unknown-share",
    "--unknown-share genus=many": "no share of unknown taxa",
    "--unknown-share genus=0.6,order=0.4": "add up to less than 1",
    "--unknown-share tribe=0.1": "'tribe' is not among",
    "--alpha-unknown 0": "--alpha-unknown",
    "--repeats 0": "--repeats",
    "--test-share 1": "--test-share",
    "--guarantee mixed": "--guarantee",
}


@pytest.mark.parametrize("options", OPTIONS)
def test_options_that_mean_nothing(featured: Path, phylolens: Callable, options: str) -> None:
    refused(phylolens, featured / "out", OPTIONS[options], *labelled(featured), *options.split())


def test_one_class_only(featured: Path, phylolens: Callable) -> None:
    def same(meta: pd.DataFrame) -> pd.DataFrame:
        return meta.assign(order="A", family="B", genus="C")

    refused(phylolens, featured / "out", "single class", *labelled(featured, same))


def test_features_with_gaps(featured: Path, phylolens: Callable) -> None:
    table = pd.read_csv(featured / "features.csv")
    table.loc[3, "2"] = np.nan
    table.to_csv(featured / "features.csv", index=False)
    refused(phylolens, featured / "out", table["file"][3], *labelled(featured))


def test_every_specimen_of_a_taxon_of_its_own(featured: Path, phylolens: Callable) -> None:
    def alone(meta: pd.DataFrame) -> pd.DataFrame:
        names = "T" + meta["file"]
        return meta.assign(order=names, family=names, genus=names)

    refused(phylolens, featured / "out", "too few", *labelled(featured, alone))


def test_a_class_with_one_image_is_no_mistake(featured: Path, phylolens: Callable) -> None:
    rare = labelled(featured, lambda meta: meta.drop(index=range(1, 5)))
    answer = phylolens("classify", *rare, "--models", "prototype", "--out", featured / "out",
                       "--json")  # fmt: skip
    assert answer.code == 0, answer.err
    metrics = json.loads((featured / "out/classify/metrics.json").read_text())
    assert metrics["ranks"]["family"]["n_classes"] == 4
    assert metrics["ranks"]["family"]["untested"] == ["Arcidae"]
    assert (featured / "out/classify/model/model.json").is_file()
    taxa = pd.read_csv(featured / "out/classify/model/taxonomy.csv")["taxon"]
    assert "Arcidae" in set(taxa)


def test_a_model_needs_something_to_name(model: Path, study: Path, phylolens: Callable) -> None:
    out, empty = study / "out", study / "empty"
    empty.mkdir()
    refused(phylolens, out, "nothing to classify", "--model", model)
    refused(phylolens, out, "no images", "--model", model, "--images", empty)
    refused(phylolens, out, "no such file or folder", "--model", model, "--images", study / "x")
    refused(phylolens, out, "not an image", "--model", model, "--images", study / "meta.csv")


def test_a_folder_that_is_no_model(model: Path, study: Path, phylolens: Callable) -> None:
    out, images = study / "out", ("--images", study / "images")
    refused(phylolens, out, "no such folder", "--model", study / "model", *images)
    refused(phylolens, out, "model.json", "--model", study / "images", *images)
    refused(phylolens, out, "no such folder", "--model", model / "model.json", *images)


ASKED = {
    "--backbone efficientnet-lite2": "made with backbone efficientnet-lite0",
    "--backbone efficientnet-lite0,efficientnet-lite2": "made with backbone efficientnet-lite0",
    "--fit crop": "made with fit pad",
    "--flips": "no mirror images",
    "--layers blocks.4": "layers final",
    "--meta meta.csv": "--meta",
    "--rank family": "--rank",
    "--guarantee always": "unknown guarantee 'always'",
    "--alpha 0.05": "--alpha",
    "--at family": "--at",
    "--no-trust": "--no-trust",
    "--splits random": "--splits",
    "--features features.csv": "exclude each other",
}


@pytest.mark.parametrize("options", ASKED)
def test_what_a_stored_model_cannot_do(
    model: Path,
    featured: Path,
    phylolens: Callable,
    monkeypatch: pytest.MonkeyPatch,
    options: str,
) -> None:
    monkeypatch.chdir(featured)
    images = ("--images", featured / "images")
    arguments = ("--model", model, *images, *options.split())
    refused(phylolens, featured / "out", ASKED[options], *arguments)


def test_features_of_another_width(model: Path, featured: Path, phylolens: Callable) -> None:
    table = pd.read_csv(featured / "features.csv").iloc[:, :4]
    table.to_csv(featured / "narrow.csv", index=False)
    arguments = ("--model", model, "--features", featured / "narrow.csv")
    refused(phylolens, featured / "out", "wants 5 features an image; got 3", *arguments)


def test_pictures_for_a_model_of_other_features(
    model: Path, study: Path, phylolens: Callable
) -> None:
    arguments = ("--model", model.parent / "elsewhere", "--images", study / "images")
    refused(phylolens, study / "out", "not made from images", *arguments)


def test_features_like_the_models_are_named(
    model: Path, featured: Path, phylolens: Callable
) -> None:
    arguments = ("--model", model, "--features", featured / "features.csv", "--json")
    answer = phylolens("classify", *arguments, "--out", featured / "out")
    assert answer.code == 0
    assert json.loads(answer.out)["n_answered"] == 20
    assert len(pd.read_csv(featured / "out/classify/new/answers.csv")) == 20


def test_a_preset_without_weights_says_what_to_fetch_and_what_to_do_instead(phylolens, study):
    asked = ["classify", "--images", study / "images", "--meta", study / "meta.csv"]
    answer = phylolens(*asked, "--preset", "roy2025", "--out", study / "out")
    assert answer.code == 2
    assert "convnext-tiny" in answer.err
    assert "https://" in answer.err
    assert "--backbone efficientnet-lite0" in answer.err


def test_one_checkpoint_is_refused_for_two_networks(phylolens, study):
    asked = ["run", "--images", study / "images", "--meta", study / "meta.csv"]
    answer = phylolens(*asked, "--preset", "roy2025", "--weights", study / "meta.csv")
    assert answer.code == 2
    assert "convnext-tiny and swav-resnet50" in answer.err
