"""A small random checkpoint in the published format; captions and figures against plain loops."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image
from scipy.stats import pearsonr

torch = pytest.importorskip("torch")
open_clip = pytest.importorskip("open_clip")

from phylolens.embedding import View  # noqa: E402
from phylolens.embedding.training_images import TrainingImages  # noqa: E402
from phylolens.errors import InputError  # noqa: E402
from phylolens.paradigms import zero_shot  # noqa: E402
from phylolens.paradigms.clip_towers import Towers  # noqa: E402
from phylolens.paradigms.evaluate import Refits, judge_method  # noqa: E402
from phylolens.paradigms.registry import registered  # noqa: E402
from phylolens.paradigms.zero_shot import ZeroShot, name_figures, written_names  # noqa: E402

SIDE, WIDTH = 32, 16
MODEL = {
    "embed_dim": WIDTH,
    "vision_cfg": {
        "image_size": SIDE, "layers": 1, "width": WIDTH, "patch_size": 16, "head_width": 8
    },
    "text_cfg": {
        "context_length": 24, "vocab_size": 49408, "width": WIDTH, "heads": 2, "layers": 1
    },
}  # fmt: skip
PREPROCESS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3], "interpolation": "bicubic"}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    config = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.CLIP(**MODEL)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder


@pytest.fixture(scope="module")
def photographed(related, tmp_path_factory):
    """The related world with an image file for every row."""
    data, material = related
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    views = []
    for place, name in enumerate(data.sample.ids):
        colour = rng.integers(0, 256, 3)
        path = folder / f"{place}.png"
        Image.fromarray(np.full((40, 48, 3), colour, dtype=np.uint8)).save(path)
        views.append(View(name, path))
    return data, dataclasses.replace(material, images=TrainingImages(views))


def test_images_and_names_as_the_library_embeds_them(checkpoint, photographed):
    data, material = photographed
    towers = Towers(checkpoint, "auto")
    model = open_clip.CLIP(**MODEL)
    model.load_state_dict(torch.load(checkpoint / "open_clip_pytorch_model.bin", weights_only=True))
    model.eval()
    names = data.sample.ids[:3]
    found = towers.see([material.images.views[name].path for name in names])
    for row, name in zip(found, names, strict=True):
        colour = np.asarray(Image.open(material.images.views[name].path))[0, 0] / 255
        scaled = (colour - PREPROCESS["mean"]) / PREPROCESS["std"]
        pixels = torch.tensor(np.tile(scaled[:, None, None], (1, SIDE, SIDE)), dtype=torch.float32)
        with torch.inference_mode():
            wanted = model.encode_image(pixels[None])[0].numpy()
        assert row == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-4)
    text = "a photo of Pica pica."
    with torch.inference_mode():
        wanted = model.encode_text(open_clip.tokenize([text], context_length=24))[0].numpy()
    assert towers.read([text])[0] == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-5)


def test_captions_have_the_name_or_the_lineage(photographed):
    data, material = photographed
    taxa = data.sample.taxa[:2]
    lineage = data.lineage.loc[taxa[0]]
    (own, _) = written_names(material, taxa, data.sample, lineage=False)
    (whole, _) = written_names(material, taxa, data.sample, lineage=True)
    assert own == f"a photo of {taxa[0]}.".replace("_", " ")
    assert whole == f"a photo of {' '.join(lineage)}.".replace("_", " ")
    labels = material.labels.copy()
    labels["order"] = None
    labels["family"] = "Paridae_x"
    gone = dataclasses.replace(material, labels=labels)
    (whole, _) = written_names(gone, taxa, data.sample, lineage=True)
    assert whole == f"a photo of {lineage.iloc[0]} Paridae x {taxa[0]}.".replace("_", " ")


def test_naming_against_loops(photographed, monkeypatch):
    """Towers that know all taxa but one, whose images they take for the first taxon's."""
    data, material = photographed
    sample, n = data.sample, len(data.sample)
    corners = np.eye(n, dtype=np.float32)
    said = np.where(sample.codes == 5, 0, sample.codes)
    rows = dict(zip(sample.ids, corners[said], strict=True))

    class Knowing:
        def __init__(self, path, device):
            pass

        def read(self, texts):
            assert len(set(texts)) == n
            return corners * np.linspace(1, 2, n, dtype=np.float32)[:, None]

    monkeypatch.setattr("phylolens.paradigms.clip_towers.Towers", Knowing)
    monkeypatch.setattr(zero_shot, "_seen", lambda *_: rows)
    material = dataclasses.replace(material, checkpoints={"clip": "anywhere"})
    found = name_figures(material, data, name="clip", lineage=False)
    assert found["name_accuracy"] == pytest.approx((n - 1) / n)
    assert found["chance"] == pytest.approx(1 / n)
    assert found["name_accuracy_top5"] >= found["name_accuracy"]
    lengths = np.linspace(1, 2, n)
    apart, wanted = [], []
    for i in range(n):
        for j in range(i):
            apart.append(np.hypot(lengths[i], lengths[j]))
            wanted.append(data.genetic[i, j])
    assert found["names_alone_r"] == pytest.approx(pearsonr(apart, wanted)[0], abs=1e-5)


