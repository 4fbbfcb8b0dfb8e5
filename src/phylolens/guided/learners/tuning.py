"""A backbone whose last blocks can be trained. Imports torch and timm."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.models import group_parameters

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.torch_model import load_network
from phylolens.errors import InputError
from phylolens.guided.learners.frozen_part import cut
from phylolens.guided.learners.reduced import Reduced

LEAST = 1e-4  # of a feature to be rooted in training: the slope of the root has no bound at 0


class TunableNetwork:
    """A network in evaluation mode: normalisation keeps its averages, nothing is dropped.

    Parameters
    ----------
    spec : BackboneSpec
    checkpoint : Path
        Published weights.
    blocks : int
        Groups of layers that can be trained, counted from the end, as timm groups them.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    def __init__(
        self, spec: BackboneSpec, checkpoint: Path, blocks: int, device: str = "cpu"
    ) -> None:
        self.spec, self.device = spec, ready_device(device)
        self.key = (spec.name, str(checkpoint), blocks, self.device)
        network = load_network(spec, checkpoint)
        backbone: Any = network.backbone
        groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
        wanted = {
            f"backbone.{name}" for group in sorted(groups)[-blocks:] for name in groups[group]
        }
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in wanted)
        self._halves = cut(network, wanted, spec.input_size)
        self._halves.network.to(self.device)
        if hasattr(self._halves, "frozen"):
            self._halves.frozen.to(self.device)
        self.free: dict[str, torch.nn.Parameter] = {
            name.removeprefix("backbone."): parameter
            for name, parameter in self._halves.network.named_parameters()
            if name in wanted
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """Copy what can be trained."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.free.items()}

    def load(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Put trained tensors in place."""
        with torch.no_grad():
            for name, value in tensors.items():
                self.free[name].copy_(torch.tensor(value))

    def activations(self, pixels: np.ndarray) -> np.ndarray:
        """Run the frozen part on images, (n, side, side, 3) of uint8; shape (n, ...)."""
        with torch.inference_mode():
            found = self._halves.activations(torch.from_numpy(pixels).to(self.device))
            return found.cpu().numpy()

    def __call__(self, activations: np.ndarray) -> torch.Tensor:
        """Features that the trained blocks can be trained by, shape (n, d), on the CPU."""
        return self._halves(torch.from_numpy(activations).to(self.device)).cpu()

    def features(self, activations: np.ndarray) -> np.ndarray:
        """Features, float32 of shape (n, d)."""
        with torch.inference_mode():
            return self(activations).numpy()


def ready_device(device: str) -> str:
    """Return the device to use; ``auto`` is a CUDA device where there is one, else the CPU.

    Raises
    ------
    InputError
        If torch sees no such device here.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device):
        raise InputError(
            f"torch sees no '{device}' device here.", where="device", hint="Use --device cpu."
        )
    return device


def root_tensor(features: torch.Tensor) -> torch.Tensor:
    """Square root of features, where gradients pass through it."""
    return features.clamp(min=LEAST).sqrt()


def reduce_tensor(features: torch.Tensor, reduction: Reduced) -> torch.Tensor:
    """Apply a reduction where gradients pass through it, shape (n, d) to (n, c)."""
    mean, factor = reduction.scaled.mean, reduction.scaled.factor
    shift, scale = (torch.tensor(side, dtype=torch.float32) for side in (mean, factor))
    return ((features - shift) * scale) @ torch.tensor(reduction.axes)
