"""A network cut where training starts gives what the whole one gives, forwards and backwards."""

import copy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]

KINDS = ("test_resnet", "test_efficientnet", "test_convnext", "test_vit")


def network_of(kind: str) -> torch.nn.Module:
    from phylolens.embedding import find_backbone
    from phylolens.embedding.torch_model import ImageNetwork, build_network

    spec = find_backbone(f"timm:{kind}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ImageNetwork(build_network(spec).eval(), spec.mean, spec.std).eval()


def last_names(network: torch.nn.Module, blocks: int) -> set[str]:
    from timm.models import group_parameters

    backbone = network.backbone
    groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
    return {f"backbone.{name}" for group in sorted(groups)[-blocks:] for name in groups[group]}


def pixels(n: int, side: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 255, (n, side, side, 3), np.uint8))


@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_together_are_the_whole_network(kind):
    from phylolens.embedding.tuning import Halves, cut

    network = network_of(kind)
    names, images = last_names(network, 1), pixels(3, 64 if kind != "test_vit" else 160)
    whole = copy.deepcopy(network)
    halves = cut(network, names, images.shape[1])
    assert isinstance(halves, Halves)
    with torch.no_grad():
        kept = halves.activations(images)
    assert kept.shape[1:] != images.shape[1:]
    found, wanted = halves(kept), whole(images)[0]
    assert wanted.std() > 0
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    found.square().sum().backward()
    wanted.square().sum().backward()
    slopes = dict(whole.named_parameters())
    trained = {name: one for name, one in halves.network.named_parameters() if name in names}
    assert set(trained) == names
    for name, one in trained.items():
        size = float(slopes[name].grad.abs().max())
        torch.testing.assert_close(one.grad, slopes[name].grad, rtol=1e-3, atol=1e-4 * size)


class Around(torch.nn.Module):
    """A network whose first layer's output goes around the frozen ones."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(12, 4), torch.nn.Linear(4, 4)
        self.last = torch.nn.Linear(4, 2)

    def forward(self, given: torch.Tensor) -> tuple[torch.Tensor]:
        """Go both ways."""
        early = self.first(given.flatten(1).float())
        return (self.last(self.second(early)) + early[:, :2],)


def test_what_cannot_be_cut_is_run_whole():
    from phylolens.embedding.tuning import Halves, cut

    torch.manual_seed(0)
    network = Around()
    found = cut(network, {"last.weight", "last.bias"}, 2)
    assert not isinstance(found, Halves)
    images = pixels(3, 2)
    torch.testing.assert_close(found(found.activations(images)), network(images)[0])
    assert not isinstance(cut(network, set(dict(network.named_parameters())), 2), Halves)


@pytest.fixture
def views(tmp_path: Path) -> list:
    from PIL import Image

    from phylolens.embedding import View

    rng = np.random.default_rng(0)
    found = []
    for k, size in enumerate([(64, 64), (50, 90), (64, 64)]):
        path = tmp_path / f"{k}.png"
        Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(path)
        found.append(View(f"{k}.png", path))
    return [*found, View("0.png#2", found[0].path, "flip-rotate-jitter-affine", 2)]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    from safetensors.torch import save_file

    path = tmp_path / "tiny.safetensors"
    save_file(network_of("test_resnet").backbone.state_dict(), path)
    return path


def test_images_are_those_of_the_feature_store_altered_copies_too(
    views, checkpoint, tmp_path, monkeypatch
):
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))
    from phylolens.embedding import embed, find_backbone
    from phylolens.embedding.training_images import TrainingImages
    from phylolens.embedding.tuning import TunableNetwork

    options = {"fit": "squash", "seed": 3}
    found = embed(
        views, "timm:test_resnet", store=tmp_path / "store", weights=checkpoint, **options
    )
    network = TunableNetwork(find_backbone("timm:test_resnet"), checkpoint, 1)
    images = TrainingImages(views, **options)
    features = images.untouched(network, found.features.ids)
    np.testing.assert_allclose(features, found.features.matrix, rtol=1e-3, atol=1e-4)
    assert np.abs(features[3] - features[0]).max() > 0.01, "the copy is altered"


def test_the_frozen_part_sees_a_picture_once_and_memory_is_bounded(views, checkpoint):
    from phylolens.embedding import find_backbone
    from phylolens.embedding.training_images import TrainingImages
    from phylolens.embedding.tuning import TunableNetwork

    names, calls = [view.id for view in views], []
    network = TunableNetwork(find_backbone("timm:test_resnet"), checkpoint, 1)
    plain = network.activations

    def counted(images: np.ndarray) -> np.ndarray:
        calls.append(len(images))
        return plain(images)

    network.activations = counted
    told = []
    images = TrainingImages(views, progress=lambda *said: told.append(said))
    first = images.untouched(network, names)
    again = images.features(network, names[::-1])[::-1]
    assert calls == [1] * 4
    np.testing.assert_allclose(again, first, rtol=1e-4, atol=1e-5)
    assert told[-1] == ("reading images to train on", 4, 4)
    size = images.activations(network, names[:1]).nbytes
    few = TrainingImages(views, kept=2 * size)
    calls.clear()
    assert few.features(network, names).tobytes() == images.features(network, names).tobytes()
    few.features(network, names)
    assert calls == [1] * (4 + 2), "two are kept, two computed anew"
    assert copy.deepcopy(few) is few


def test_a_device_that_is_not_there(checkpoint):
    from phylolens.embedding import find_backbone
    from phylolens.embedding.tuning import TunableNetwork, ready_device
    from phylolens.errors import InputError

    assert ready_device("auto") in ("cpu", "cuda")
    with pytest.raises(InputError, match="sees no 'mars' device"):
        TunableNetwork(find_backbone("timm:test_resnet"), checkpoint, 1, "mars")


def test_none_to_all_of_the_groups_can_be_trained(checkpoint):
    from phylolens.embedding import find_backbone
    from phylolens.embedding.tuning import TunableNetwork

    spec = find_backbone("timm:test_resnet")
    counts = [len(TunableNetwork(spec, checkpoint, blocks).free) for blocks in (0, 1, 2, 1000)]
    assert counts[0] == 0 < counts[1] < counts[2] < counts[3]
    assert counts[3] == len(dict(network_of("test_resnet").backbone.named_parameters()))
