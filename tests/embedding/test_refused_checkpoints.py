"""Checkpoints that do not belong to a backbone are refused, with the tensors that say so."""

from dataclasses import replace

import pytest

from phylolens.embedding import BACKBONES
from phylolens.errors import InputError

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]

from phylolens.embedding.torch_model import build_network, load_network  # noqa: E402


def saved(tensors, tmp_path):
    torch.save(tensors, tmp_path / "checkpoint.pth")
    return tmp_path / "checkpoint.pth"


def without(tensors):
    del tensors["layer4.1.conv2.weight"]


def with_extra(tensors):
    tensors["layer9.weight"] = torch.zeros(3)


def misshaped(tensors):
    tensors["conv1.weight"] = torch.zeros(64, 3, 3, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without, r"1 tensors missing: 'layer4.1.conv2.weight'"),
        (with_extra, r"1 tensors unknown: 'layer9.weight'"),
        (misshaped, r"conv1.weight \(64, 3, 3, 3\) instead of \(64, 3, 7, 7\)"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path, change, message):
    spec = replace(BACKBONES["resnet50"], architecture="resnet18")
    tensors = dict(build_network(spec).state_dict())
    load_network(spec, saved(tensors, tmp_path))  # unchanged, it fits
    change(tensors)
    with pytest.raises(InputError, match=message):
        load_network(spec, saved(tensors, tmp_path))


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    other = build_network(replace(BACKBONES["resnet50"], architecture="resnet18"))
    file = saved(other.state_dict(), tmp_path)
    for name in ("convnext-tiny", "dinov2-small", "efficientnet-lite0"):
        with pytest.raises(InputError, match="checkpoint"):
            load_network(BACKBONES[name], file)


def test_files_that_hold_no_tensors_are_refused(tmp_path):
    (tmp_path / "text.pth").write_text("not a checkpoint")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        load_network(BACKBONES["resnet50"], tmp_path / "text.pth")
    with pytest.raises(InputError, match="no named tensors"):
        load_network(BACKBONES["resnet50"], saved([1, 2], tmp_path))
    with pytest.raises(InputError, match="timm has no network 'resnet9000'"):
        build_network(replace(BACKBONES["resnet50"], architecture="resnet9000"))
