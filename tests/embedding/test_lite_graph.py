"""Lite backbones built without torch: the features of timm's networks, layer by layer."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from phylolens.embedding import BACKBONES
from phylolens.embedding.inference import OnnxInference, open_inference
from phylolens.embedding.lite_graph import can_build, layers_built, lite_onnx
from phylolens.embedding.lite_network import SCALES, plan
from phylolens.embedding.preprocess import fit_square
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.vision

NUMBERS = pytest.mark.parametrize("number", [0, 1, 2])
SOME_LAYERS = ("bn1", "blocks", "blocks.0", "blocks.2", "blocks.3.1", "bn2", "final")
LITE = BACKBONES["efficientnet-lite0"]


def largest_difference(number, layers, pictures):
    """Between the features of the built graph and those of timm's network in torch.

    As a share of the largest value: what float32 rounds away grows with it (features reach 3).
    """
    pytest.importorskip("torch")
    from phylolens.embedding.inference import TorchInference

    spec = BACKBONES[f"efficientnet-lite{number}"]
    weights = get_weights(spec)
    ours = OnnxInference(lite_onnx(spec, weights, layers))
    theirs = TorchInference(spec, weights, layers)
    assert ours.blocks == theirs.blocks
    pixels = np.stack([np.asarray(fit_square(each, spec, "pad")) for each in pictures])
    expected = theirs(pixels)
    assert np.std(expected, axis=0).max() > 0.1  # the images are told apart
    return np.abs(ours(pixels) - expected).max() / np.abs(expected).max()


@NUMBERS
def test_features_are_those_of_torch(one_thread, draw, number):
    pictures = [draw(seed, (200 + 40 * seed, 240)) for seed in range(3)]
    assert largest_difference(number, (), pictures) < 1e-5


@NUMBERS
def test_layers_are_those_of_torch(one_thread, draw, number):
    pictures = [draw(seed, (200 + 40 * seed, 240)) for seed in range(3)]
    assert largest_difference(number, SOME_LAYERS, pictures) < 1e-5


@NUMBERS
@pytest.mark.data
def test_features_of_photographs_are_those_of_torch(one_thread, birds, number):
    files = sorted(birds.rglob("*.jpg"))[::60][:8]
    pictures = [Image.open(file).convert("RGB") for file in files]
    assert largest_difference(number, (), pictures) < 1e-5


@NUMBERS
def test_every_layer_named_is_a_module_of_timm(number):
    timm = pytest.importorskip("timm")
    spec = BACKBONES[f"efficientnet-lite{number}"]
    network = timm.create_model(spec.architecture, num_classes=0)
    modules = dict(network.named_modules())
    assert set(layers_built(spec)) - set(modules) == {"final"}
    for layer in (layer for block in plan(spec.architecture) for layer in block.layers):
        conv, norm = modules[layer.conv], modules[layer.norm]
        assert (tuple(conv.weight.shape), conv.stride[0]) == (layer.shape, layer.stride)
        assert conv.groups == layer.groups
        assert norm.eps == pytest.approx(1e-3)
        assert isinstance(norm.act, type(modules["bn1"].act)) == layer.relu


def test_the_graph_is_the_same_at_every_build():
    weights = get_weights(LITE)
    assert lite_onnx(LITE, weights) == lite_onnx(LITE, weights)


def test_what_can_be_built():
    assert can_build(LITE, ())
    assert can_build(LITE, SOME_LAYERS)
    assert not can_build(LITE, ["blocks.2", "conv_stem"])  # before its batch norm
    assert not can_build(BACKBONES["resnet50"], ())
    assert {spec.architecture for spec in BACKBONES.values() if spec.package} == set(SCALES)


def test_a_checkpoint_in_names_of_timm_gives_the_same(tmp_path):
    torch = pytest.importorskip("torch")
    from phylolens.embedding.torch_model import load_network

    weights = get_weights(LITE)
    torch.save(load_network(LITE, weights).backbone.state_dict(), tmp_path / "timm.pth")
    assert lite_onnx(LITE, tmp_path / "timm.pth") == lite_onnx(LITE, weights)


def test_weights_of_another_network_are_refused():
    other = get_weights(BACKBONES["efficientnet-lite2"])
    with pytest.raises(InputError, match=r"does not fit the network .*missing|of another shape"):
        lite_onnx(LITE, other)


def test_features_need_no_torch(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path))
    code = (
        "import sys; import numpy as np\n"
        "sys.modules['torch'] = sys.modules['timm'] = None  # as if not installed\n"
        "from phylolens.embedding.extractor import prepare\n"
        "from phylolens.embedding.inference import open_inference\n"
        "e = prepare('efficientnet-lite0')\n"
        "run = open_inference(e.spec, e.weights, e.record['weights_sha256'], device='cpu').run\n"
        "assert run(np.zeros((1, 224, 224, 3), np.uint8)).shape == (1, 1280)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("spec", "layers", "message"),
    [
        (LITE, ("conv_stem", "final"), r"layer conv_stem needs torch .*there are final, blocks, "),
        (BACKBONES["resnet50"], (), r"'resnet50' needs torch and timm\. .*efficientnet-lite0"),
    ],
)
def test_what_needs_torch_says_so(tmp_path, monkeypatch, spec, layers, message):
    from phylolens.embedding import inference

    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path))
    monkeypatch.setattr(inference, "_has", lambda module: module.startswith("onnx"))
    with pytest.raises(InputError, match=message) as caught:
        open_inference(spec, tmp_path / "w.pth", "0", layers, "cpu")
    assert "pip install 'phylolens[torch]'" in caught.value.hint
