"""The backbone as a torch module: bytes of images in, features out. Imports torch and timm."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import timm
import torch

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.fuse import FINAL, pool_layers
from phylolens.embedding.key_formats import fit_to_model
from phylolens.embedding.registry import timm_config
from phylolens.errors import InputError


class ImageNetwork(torch.nn.Module):
    """A backbone that takes images as they are decoded.

    Normalisation is its first layer, so the exported network is complete by itself.

    Parameters
    ----------
    backbone : timm network
        Without classifier.
    mean, std : sequence of float
        Per channel, for values scaled to 0–1.
    layers : sequence of str
        Modules whose outputs are averaged over space; empty for the usual features alone.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self,
        backbone: torch.nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        layers: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.layers = tuple(layers)
        self.register_buffer("shift", torch.tensor(mean).view(1, 3, 1, 1) * 255)
        self.register_buffer("scale", torch.tensor(std).view(1, 3, 1, 1) * 255)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Map uint8 pixels (n, side, side, 3) to one block of float32 features (n, d) a layer."""
        planes = (pixels.permute(0, 3, 1, 2).float() - self.shift) / self.scale
        if not self.layers:
            return (self.backbone(planes),)
        return pool_layers(self.backbone, planes, self.layers)


def load_network(spec: BackboneSpec, file: Path, layers: Sequence[str] = ()) -> ImageNetwork:
    """Build a backbone and load its published weights.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone.
    file : Path
        Checkpoint: safetensors, or a torch file (read with ``weights_only``).
    layers : sequence of str
        Layers to pool; ``final`` is the network's own features.

    Returns
    -------
    PictureNetwork
        In evaluation mode, on the CPU.

    Raises
    ------
    InputError
        If the file cannot be read, does not fit the network, or a layer does not exist.
    """
    network = build_network(spec)
    fit_to_model(read_checkpoint(file), network, spec.key_format, file)
    _check_layers(network, layers)
    return ImageNetwork(network.eval(), spec.mean, spec.std, layers).eval()


def build_network(spec: BackboneSpec) -> torch.nn.Module:
    """Build the timm network of a backbone with random weights."""
    config = timm_config(spec.architecture)
    options: dict[str, Any] = {"num_classes": spec.feature_size if spec.keeps_head else 0}
    if config.fixed_input_size:  # transformers: positions are resampled to our input size
        options["img_size"] = spec.input_size
    return timm.create_model(spec.architecture, pretrained=False, **options)


def read_checkpoint(file: Path) -> Mapping[str, Any]:
    """Read the tensors of a checkpoint file without running any code in it."""
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # each reader has its own errors for a broken file
        raise InputError(
            f"this is not a readable checkpoint ({type(error).__name__}).",
            where=file,
            hint="It has to be a safetensors file or a torch file holding tensors only.",
        ) from error
    if not isinstance(content, Mapping):
        raise InputError("this checkpoint holds no named tensors.", where=file)
    return content


def _check_layers(network: torch.nn.Module, layers: Sequence[str]) -> None:
    known = dict(network.named_modules())
    unknown = [name for name in layers if name != FINAL and name not in known]
    if unknown:
        shallow = [name for name in known if name and name.count(".") <= 1]
        raise InputError(
            "the backbone has no such layers.",
            where="layers",
            ids=unknown,
            hint=f"It has {FINAL}, {', '.join(shallow[:40])} and deeper ones.",
        )
