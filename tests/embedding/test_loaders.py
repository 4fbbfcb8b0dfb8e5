"""Round trips: a random checkpoint in the published key format gives its own network's features."""

import numpy as np
import pytest

from phylolens.embedding import BACKBONES
from phylolens.embedding.preprocess import normalise
from phylolens.errors import InputError

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.vision, pytest.mark.usefixtures("one_thread")]

from phylolens.embedding.torch_model import build_network, load_network  # noqa: E402


@pytest.fixture
def pixels(draw):
    return np.stack([np.asarray(draw(seed)) for seed in (11, 12)])


@pytest.fixture(autouse=True)
def no_first_values(monkeypatch):
    """Skip the slow drawing of first values: every tensor here is replaced, as the tests show."""

    def keep(tensor, *_args, **_options):
        return tensor

    for name in ("kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_"):
        monkeypatch.setattr(torch.nn.init, name, keep)
    monkeypatch.setattr("timm.layers.weight_init._trunc_normal_", keep)


def randomise(network, seed=0):
    """Give every tensor values that matter, running statistics included."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        leaf = name.rpartition(".")[2]
        if leaf == "running_var":
            tensor.copy_(1 + 0.1 * noise.abs())
        elif tensor.ndim > 1 and "token" not in name and "embed" not in leaf:
            tensor.copy_(noise * (2 / tensor[0].numel()) ** 0.5)
        else:
            tensor.copy_(0.1 * noise + (leaf in ("weight", "gamma")))
    return network.eval()


def features_of(network, planes):
    with torch.inference_mode():
        return network(torch.from_numpy(planes)).numpy()


def loaded(spec, file, pixels):
    with torch.inference_mode():
        (block,) = load_network(spec, file)(torch.from_numpy(pixels))
        return block.numpy()


def saved(tensors, tmp_path, name="checkpoint.pth"):
    torch.save(tensors, tmp_path / name)
    return tmp_path / name


def agree(ours, theirs):
    assert ours.shape == theirs.shape
    assert np.std(theirs, axis=0).max() > 0  # the images are told apart
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())


def lite_names(model):
    """Rename timm's tensors as the Lite packages do, by counting blocks and norms."""
    expand = ("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2")
    outer = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}
    new, order = {}, []
    for name, tensor in model.state_dict().items():
        parts = name.split(".")
        if parts[0] != "blocks":
            new[f"{outer[parts[0]]}.{parts[1]}"] = tensor
            continue
        block = tuple(parts[1:3])
        modules = list(dict(model.get_submodule(f"blocks.{block[0]}.{block[1]}").named_children()))
        modules = [m for m in modules if m.startswith(("conv", "bn"))]
        if block not in order:
            order.append(block)
        names = expand[-len(modules) :]
        new[f"_blocks.{order.index(block)}.{names[modules.index(parts[3])]}.{parts[4]}"] = tensor
    new["_fc.weight"], new["_fc.bias"] = torch.zeros(1000, 1280), torch.zeros(1000)
    return new


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"])
def test_lite_package_names(name, tmp_path, draw):
    spec = BACKBONES[name]
    source = randomise(build_network(spec))
    pixels = np.stack([np.asarray(draw(s, (spec.input_size,) * 2)) for s in (1, 2)])
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(lite_names(source), tmp_path), pixels), expected)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"])
def test_lite_package_names_are_those_of_the_published_file(name):
    from phylolens.embedding.torch_model import read_checkpoint
    from phylolens.embedding.weights import get_weights

    published = read_checkpoint(get_weights(BACKBONES[name]))
    ours = lite_names(build_network(BACKBONES[name]))
    assert {n: t.shape for n, t in ours.items()} == {n: t.shape for n, t in published.items()}


def test_swav_checkpoint_into_a_resnet50_without_head(tmp_path, pixels):
    torchvision = pytest.importorskip("torchvision")
    source = randomise(torchvision.models.resnet50(weights=None))
    source.fc = torch.nn.Identity()
    published = {f"module.{name}": tensor for name, tensor in source.state_dict().items()}
    for name, shape in {
        "projection_head.0.weight": (2048, 2048),
        "projection_head.1.running_mean": (2048,),
        "projection_head.3.weight": (128, 2048),
        "prototypes.weight": (3000, 128),
    }.items():
        published[f"module.{name}"] = torch.zeros(shape)
    spec = BACKBONES["swav-resnet50"]
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(published, tmp_path, "swav.pth.tar"), pixels), expected)


def resnet50():
    torchvision = pytest.importorskip("torchvision")
    source = randomise(torchvision.models.resnet50(weights=None))
    source.fc = torch.nn.Identity()
    return source


@pytest.mark.parametrize(
    ("name", "projector"), [("encoder_q", "fc.2.weight"), ("base_encoder", "fc.4.running_mean")]
)
def test_moco_checkpoint_with_keys_queue_and_optimiser(name, projector, tmp_path, pixels):
    source, start = resnet50(), f"module.{name}."
    tensors = {start + key: tensor for key, tensor in source.state_dict().items()}
    other = f"module.{'encoder_k' if name == 'encoder_q' else 'momentum_encoder'}."
    tensors |= {other + key: torch.zeros_like(found) for key, found in source.state_dict().items()}
    tensors |= {start + projector: torch.zeros(128), "module.queue": torch.zeros(128, 64)}
    published = {"epoch": 800, "arch": "resnet50", "state_dict": tensors, "optimizer": {}}
    spec = BACKBONES["moco-v2-resnet50"]
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(published, tmp_path, "moco.pth.tar"), pixels), expected)


