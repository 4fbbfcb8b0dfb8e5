"""Fine-tuning of a tiny network on eight images."""

import builtins
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phylolens.embedding import TrainingImages, View
from phylolens.errors import InputError
from phylolens.guided.learners import make_learner
from phylolens.guided.learners.base import Learner
from phylolens.guided.learners.finetune import FineTune
from phylolens.guided.learners.metric import Metric
from phylolens.guided.sample import Sample, to_sample
from phylolens.values import Features

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytestmark = pytest.mark.vision

TINY = "timm:test_resnet"
HEAD = {"epochs": 4, "components": 8, "dimensions": 3, "bag": 1}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """Weights of a network never trained."""
    from safetensors.torch import save_file

    from phylolens.embedding import find_backbone
    from phylolens.embedding.torch_model import build_network

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(find_backbone(TINY))
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> tuple[Sample, np.ndarray, np.ndarray, dict[str, Path]]:
    """Eight striped images, two of each of four taxa; wider stripes lie farther on the tree."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    paths, taxa = {}, {}
    for taxon in range(4):
        for k in range(2):
            stripes = 120 + 100 * np.sin(np.arange(64) / (1 + 2 * taxon))
            pixels = stripes[None, :, None] + rng.normal(0, 8, (64, 64, 3))
            name = f"t{taxon}-{k}.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
            paths[name], taxa[name] = folder / name, f"t{taxon}"
    ids = tuple(paths)
    nothing = Features(ids, np.zeros((8, 2), np.float32))
    owner = pd.Series(taxa)
    sample = to_sample(nothing, owner, pd.Series(ids, index=ids), sorted(set(taxa.values())))
    place = np.array([0.0, 1.0, 3.0, 6.0])
    return sample, np.abs(place[:, None] - place), np.array([0, 0, 1, 2]), paths


def images_of(paths: dict[str, Path], **settings) -> TrainingImages:
    return TrainingImages([View(name, path) for name, path in paths.items()], **settings)


@pytest.fixture
def learner(world, checkpoint) -> FineTune:
    return FineTune(
        images=images_of(world[3]),
        backbone=TINY,
        weights=str(checkpoint),
        blocks=1,
        epochs=3,
        rate=0.01,
        batch=4,
        head=HEAD,
    )


def published(learner):
    return learner._network().tensors()


def test_trains_the_last_block_alone_and_keeps_what_did_best(world, learner, monkeypatch):
    from phylolens.guided.learners import finetune

    said = iter([0.1, 0.4, 0.3, 0.2])
    monkeypatch.setattr(finetune, "fold_skill", lambda *_: next(said))
    fitted = learner.fit(*world[:3])
    assert fitted.watched_ == [0.1, 0.4, 0.3, 0.2]
    assert fitted.chosen_["network_epochs"] == 1
    before = published(fitted)
    assert set(fitted.tuned_) == set(before)
    assert all(name.startswith("layer4") for name in before)
    assert any(not np.array_equal(fitted.tuned_[name], before[name]) for name in before)


def test_stays_untouched_where_training_did_not_help(world, learner, monkeypatch):
    from phylolens.guided.learners import finetune

    sample, genetic, groups, _ = world
    said = iter([0.5, 0.1, 0.1])
    monkeypatch.setattr(finetune, "fold_skill", lambda *_: next(said))
    fitted = learner.fit(sample, genetic, groups)
    assert fitted.tuned_ == {}
    network, ids = fitted._network(), sample.ids
    features = fitted.images.features(network, ids)
    assert fitted.root_, "a network that ends in a rectifier"
    features = np.sqrt(features)
    # The head is that of ``metric`` on the network's own features.
    owner = pd.Series([name[:2] for name in ids], index=ids)
    plain = to_sample(Features(ids, features), owner, pd.Series(ids, index=ids), sample.taxa)
    wanted = Metric(**HEAD).fit(plain, genetic, groups).predict(plain)
    np.testing.assert_allclose(fitted.predict(sample), wanted, rtol=1e-3, atol=1e-5)


def test_is_a_learner_and_repeats_byte_for_byte(world, learner):
    sample, genetic, groups, paths = world
    assert isinstance(learner, Learner)
    first = learner.fit(sample, genetic, groups)
    found = first.predict(sample)
    again = make_learner("finetune", **first.get_params()).fit(sample, genetic, groups)
    assert found.tobytes() == again.predict(sample).tobytes()
    assert found.shape == (4, 4)
    new = sample.take(np.array([2, 0]))
    np.testing.assert_allclose(first.predict(new), found[[2, 0]], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(first.between(new), found[[2, 0]][:, [2, 0]], rtol=1e-4, atol=1e-5)
    assert sorted(sample.ids) == list(sample.ids)
    single = first.embed_images(images_of(paths))
    np.testing.assert_allclose(sample.average(single), first.place(sample), atol=1e-4)
    np.testing.assert_allclose(first.embed(sample), single, atol=1e-5)


def test_refuses_features_and_missing_images(world, learner, tmp_path):
    sample, genetic, groups, paths = world
    with pytest.raises(InputError, match="needs the images"):
        FineTune().fit(sample, genetic, groups)
    with pytest.raises(InputError, match=r"without a file.*t0-0.png"):
        learner.set_params(images=images_of({"x": tmp_path})).fit(sample, genetic, groups)
    (tmp_path / "broken.png").write_bytes(b"no image")
    broken = images_of(paths | {"t1-0.png": tmp_path / "broken.png"})
    with pytest.raises(InputError, match=r"broken.png: not a readable image"):
        learner.set_params(images=broken).fit(sample, genetic, groups)
    with pytest.raises(InputError, match="embeds images, not features"):
        learner.transform(np.zeros((1, 2)))


def test_says_what_to_install(world, learner, monkeypatch):
    real = builtins.__import__

    def absent(name, *rest, **options):
        if name == "torch":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match=r"pip install 'phylolens\[torch\]'"):
        learner.fit(*world[:3])
