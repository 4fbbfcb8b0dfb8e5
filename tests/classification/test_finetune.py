"""A tiny network trained further to name stripes, at two ranks at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from phylolens.classification.finetune import FineTunedClassifier
from phylolens.embedding import TrainingImages, View
from phylolens.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytestmark = pytest.mark.vision

TINY = "timm:test_resnet"
TAXA = {"fine": ("a", None), "broad": ("a", None), "dots": ("b", "B"), "plain": ("b", "B")}
A_TAXON = 12


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
def world(tmp_path_factory) -> tuple[dict[str, Path], pd.DataFrame, list[str]]:
    """Twelve images of each of four patterns; two images a specimen."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64]
    patterns = {
        "fine": np.sin(x),
        "broad": np.sin(x / 6),
        "dots": np.sin(x) * np.sin(y),
        "plain": np.zeros_like(x),
    }
    paths, rows, specimens = {}, [], []
    for species, pattern in patterns.items():
        for k in range(A_TAXON):
            pixels = 120 + 60 * pattern[..., None] + rng.normal(0, 25, (64, 64, 3))
            name = f"{species}-{k}.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
            paths[name] = folder / name
            rows.append((TAXA[species][0], TAXA[species][1], species))
            specimens.append(f"{species}-{k // 2}")
    labels = pd.DataFrame(rows, index=list(paths), columns=["order", "family", "species"])
    return paths, labels, specimens


def classifier(world, checkpoint, **settings) -> FineTunedClassifier:
    images = TrainingImages([View(name, path) for name, path in world[0].items()])
    told = {"images": images, "backbone": TINY, "weights": str(checkpoint), "batch": 8}
    return FineTunedClassifier(**told, **settings)


def accuracy(fitted: FineTunedClassifier, labels: pd.DataFrame, rank: str) -> float:
    names, _ = fitted.at_rank(list(labels.index), rank)
    return float((names == labels[rank]).mean())


def test_training_fits_what_the_frozen_network_cannot(world, checkpoint):
    """Images under wrong names: a network that learns them remembers them better."""
    _, labels, _ = world
    wrong = labels.assign(species=np.random.default_rng(1).permutation(labels["species"]))
    wrong = wrong.iloc[::3]
    found = {}
    for name, blocks, epochs in (("frozen", 0, 0), ("tuned", "all", 40)):
        made = classifier(world, checkpoint, blocks=blocks, epochs=epochs, rate=3e-4)
        codes, network = made._codes(wrong), made._network()
        made.root_, made.spread_, made._ready = True, 0.14, network
        names = np.array(list(wrong.index), dtype=object)
        made._softmaxes = made._learn(network, names, codes, epochs)
        truth = codes[list(made.classes_).index("species")]
        shares = made.predict_proba(names)["species"]
        found[name] = -np.log(shares[np.arange(len(truth)), truth]).mean()
    assert found["tuned"] < 0.9 * found["frozen"], found


def test_epochs_are_chosen_on_specimens_kept_out(world, checkpoint):
    _, labels, specimens = world
    tuned = classifier(world, checkpoint, blocks=1, epochs=2, rate=1e-3)
    tuned.fit(list(labels.index), labels, specimens)
    assert list(tuned.scores_) == ["epochs:0", "epochs:1", "epochs:2"]
    assert tuned.choice_ == max(tuned.scores_, key=tuned.scores_.get)
    assert list(tuned.classes_) == ["order", "species"], "one family is nothing to learn"
    shares = tuned.predict_proba(list(labels.index))
    assert shares["species"].shape == (len(labels), 4)
    assert shares["species"].sum(axis=1) == pytest.approx(1)


def test_where_training_does_not_pay_the_network_stays_as_published(world, checkpoint):
    _, labels, specimens = world
    ruined = classifier(world, checkpoint, blocks="all", epochs=1, rate=10.0)
    ruined.fit(list(labels.index), labels, specimens)
    frozen = classifier(world, checkpoint, blocks=0).fit(list(labels.index), labels, specimens)
    assert ruined.choice_ == frozen.choice_ == "epochs:0"
    assert not frozen.scores_
    ids = list(labels.index)
    assert np.array_equal(
        ruined.predict_proba(ids)["species"], frozen.predict_proba(ids)["species"]
    )


def test_the_frozen_network_is_a_softmax_regression(world, checkpoint):
    """Beside scikit-learn's, with hardly a penalty in either: the same names of training images."""
    _, labels, specimens = world
    frozen = classifier(world, checkpoint, blocks=0).fit(list(labels.index), labels, specimens)
    rows = frozen._features(frozen._ready, np.array(list(labels.index), dtype=object))
    peer = LogisticRegression(C=1e3, max_iter=5000).fit(rows, labels["species"])
    ours, _ = frozen.at_rank(list(labels.index), "species")
    assert (ours == peer.predict(rows)).mean() > 0.9


def test_equal_seeds_give_equal_answers(world, checkpoint):
    paths, labels, specimens = world
    found = [
        classifier(world, checkpoint, blocks=1, epochs=1)
        .fit(list(labels.index), labels, specimens)
        .predict_proba(list(paths))["species"]
        for _ in range(2)
    ]
    assert np.array_equal(*found)


def test_unknown_taxa_do_not_count(world, checkpoint):
    """Rows without a species teach the order alone."""
    from phylolens.classification.rank_training import RankSoftmaxes

    softmaxes = RankSoftmaxes(3, [2, 2])
    with torch.no_grad():
        for layer in softmaxes.ranks:
            layer.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]))
    rows = torch.tensor([[2.0, 0, 0], [0, 3.0, 0]])
    both = softmaxes.loss(rows, np.array([[0, 1], [0, -1]]))
    by_hand = np.mean([np.log1p(np.exp(-2.0)), np.log1p(np.exp(-3.0))]) + np.log1p(np.exp(-2.0))
    assert float(both.detach()) == pytest.approx(by_hand, rel=1e-6)
    none = softmaxes.loss(rows, np.full((2, 2), -1))
    assert float(none) == 0
    assert not none.requires_grad


def test_rare_taxa_weigh_more_where_asked(world, checkpoint):
    from phylolens.classification.finetune import _even

    assert _even(np.array([0, 0, 0, 1, -1]), 3) == pytest.approx([2 / 3, 2, 1])


def test_images_of_a_specimen_are_not_torn(world, checkpoint):
    _, labels, specimens = world
    made = classifier(world, checkpoint)
    made._codes(labels)
    table = labels.assign(file=labels.index, specimen_id=specimens)
    watched = made._watched(table)
    assert 0 < watched.sum() < len(table) / 2
    assert table["specimen_id"][watched].isin(table["specimen_id"][~watched]).sum() == 0
    few = table.iloc[:4]
    assert not made._watched(few).any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"blocks": -1}, "blocks"),
        ({"epochs": -1}, "epochs"),
        ({"batch": 0}, "batch"),
        ({"rate": 0.0}, "rate"),
    ],
)
def test_settings_that_make_no_sense(settings, words):
    with pytest.raises(InputError, match=words):
        FineTunedClassifier(**settings).require_sound()


def test_one_taxon_and_no_images(world, checkpoint):
    _, labels, specimens = world
    one = labels.assign(order="a", family="A", species="s")
    with pytest.raises(InputError, match="two taxa"):
        classifier(world, checkpoint).fit(list(labels.index), one, specimens)
    with pytest.raises(InputError, match="needs the images"):
        FineTunedClassifier(backbone=TINY, weights=str(checkpoint)).fit(
            list(labels.index), labels, specimens
        )
