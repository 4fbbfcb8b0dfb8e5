"""A model comes back from its folder as it went in, and nothing else is let in."""

import json
import math
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import FunctionTransformer

from phylolens.classification.blend import RankBlend
from phylolens.classification.calibrated import CalibratedModel, fit_calibrated
from phylolens.classification.heads.inner_choice import InnerChoice
from phylolens.classification.heads.prototype import Prototype
from phylolens.classification.model_file import load_model, save_model
from phylolens.classification.predict import novelty_p, wide_table
from phylolens.errors import InputError
from phylolens.results.classifier import ModelCard
from phylolens.values import Features

RANKS = ("order", "family", "species")
HEADS = {
    "one of the choices": InnerChoice(("prototype", "lda:0.6")),
    "prototype": Prototype(),
    "forest": RandomForestClassifier(20, random_state=0, min_samples_leaf=3),
}
FILES = ("head.skops", "taxonomy.csv", "arrays.safetensors", "card.md", "model.json")


@pytest.fixture(scope="module")
def world(nested_world):
    features, table = nested_world(families=2, species=2)
    table["species"] = table["species"].replace("S000", "NA")  # a name, not a gap
    return replace(features, spec={"file": "features.csv", "blocks": [20]}), table


@pytest.fixture(scope="module")
def model(world) -> CalibratedModel:
    return fit_calibrated(*world, RANKS, HEADS["one of the choices"])[0]


@pytest.fixture
def folder(model, tmp_path) -> Path:
    save_model(model, tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("name", HEADS)
def test_the_same_answers_come_back(world, tmp_path, name):
    features, table = world
    model = fit_calibrated(features, table, RANKS, HEADS[name])[0]
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    asked = Features(
        (*features.ids[:30], "far"),
        np.vstack([features.matrix[:30] + 0.1, np.full((1, features.matrix.shape[1]), 9.0)]),
    )
    for guarantee in ("each", "mixed", "known_only"):
        one, two = model.answer(asked, guarantee), again.answer(asked, guarantee)
        np.testing.assert_allclose(two.marginals, one.marginals, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(two.path, one.path)
        np.testing.assert_array_equal(two.accepted, one.accepted)
        np.testing.assert_array_equal(novelty_p(again, two), novelty_p(model, one))
        sets = ["conformal_set", "accepted_taxon"]
        assert wide_table(again, two)[sets].equals(wide_table(model, one)[sets])
    assert again.tree.nodes.equals(model.tree.nodes)
    assert again.spec == model.spec
    assert again.card == model.card
    assert "NA" in again.tree.labels(again.finest)


def test_no_file_is_a_pickle_and_saving_again_changes_no_byte(model, folder, tmp_path):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    for path in folder.iterdir():
        assert not path.read_bytes().startswith(b"\x80"), "how a pickle starts"
    schema = skops.io.get_untrusted_types(file=folder / "head.skops")
    assert all(name.startswith("phylolens.") for name in schema)
    save_model(model, tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_threshold_out_of_reach_is_null(model, tmp_path):
    thresholds = {"each": math.inf, "mixed": math.inf, "known_only": 0.25}
    closed = replace(model.calibration, thresholds=thresholds, set_thresholds=thresholds)
    save_model(replace(model, calibration=closed), tmp_path)
    written = json.loads((tmp_path / "model.json").read_text())["calibration"]
    assert written["thresholds"] == {"each": None, "mixed": None, "known_only": 0.25}
    assert written["set_thresholds"] == {"each": None, "mixed": None, "known_only": 0.25}
    again = load_model(tmp_path)
    assert again.calibration.thresholds == thresholds
    assert again.calibration.set_thresholds == thresholds
    rows = Features(("a",), np.ones((1, 20)))
    assert again.answer(rows).accepted.tolist() == [-1]


def stranger(head: object) -> Callable[[Path], None]:
    """Put another estimator in the place of the head."""

    def spoil(folder: Path) -> None:
        skops.io.dump({"leaf": head, "own": {}}, folder / "head.skops")

    return spoil


@pytest.mark.parametrize(
    ("function", "named"),
    [(np.load, "numpy.load"), (load_iris, "sklearn.datasets._base.load_iris")],
)
def test_types_of_strangers_are_not_loaded(folder, function, named):
    """A function of scikit-learn is as foreign as any other."""
    stranger(FunctionTransformer(function))(folder)
    with pytest.raises(InputError, match="does not write") as caught:
        load_model(folder)
    assert any(named.rpartition(".")[-1] in name for name in caught.value.ids), caught.value.ids


@pytest.mark.parametrize("name", [name for name in FILES if name != "card.md"])
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "altered"])
def test_damaged_files_are_refused_by_name_of_the_folder(folder, name, damage):
    path = folder / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        middle = len(data) // 2
        worse = {"empty": b"", "half": data[:middle], "altered": b"\0\xff" * 99 + data[middle:]}
        path.write_bytes(worse[damage])
    with pytest.raises(InputError) as caught:
        load_model(folder)
    assert str(folder) in str(caught.value)
    assert caught.value.hint


def test_a_taxonomy_that_lacks_a_class_is_refused(folder):
    path = folder / "taxonomy.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match="not a readable model"):
        load_model(folder)


def test_another_format_is_refused(folder):
    content = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(content | {"format": 99, "phylolens": "8.8"}))
    with pytest.raises(InputError, match="format 99") as caught:
        load_model(folder)
    assert "8.8" in caught.value.hint


def test_a_folder_of_anything_else_is_no_model(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        load_model(tmp_path / "model")
    with pytest.raises(InputError, match=r"model\.json"):
        load_model(tmp_path)


def test_an_interrupted_save_leaves_no_model(model, folder, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("phylolens.classification.model_file.model_card", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_model(model, folder)
    with pytest.raises(InputError, match=r"model\.json"):
        load_model(folder)
    assert not list(folder.glob("*.part"))


def test_the_card_says_what_is_promised(model, tmp_path):
    more = {"head": "lda:0.6", "n_taxa": {"order": 3}, "data_hash": "abc",
            "performance": {"order, random split": "accuracy 0.9"}}  # fmt: skip
    card = model.card.model_copy(update=more)
    save_model(replace(model, card=card), tmp_path)
    text = (tmp_path / "card.md").read_text()
    for words in ("right for 90%", "known species 90%", "lda:0.6", "3 order", "features.csv",
                  "accuracy 0.9", f"{card.n_images} images"):  # fmt: skip
        assert words in text
    bare = replace(
        model, blend=RankBlend(model.blend.leaf, model.blend.own, model.tree), card=ModelCard()
    )
    save_model(bare, tmp_path)
    assert "Not tested" in (tmp_path / "card.md").read_text()


def test_models_of_packages_with_older_names_are_read(world, model, folder):
    """The package was ``phylolens.classify`` once."""
    head = folder / "head.skops"
    with zipfile.ZipFile(head) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    before = entries["schema.json"].replace(b"phylolens.classification.", b"phylolens.classify.")
    assert before != entries["schema.json"]
    with zipfile.ZipFile(head, "w") as archive:
        for name, entry in (entries | {"schema.json": before}).items():
            archive.writestr(name, entry)
    again = load_model(folder).answer(world[0])
    np.testing.assert_array_equal(again.path, model.answer(world[0]).path)
