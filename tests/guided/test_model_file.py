"""Stored learners come back as they were, and nothing else does."""

import json

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.guided.learners import LEARNERS
from phylolens.guided.model_file import STORED_AS, _own_class, load_guide, save_guide

FAST = [name for name in LEARNERS if name not in ("finetune",)]


@pytest.mark.parametrize("name", FAST)
def test_learners_come_back(world, tmp_path, name):
    sample, genetic, groups = world
    learner = LEARNERS[name](0).fit(sample, genetic, groups)
    save_guide(learner, name, {"backbone": "none"}, {"n_features": 40}, tmp_path)
    again = load_guide(tmp_path)
    assert (again.name, again.spec, again.card["n_features"]) == (name, {"backbone": "none"}, 40)
    found, wanted = again.learner.predict(sample), learner.predict(sample)
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)
    matrix = sample.matrix()
    np.testing.assert_array_equal(again.learner.transform(matrix), learner.transform(matrix))
    assert again.learner.get_params() == learner.get_params()


@pytest.fixture
def stored(world, tmp_path):
    sample, genetic, groups = world
    learner = LEARNERS["phylo-ridge"](0).fit(sample, genetic, groups)
    save_guide(learner, "phylo-ridge", {}, {"n_features": 40}, tmp_path)
    return tmp_path


def change(folder, how):
    content = json.loads((folder / "model.json").read_text())
    how(content)
    (folder / "model.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "subprocess:Popen",
        "phylolens.guided.apply:Path",
        "phylolens.pipeline.settings:Study",
    ],
)
def test_strange_classes_are_not_made(stored, name):
    change(stored, lambda content: content["state"].update({"class": name}))
    with pytest.raises(InputError, match="no class of guided embeddings"):
        load_guide(stored)


def test_models_of_packages_with_older_names_are_read(stored):
    """The package was ``phylolens.guide`` once."""
    path = stored / "model.json"
    now = path.read_text()
    assert "phylolens.guided." in now
    path.write_text(now.replace("phylolens.guided.", "phylolens.guide."))
    assert type(load_guide(stored).learner).__name__ == "PhyloRidge"


def test_damaged_and_foreign_models_are_refused(stored):
    change(stored, lambda content: content.update(format=99))
    with pytest.raises(InputError, match="format"):
        load_guide(stored)
    change(stored, lambda content: content.update(format=1))
    (stored / "arrays.safetensors").write_bytes(b"cut short")
    with pytest.raises(InputError, match="not a readable model"):
        load_guide(stored)
    (stored / "model.json").unlink()
    with pytest.raises(InputError, match="guide/model"):
        load_guide(stored)


def test_what_cannot_be_stored_is_said(world, tmp_path):
    learner = LEARNERS["phylo-ridge"](0)
    learner.odd = object()
    with pytest.raises(TypeError, match=r"learner\.odd"):
        save_guide(learner, "phylo-ridge", {}, {}, tmp_path)
    assert not (tmp_path / "model.json").exists()


def test_models_name_classes_as_they_always_did(world, tmp_path):
    """A model of the first layout is read, and one written now reads there."""
    for old, new in STORED_AS.items():
        assert _own_class(old) is _own_class(new)
    sample, genetic, groups = world
    save_guide(LEARNERS["gp"](0).fit(sample, genetic, groups), "gp", {}, {}, tmp_path)
    state = json.loads((tmp_path / "model.json").read_text())["state"]
    assert state["class"] == "phylolens.guided.learners.gp:GaussianProcess"
    assert state["state"]["_axes"]["class"] == "phylolens.guided.learners.axes:Axes"
