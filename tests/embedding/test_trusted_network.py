"""Networks, weights and devices are trusted only as far as they were checked."""

import numpy as np
import pytest

from phylolens.embedding import inference
from phylolens.embedding.inference import AGREEMENT, agreement, open_inference
from phylolens.embedding.onnx_export import onnx_path, verified
from phylolens.embedding.registry import find_backbone
from phylolens.embedding.weights import get_weights, held_to_hash
from phylolens.errors import InputError
from phylolens.provenance import file_hash


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.vision
def test_a_flipped_bit_in_the_exported_network_is_found(cache):
    spec = find_backbone("efficientnet-lite0")
    weights = get_weights(spec)
    digest = file_hash(weights)
    whole = open_inference(spec, weights, digest, device="cpu")
    path = onnx_path(spec, digest, ())
    content = bytearray(path.read_bytes())
    assert verified(path) == bytes(content)
    image = np.full((1, spec.input_size, spec.input_size, 3), 90, np.uint8)
    wanted = whole.run(image)
    content[len(content) // 2] ^= 64
    path.write_bytes(content)
    assert verified(path) is None
    mended = open_inference(spec, weights, digest, device="cpu")
    assert [problem.kind for problem in mended.problems] == ["damaged-network"]
    np.testing.assert_array_equal(mended.run(image), wanted)
    path.with_name(f"{path.name}.sha256").unlink()
    assert open_inference(spec, weights, digest, device="cpu").problems
    assert not open_inference(spec, weights, digest, device="cpu").problems


def test_weights_are_held_to_the_published_hash_or_the_first_one(cache, tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"one")
    lite = find_backbone("efficientnet-lite0")
    with pytest.raises(InputError, match="not the weights that were published"):
        held_to_hash(file, lite)
    other = find_backbone("convnext-tiny")
    assert held_to_hash(file, other) == file
    assert held_to_hash(file, other) == file
    file.write_bytes(b"two")
    with pytest.raises(InputError, match="fetched first"):
        held_to_hash(file, other)


class Fake:
    in_threads = False
    blocks = (3,)

    def __init__(self, noise):
        self.noise = noise

    def __call__(self, pixels):
        means = pixels.astype(np.float32).mean(axis=(1, 2))
        return means + self.noise * np.random.default_rng(0).normal(size=means.shape)


def test_a_device_that_disagrees_with_the_cpu_is_not_used(monkeypatch):
    assert agreement(Fake(0), Fake(1e-4), 32) >= AGREEMENT
    assert agreement(Fake(0), Fake(50), 32) < AGREEMENT
    assert agreement(Fake(0), Fake(np.nan), 32) == -1
    monkeypatch.setattr(
        inference,
        "TorchInference",
        lambda spec, weights, layers=(), device="cpu": Fake(50 if device == "cuda" else 0),
    )
    monkeypatch.setattr(inference, "_has", lambda module: module != "onnxruntime")
    monkeypatch.setattr(inference, "_torch_device_ready", lambda device: True)
    spec = find_backbone("efficientnet-lite0")
    opened = open_inference(spec, None, "", device="cuda")
    assert opened.run.noise == 0
    assert [problem.kind for problem in opened.problems] == ["device-disagrees"]
    monkeypatch.setattr(
        inference, "TorchInference", lambda spec, weights, layers=(), device="cpu": Fake(0)
    )
    assert open_inference(spec, None, "", device="cuda").problems == ()
