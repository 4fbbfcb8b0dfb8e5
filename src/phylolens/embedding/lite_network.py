"""EfficientNet-Lite as a plan of its layers, and its weights as arrays in timm's names.

After Tan & Le 2019 (arXiv:1905.11946) in the Lite form of Google 2020: no squeeze and excitation,
ReLU6 throughout, and stem and head the same for every size. Knows no torch and no timm.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.embedding.key_formats import lite_to_timm, require_fit
from phylolens.embedding.tensor_pickle import read_tensors

SCALES = {  # of the widths and of the depths of the stages
    "tf_efficientnet_lite0": (1.0, 1.0),
    "tf_efficientnet_lite1": (1.0, 1.1),
    "tf_efficientnet_lite2": (1.1, 1.2),
}
STAGES = (  # blocks, kernel, stride of the first block, widening, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280
NORM = ("weight", "bias", "running_mean", "running_var")

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Layer:
    """A convolution without bias, its batch norm, and ReLU6 where it is wanted.

    Parameters
    ----------
    conv, norm : str
        timm's names.
    shape : tuple of int
        Of the convolution's weights: out, in per group, kernel, kernel.
    stride : int
        Of the convolution.
    relu : bool
        Whether values are cut to 0–6.
    """

    conv: str
    norm: str
    shape: tuple[int, int, int, int]
    stride: int = 1
    relu: bool = True

    @property
    def groups(self) -> int:
        """One group a channel where the convolution is depthwise."""
        depthwise = self.shape[1] == 1
        return self.shape[0] if depthwise else 1


@dataclass(frozen=True)
class Block:
    """Some layers in a row, added to what came in where ``skips``; ``name`` is timm's."""

    name: str
    layers: tuple[Layer, ...]
    skips: bool = False


def plan(architecture: str) -> list[Block]:
    """List the blocks of a network between its input and the mean over space.

    Parameters
    ----------
    architecture : str
        A key of ``SCALES``.

    Returns
    -------
    list of Block
        Stem, the stages' blocks, head.
    """
    width, depth = SCALES[architecture]
    stem = Layer("conv_stem", "bn1", (STEM, 3, 3, 3), stride=2)
    blocks = [Block("bn1", (stem,))]
    before = STEM
    for stage, (count, kernel, stride, widening, channels) in enumerate(STAGES):
        ends = stage in (0, len(STAGES) - 1)  # their depth is never scaled
        after = _rounded(channels * width)
        for place in range(count if ends else math.ceil(count * depth)):
            step = stride if place == 0 else 1
            name = f"blocks.{stage}.{place}"
            layers = tuple(_layers(name, before, before * widening, after, kernel, step))
            blocks.append(Block(name, layers, skips=step == 1 and before == after))
            before = after
    return [*blocks, Block("bn2", (Layer("conv_head", "bn2", (HEAD, before, 1, 1)),))]


def _layers(
    name: str, before: int, inner: int, after: int, kernel: int, stride: int
) -> Iterator[Layer]:
    """Widen each pixel, filter each channel, narrow each pixel; the first stage does not widen."""
    depthwise = (inner, 1, kernel, kernel)
    if inner == before:
        yield Layer(f"{name}.conv_dw", f"{name}.bn1", depthwise, stride)
        yield Layer(f"{name}.conv_pw", f"{name}.bn2", (after, inner, 1, 1), relu=False)
    else:
        yield Layer(f"{name}.conv_pw", f"{name}.bn1", (inner, before, 1, 1))
        yield Layer(f"{name}.conv_dw", f"{name}.bn2", depthwise, stride)
        yield Layer(f"{name}.conv_pwl", f"{name}.bn3", (after, inner, 1, 1), relu=False)


def _rounded(channels: float) -> int:
    """Round to a multiple of 8, not more than a tenth down."""
    found = max(8, int(channels + 4) // 8 * 8)
    return found if found >= 0.9 * channels else found + 8


def read_lite(architecture: str, file: Path) -> Arrays:
    """Read the weights of a network, every tensor accounted for.

    Parameters
    ----------
    architecture : str
        A key of ``SCALES``.
    file : Path
        The checkpoint, in the names of the Lite packages or of timm.

    Returns
    -------
    dict of str to array
        By timm's names, without the classifier.

    Raises
    ------
    InputError
        If the file cannot be read, or a tensor is missing, left over or of another shape.
    """
    blocks = plan(architecture)
    widens = {block.name: len(block.layers) == 3 for block in blocks[1:-1]}
    tensors = {name.removeprefix("module."): found for name, found in read_tensors(file).items()}
    arrays = {
        name: array.astype(np.float32)
        for name, array in lite_to_timm(tensors, widens).items()
        if not name.startswith("classifier.") and not name.endswith(".num_batches_tracked")
    }
    wanted: dict[str, tuple[int, ...]] = {}
    for layer in (layer for block in blocks for layer in block.layers):
        wanted[f"{layer.conv}.weight"] = layer.shape
        wanted |= {f"{layer.norm}.{part}": layer.shape[:1] for part in NORM}
    require_fit({name: array.shape for name, array in arrays.items()}, wanted, file)
    return arrays