def test_the_whole_row_from_a_checkpoint_without_skill(checkpoint, photographed):
    """Colours were drawn at random and weights are random: neither skill nor names."""
    data, material = photographed
    material = dataclasses.replace(material, checkpoints={"clip": checkpoint})
    method = registered()["clip"]
    row, again = (judge_method(method, material, data, Refits(0)) for _ in range(2))
    assert row["why_not"] is None
    assert abs(row["skill"]) < 0.15
    assert row["trained_parameters"] == 0
    assert row["own"]["name_accuracy"] < 0.2
    assert {key: row[key] for key in ("skill", "map", "own")} == {
        key: again[key] for key in ("skill", "map", "own")
    }


def test_images_are_embedded_once(checkpoint, photographed, monkeypatch):
    data, material = photographed
    images = TrainingImages(material.images.views.values())
    learner = ZeroShot(images, checkpoint)
    first = learner.embed(data.sample)
    monkeypatch.setattr("phylolens.paradigms.clip_towers.Towers", None)
    assert np.array_equal(ZeroShot(images, checkpoint).embed(data.sample), first)
    half = data.sample.take(np.arange(3))
    assert np.array_equal(learner.embed(half), first[: len(half.ids)])


@pytest.mark.parametrize("name", ["clip", "bioclip", "bioclip-2"])
def test_without_weights_or_images_it_says_what_to_do(name, photographed, checkpoint):
    _, material = photographed
    method = registered()[name]
    assert f"--checkpoints {name}={name}" in method.why_not(material)
    assert "hf download" in method.why_not(material)
    bare = dataclasses.replace(material, images=None, checkpoints={name: checkpoint})
    assert "--images" in method.why_not(bare)


def test_folders_that_are_no_checkpoint(checkpoint, tmp_path):
    with pytest.raises(InputError, match=r"no open_clip_config\.json"):
        Towers(tmp_path)
    config = (checkpoint / "open_clip_config.json").read_bytes()
    (tmp_path / "open_clip_config.json").write_bytes(config)
    with pytest.raises(InputError, match="no weights"):
        Towers(tmp_path)
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes(b"not weights")
    with pytest.raises(InputError, match="not a checkpoint of open_clip"):
        Towers(tmp_path)
    weights = checkpoint / "open_clip_pytorch_model.bin"
    assert Towers(weights).read(["a"]).shape == (1, WIDTH)
    (tmp_path / "other.bin").write_bytes(weights.read_bytes())
    with pytest.raises(InputError, match="2 files of weights"):
        Towers(tmp_path / "other.bin")


def test_features_and_unknown_images_are_refused(checkpoint, photographed):
    data, material = photographed
    with pytest.raises(InputError, match="of images, not of their features"):
        ZeroShot(material.images, checkpoint).transform(data.sample.matrix())
    few = TrainingImages(list(material.images.views.values())[1:])
    with pytest.raises(InputError, match="without a file"):
        ZeroShot(few, checkpoint).embed(data.sample)


class Harmful:
    """What would write a file, were it unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_what_weights_would_run_is_not_run(checkpoint, tmp_path):
    config = (checkpoint / "open_clip_config.json").read_bytes()
    (tmp_path / "open_clip_config.json").write_bytes(config)
    torch.save({"a": Harmful(tmp_path / "written")}, tmp_path / "open_clip_pytorch_model.bin")
    with pytest.raises(InputError, match="not a checkpoint"):
        Towers(tmp_path)
    assert not (tmp_path / "written").exists()
