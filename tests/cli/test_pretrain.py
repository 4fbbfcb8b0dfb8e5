"""Self-supervised training from the command line: what it writes, how it goes on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytestmark = pytest.mark.vision

TINY = "timm:test_resnet"
FILE = "pretrain/timm-test_resnet-{}.safetensors"


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


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pretrain(phylolens, checkpoint):
    def call(*options, out, weights=checkpoint):
        return phylolens(
            "pretrain", "--backbone", TINY, "--weights", weights, "--image-size", 32,
            "--views", 2, "--batch", 8, "--rate", 0.01, "--out", out, "--json", *options,
        )  # fmt: skip

    return call


def tensors(path: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(path)


@pytest.mark.parametrize("method", ["simclr", "byol", "moco", "swav", "deepcluster"])
def test_last_blocks_are_trained_and_the_others_stay(
    method, pretrain, good_study, tmp_path, checkpoint
):
    if method == "moco":
        pytest.importorskip("lightly")
    answer = pretrain("--meta", good_study / "meta.csv", "--method", method, "--epochs", 2,
                      "--blocks", 1, out=tmp_path)  # fmt: skip
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert told["epochs"] == 2
    assert told["n_images"] == 20
    record = json.loads((tmp_path / "pretrain/pretrain.json").read_text(encoding="utf-8"))
    assert record["method"] == method
    assert len(record["losses"]) == 2
    assert "not circular" in record["note"]
    before, after = tensors(checkpoint), tensors(tmp_path / FILE.format(method))
    changed = {name for name in after if (before[name] != after[name]).any()}
    assert changed
    assert all(name.startswith("layer4.") for name in changed)
    assert not any("running" in name for name in changed)  # normalisation keeps its averages
    size = sum(after[name].size for name in changed)
    assert size <= record["trained_parameters"] < sum(value.size for value in after.values())


def test_the_network_embeds_and_signal_says_what_it_has_seen(
    pretrain, phylolens, good_study, tmp_path
):
    assert pretrain("--meta", good_study / "meta.csv", "--epochs", 1, out=tmp_path).code == 0
    answer = phylolens(
        "signal", "--meta", good_study / "meta.csv", "--tree", good_study / "tree.nwk",
        "--rank", "family", "--backbone", TINY, "--weights", tmp_path / FILE.format("simclr"),
        "--permutations", 19, "--simulations", 40, "--replicates", 0, "--out", tmp_path / "out",
        "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)["signal"]
    assert told["circular"] is False
    assert "trained on 20 images without labels (simclr)" in told["circular_why"]
    spec = json.loads((tmp_path / "out/signal/signal.json").read_text(encoding="utf-8"))
    assert spec["features"]["pretrained"]["n_images"] == 20


def test_stopped_training_goes_on_to_the_same_bytes(
    pretrain, good_study, tmp_path, monkeypatch, phylolens
):
    from phylolens.paradigms.self_supervised.training import Trainer

    meta = ("--meta", good_study / "meta.csv", "--train", "all", "--epochs", 3)
    whole = pretrain(*meta, out=tmp_path / "whole")
    epoch = Trainer.epoch

    def interrupted(self, number, told):
        if number == 3:
            raise KeyboardInterrupt
        return epoch(self, number, told)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "epoch", interrupted)
        stopped = pretrain(*meta, out=tmp_path / "parts")
    assert (stopped.code, "goes on" in stopped.err) == (130, True)
    calls = []
    monkeypatch.setattr(
        Trainer,
        "epoch",
        lambda self, number, told: calls.append(number) or epoch(self, number, told),
    )
    again = pretrain(*meta, out=tmp_path / "parts")
    assert calls == [3]
    name = FILE.format("simclr")
    assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert json.loads(again.out)["last_loss"] == json.loads(whole.out)["last_loss"]
    pretrain(*meta, out=tmp_path / "parts")
    assert calls == [3]  # finished: nothing is done twice
    pretrain(*meta[:-1], 4, out=tmp_path / "parts")
    assert calls == [3, 4]  # more epochs train on
    pretrain(*meta, "--seed", 1, out=tmp_path / "parts")
    assert calls == [3, 4, 1, 2, 3]  # another training


def test_out_of_time_it_stops_after_an_epoch_and_says_so(pretrain, good_study, tmp_path):
    answer = pretrain("--meta", good_study / "meta.csv", "--epochs", 500, "--minutes", 0.0001,
                      out=tmp_path)  # fmt: skip
    told = json.loads(answer.out)
    assert told["epochs"] == 1
    assert "goes on" in told["stopped"]
    assert (tmp_path / FILE.format("simclr")).is_file()


def test_images_to_test_on_are_never_seen_under_any_name(pretrain, study, tmp_path, monkeypatch):
    from phylolens.embedding.training_images import TrainingImages

    meta = pd.read_csv(study / "meta.csv")
    meta["split"] = ["train", "test"] + ["train"] * 3 + ["test"] + ["train"] * 14
    shutil.copy(study / meta["file"][0], study / meta["file"][1])  # the same image, to train on
    meta.to_csv(study / "meta.csv", index=False)
    seen = set()
    pixels = TrainingImages._pixels

    def watch(self, name, spec):
        seen.add(self.views[name].path.name)
        return pixels(self, name, spec)

    monkeypatch.setattr(TrainingImages, "_pixels", watch)
    answer = pretrain("--meta", study / "meta.csv", "--epochs", 1, "--skip-bad", out=tmp_path)
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert told["n_left_out"] + told["n_images"] in (19, 20)  # one of two equal files may go
    assert told["n_images"] == 17
    assert "split" in told["left_out_why"]
    hidden = {Path(meta["file"][place]).name for place in (0, 1, 5)}
    assert seen.isdisjoint(hidden)
    assert len(seen) == 17


def test_a_folder_needs_no_labels(pretrain, good_study, tmp_path):
    answer = pretrain("--images", good_study / "images", "--epochs", 1, out=tmp_path)
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["n_images"] == 20


def test_bad_input_is_one_message(phylolens, checkpoint, study, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for number in range(3):
        Image.new("RGB", (40, 40), (number * 80, 10, 10)).save(few / f"{number}.png")
    broken = study / "images/broken.png"
    broken.write_bytes(b"no image")
    cases = {
        "no images given": (),
        "no such folder": ("--images", tmp_path / "nowhere"),
        "at least 4 images; got 3": ("--images", few),
        "broken.png": ("--images", study / "images"),
        "one network": ("--meta", study / "meta.csv", "--backbone", "resnet50,convnext-tiny"),
        "--method": ("--meta", study / "meta.csv", "--method", "simcrl"),
        "--minutes": ("--meta", study / "meta.csv", "--minutes", 0),
    }
    for said, options in cases.items():
        answer = phylolens("pretrain", "--backbone", TINY, "--weights", checkpoint,
                           "--out", tmp_path / "out", *options)  # fmt: skip
        assert (answer.code, said in answer.err) == (2, True), (said, answer.err)
        assert "Traceback" not in answer.err
