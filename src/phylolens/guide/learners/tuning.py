"""A backbone whose last blocks can be trained. Imports torch and timm."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.models import group_parameters

from phylolens.embed.backbones import BackboneSpec
from phylolens.embed.decode import UnreadablePicture, decode
from phylolens.embed.preprocess import fit_square
from phylolens.embed.torch_model import load_network
from phylolens.errors import InputError
from phylolens.guide.learners.reduced import Reduced

AT_ONCE = 16  # pictures


class TunableNetwork:
    """A network in evaluation mode: normalisation keeps its averages, nothing is dropped.

    Parameters
    ----------
    spec : BackboneSpec
    checkpoint : Path
        Published weights.
    blocks : int
        Groups of layers that can be trained, counted from the end, as timm groups them.
    """

    def __init__(self, spec: BackboneSpec, checkpoint: Path, blocks: int) -> None:
        self.spec, self._network = spec, load_network(spec, checkpoint)
        backbone: Any = self._network.backbone
        groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
        last = sorted(groups)[-blocks:]
        wanted = {name for group in last for name in groups[group]}
        self.free: dict[str, torch.nn.Parameter] = {}
        for name, parameter in backbone.named_parameters():
            parameter.requires_grad_(name in wanted)
            if name in wanted:
                self.free[name] = parameter

    def tensors(self) -> dict[str, np.ndarray]:
        """Copy what can be trained."""
        return {name: value.detach().numpy().copy() for name, value in self.free.items()}

    def load(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Put trained tensors in place."""
        with torch.no_grad():
            for name, value in tensors.items():
                self.free[name].copy_(torch.tensor(value))

    def __call__(self, files: Sequence[Path]) -> torch.Tensor:
        """Features of some pictures, shape (n, d), that the trained blocks can be trained by."""
        pixels = np.stack([_pixels(file, self.spec) for file in files])
        found: torch.Tensor = self._network(torch.from_numpy(pixels))[0]
        return found

    def features(self, files: Sequence[Path]) -> np.ndarray:
        """Features of many pictures, float32 of shape (N, d)."""
        starts = range(0, len(files), AT_ONCE)
        with torch.inference_mode():
            return np.concatenate([self(files[at : at + AT_ONCE]).numpy() for at in starts])


def _pixels(file: Path, spec: BackboneSpec) -> np.ndarray:
    try:
        picture = decode(file.read_bytes(), spec.input_size)
    except (OSError, UnreadablePicture) as error:
        raise InputError(f"not a readable picture ({error}).", where=file) from error
    return np.asarray(fit_square(picture, spec, spec.fit))


def reduce_tensor(features: torch.Tensor, reduction: Reduced) -> torch.Tensor:
    """Apply a reduction where gradients pass through it, shape (n, d) to (n, c)."""
    mean, factor = reduction.scaled.mean, reduction.scaled.factor
    shift, scale = (torch.tensor(side, dtype=torch.float32) for side in (mean, factor))
    return ((features - shift) * scale) @ torch.tensor(reduction.axes)