def test_deepcluster_v2_checkpoint_with_several_sets_of_prototypes(tmp_path, pixels):
    source = resnet50()
    published = {f"module.{name}": tensor for name, tensor in source.state_dict().items()}
    for name in ("projection_head.0.weight", *(f"prototypes.prototypes{n}.weight" for n in "012")):
        published[f"module.{name}"] = torch.zeros(8, 8)
    spec = BACKBONES["deepcluster-v2-resnet50"]
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(published, tmp_path, "deepcluster.pth.tar"), pixels), expected)


def test_deepcluster_networks_that_see_edges_are_refused_with_the_reason(tmp_path):
    first = {
        "features.module.0.weight": torch.zeros(96, 2, 11, 11),
        "sobel.0.weight": torch.ones(1),
    }
    file = saved({"epoch": 1, "arch": "alexnet", "state_dict": first}, tmp_path)
    with pytest.raises(InputError, match="Sobel filter; use its ResNet-50"):
        load_network(BACKBONES["deepcluster-v2-resnet50"], file)


@pytest.mark.parametrize("numbered", [True, False])
def test_lightly_checkpoint_of_lightning(numbered, tmp_path, pixels):
    source = resnet50()
    inner = torch.nn.Sequential(*list(source.children())[:-1]) if numbered else source
    tensors = {f"backbone.{name}": tensor for name, tensor in inner.state_dict().items()}
    tensors |= {
        "projection_head.layers.0.weight": torch.zeros(8, 8),
        "backbone_momentum.0.weight": torch.zeros(64, 3, 7, 7),
        "criterion.memory_bank.bank": torch.zeros(4, 8),
    }
    published = {"epoch": 9, "pytorch-lightning_version": "2.5.0", "state_dict": tensors}
    spec = BACKBONES["lightly-resnet50"]
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(published, tmp_path, "lightly.ckpt"), pixels), expected)


def test_resnet50_from_safetensors_with_classifier(tmp_path, pixels):
    torchvision = pytest.importorskip("torchvision")
    from safetensors.torch import save_file

    source = randomise(torchvision.models.resnet50(weights=None))
    save_file(source.state_dict(), tmp_path / "model.safetensors")
    source.fc = torch.nn.Identity()
    spec = BACKBONES["resnet50"]
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, tmp_path / "model.safetensors", pixels), expected)


def test_convnext_in_the_names_of_its_release(tmp_path, pixels):
    spec = BACKBONES["convnext-tiny"]
    source = randomise(build_network(spec))
    published = {}
    for name, tensor in source.state_dict().items():
        new = name.replace("stem.", "downsample_layers.0.").replace(".blocks.", ".")
        new = new.replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv")
        if ".downsample." in new:
            stage, rest = new.removeprefix("stages.").split(".downsample.")
            new = f"downsample_layers.{stage}.{rest}"
        published[new.replace("head.norm", "norm")] = tensor
    published |= {"head.weight": torch.zeros(1000, 768), "head.bias": torch.zeros(1000)}
    assert "stages.2.8.pwconv1.weight" in published  # a name of the release
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved({"model": published}, tmp_path), pixels), expected)
    again = load_network(spec, saved(source.state_dict(), tmp_path, "timm.pth")).backbone
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, source.state_dict()[name])


def test_dinov2_in_the_names_of_its_release(tmp_path, pixels):
    spec = BACKBONES["dinov2-small"]
    source = randomise(build_network(spec))
    published = dict(source.state_dict()) | {"mask_token": torch.zeros(1, 384)}
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(published, tmp_path), pixels), expected)


@pytest.mark.parametrize(("name", "width"), [("dinov2-small", 384), ("dinov2-base", 768)])
def test_dinov2_names_and_shapes(name, width):
    with torch.device("meta"):
        shapes = {n: tuple(t.shape) for n, t in build_network(BACKBONES[name]).state_dict().items()}
    block = {
        "norm1.weight": (width,),
        "norm1.bias": (width,),
        "attn.qkv.weight": (3 * width, width),
        "attn.qkv.bias": (3 * width,),
        "attn.proj.weight": (width, width),
        "attn.proj.bias": (width,),
        "ls1.gamma": (width,),
        "norm2.weight": (width,),
        "norm2.bias": (width,),
        "mlp.fc1.weight": (4 * width, width),
        "mlp.fc1.bias": (4 * width,),
        "mlp.fc2.weight": (width, 4 * width),
        "mlp.fc2.bias": (width,),
        "ls2.gamma": (width,),
    }
    published = {f"blocks.{n}.{part}": shape for n in range(12) for part, shape in block.items()}
    published |= {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 257, width),  # 1370 in the release, resampled
        "patch_embed.proj.weight": (width, 3, 14, 14),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    assert shapes == published


