"""Heads trained on views: they learn from images, and from those of the training alone."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.vision

from phylolens.errors import InputError  # noqa: E402
from phylolens.guided.sample import with_rows  # noqa: E402
from phylolens.paradigms import Views, choose_methods  # noqa: E402
from phylolens.paradigms.evaluate import Refits, judge_method  # noqa: E402
from phylolens.paradigms.self_supervised.learner import SelfSupervised  # noqa: E402

NAMES = ("simclr", "byol", "moco", "swav", "deepcluster")


@pytest.fixture(params=NAMES)
def method(request):
    (found,) = choose_methods([request.param])
    if why := found.why_absent():
        pytest.skip(why)
    return found


def test_they_stand_in_the_cells_of_the_map():
    cells = {name: choose_methods([name])[0].cell for name in NAMES}
    assert {name for name, cell in cells.items() if cell == "self-supervised/contrastive"} == {
        "simclr",
        "byol",
        "moco",
    }
    assert {cells["swav"], cells["deepcluster"]} == {"self-supervised/clustering"}
    assert all(choose_methods([name])[0].sees == "images" for name in NAMES)


def test_relatives_come_out_alike_and_nothing_comes_of_nothing(method, related, unrelated):
    skills = {}
    for name, (data, material) in {"related": related, "unrelated": unrelated}.items():
        row = judge_method(method, material, data, Refits(0))
        assert row["status"] == "done", row["why_not"]
        skills[name] = row["skill"]
        assert row["kmult"] is not None  # no tree was seen
        assert row["trained_parameters"] > 0
    assert skills["related"] > 0.15
    assert abs(skills["unrelated"]) < 0.05


def test_views_of_images_held_out_are_not_looked_at(method, related):
    data, material = related
    training = with_rows(data.sample, np.arange(len(data.sample.ids)) % 2 == 0)
    held_out = ~np.isin(material.views.ids, training.ids)
    spoilt = material.views.matrix.copy()
    spoilt[held_out] = np.nan
    other = replace(material, views=Views(material.views.ids, spoilt))
    embedded = []
    for one in (material, other):
        learner = method.fit(one)
        learner.epochs = 2
        learner.learn(training)
        embedded.append(learner.transform(data.sample.matrix()))
    np.testing.assert_array_equal(*embedded)
    assert np.isfinite(embedded[0]).all()


def test_batch_and_temperature_are_settings(related):
    data, material = related
    found = {}
    for batch in (16, 256):
        learner = SelfSupervised(material.views, batch=batch, epochs=2, seed=1)
        learner.learn(data.sample)
        found[batch] = learner.losses_
    assert found[16][0] < found[256][0]  # fewer views to be told from
    learner = SelfSupervised(material.views, temperature=1.0, epochs=1)
    learner.learn(data.sample)
    assert np.isfinite(learner.losses_).all()


def test_without_views_the_reason_is_said(method, related):
    data, material = related
    bare = replace(material, views=None)
    assert "give --images" in method.why_not(bare)
    single = Views(material.views.ids, material.views.matrix[:, :1])
    for views in (None, single):
        with pytest.raises(InputError, match="at least two views"):
            SelfSupervised(views).learn(data.sample)


def test_moco_without_lightly_says_what_installs_it(monkeypatch, related):
    monkeypatch.setattr("phylolens.paradigms.method.find_spec", lambda name: None)
    (moco,) = choose_methods(["moco"])
    assert "pip install 'phylolens[ssl]'" in moco.why_not(related[1])