def test_dinov2_positions_are_resampled_from_518_pixels(tmp_path):
    spec = BACKBONES["dinov2-small"]
    tensors = dict(randomise(build_network(spec)).state_dict())
    positions = torch.randn(1, 1 + 37 * 37, 384, generator=torch.Generator().manual_seed(1))
    published = tensors | {"pos_embed": positions, "mask_token": torch.zeros(1, 384)}
    network = load_network(spec, saved(published, tmp_path)).backbone
    grid = positions[:, 1:].reshape(1, 37, 37, 384).permute(0, 3, 1, 2)
    small = torch.nn.functional.interpolate(grid, (16, 16), mode="bicubic", antialias=True)
    torch.testing.assert_close(network.pos_embed[:, 1:], small.flatten(2).transpose(1, 2))
    torch.testing.assert_close(network.pos_embed[:, 0], positions[:, 0])


def clip_tower(tensors, planes, heads):
    """Run the image tower of CLIP from its published tensors, written out step by step."""
    from torch.nn import functional as F

    get = tensors.__getitem__
    x = F.conv2d(torch.from_numpy(planes), get("visual.conv1.weight"), stride=16)
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([get("visual.class_embedding").expand(len(x), 1, -1), x], 1)
    width = x.shape[-1]

    def norm(y, name):
        return F.layer_norm(y, (width,), get(f"{name}.weight"), get(f"{name}.bias"))

    def linear(y, name):
        return F.linear(y, get(f"{name}.weight"), get(f"{name}.bias"))

    x = norm(x + get("visual.positional_embedding"), "visual.ln_pre")
    for number in range(12):
        block = f"visual.transformer.resblocks.{number}"
        y = norm(x, f"{block}.ln_1")
        qkv = F.linear(y, get(f"{block}.attn.in_proj_weight"), get(f"{block}.attn.in_proj_bias"))
        q, k, v = (
            part.unflatten(-1, (heads, width // heads)).transpose(1, 2)
            for part in qkv.chunk(3, dim=-1)
        )
        weights = (q @ k.transpose(-1, -2) / (width // heads) ** 0.5).softmax(-1)
        x = x + linear((weights @ v).transpose(1, 2).flatten(2), f"{block}.attn.out_proj")
        y = linear(norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc")
        x = x + linear(F.gelu(y), f"{block}.mlp.c_proj")
    return (norm(x[:, 0], "visual.ln_post") @ get("visual.proj")).numpy()


def clip_checkpoint(width, projected):
    generator = torch.Generator().manual_seed(3)

    def draw_tensor(*shape, scale=0.05, centre=0.0):
        return centre + scale * torch.randn(shape, generator=generator)

    tensors = {
        "visual.class_embedding": draw_tensor(width, scale=0.5),
        "visual.positional_embedding": draw_tensor(197, width, scale=0.5),
        "visual.proj": draw_tensor(width, projected),
        "visual.conv1.weight": draw_tensor(width, 3, 16, 16),
        "text_projection": draw_tensor(512, projected),  # the text tower is not ours
        "positional_embedding": draw_tensor(77, 512),
        "logit_scale": torch.tensor(4.6),
        "token_embedding.weight": draw_tensor(100, 512),
        "transformer.resblocks.0.ln_1.weight": draw_tensor(512),
    }
    for name in ("ln_pre", "ln_post"):
        tensors[f"visual.{name}.weight"] = draw_tensor(width, centre=1.0)
        tensors[f"visual.{name}.bias"] = draw_tensor(width)
    shapes = {
        "attn.in_proj_": (3 * width, width),
        "attn.out_proj.": (width, width),
        "mlp.c_fc.": (4 * width, width),
        "mlp.c_proj.": (width, 4 * width),
    }
    for number in range(12):
        block = f"visual.transformer.resblocks.{number}"
        for name in ("ln_1", "ln_2"):
            tensors[f"{block}.{name}.weight"] = draw_tensor(width, centre=1.0)
            tensors[f"{block}.{name}.bias"] = draw_tensor(width)
        for name, shape in shapes.items():
            tensors[f"{block}.{name}weight"] = draw_tensor(*shape)
            tensors[f"{block}.{name}bias"] = draw_tensor(shape[0])
    return tensors


def test_bioclip_picture_tower_with_projection(tmp_path, pixels):
    spec = BACKBONES["bioclip"]
    published = clip_checkpoint(768, 512)
    expected = clip_tower(published, normalise(pixels, spec.mean, spec.std), heads=12)
    ours = loaded(spec, saved(published, tmp_path, spec.hub_file), pixels)
    assert ours.shape == (2, 512)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_any_timm_network_by_name(tmp_path, draw):
    from phylolens.embedding import find_backbone

    spec = find_backbone("timm:resnet18")
    assert spec.input_size == 224
    source = randomise(build_network(spec))
    pixels = np.stack([np.asarray(draw(seed)) for seed in (1, 2)])
    expected = features_of(source, normalise(pixels, spec.mean, spec.std))
    agree(loaded(spec, saved(source.state_dict(), tmp_path), pixels), expected)
