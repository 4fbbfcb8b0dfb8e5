"""Join features: of several layers of one network, or of several networks.

Layers are averaged over space and joined end to end as they are; ``spec["blocks"]`` says where each
begins, so that a classifier can normalise each by itself. After Valan et al. 2019 (Systematic
Biology 68: 876–895), where pooling over several depths made small, fine-grained sets separable.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phylolens.errors import InputError
from phylolens.values import Features

if TYPE_CHECKING:
    import torch

FINAL = "final"  # the layer name of a network's own features


def pool_layers(
    network: "torch.nn.Module", planes: "torch.Tensor", layers: Sequence[str]
) -> "tuple[torch.Tensor, ...]":
    """Average the outputs of several layers over space.

    Parameters
    ----------
    network : torch module
        The backbone.
    planes : tensor of float32, shape (n, 3, side, side)
        Normalised images.
    layers : sequence of str
        Module names, or ``final``.

    Returns
    -------
    tuple of tensors of float32, shape (n, channels)
        In the order of ``layers``.
    """
    kept: dict[str, Any] = {}

    def keep(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            kept[name] = output

        return hook

    handles = [
        network.get_submodule(name).register_forward_hook(keep(name))
        for name in layers
        if name != FINAL
    ]
    try:
        kept[FINAL] = network(planes)
    finally:
        for handle in handles:
            handle.remove()
    return tuple(_over_space(kept[name], network) for name in layers)


def _over_space(output: Any, network: Any) -> Any:
    """Average (n, c, h, w), (n, h, w, c) or (n, tokens, c) over all but n and channels."""
    if output.ndim == 4:
        channels_last = getattr(network, "output_fmt", "NCHW") == "NHWC"
        return output.mean(dim=(1, 2) if channels_last else (2, 3))
    if output.ndim == 3:
        prefix = getattr(network, "num_prefix_tokens", 0)  # class token and registers
        return output[:, prefix:].mean(dim=1)
    return output


def fuse_features(parts: Sequence[Features], *, normalise: bool = True) -> Features:
    """Join the features of several networks for the ids they share.

    Parameters
    ----------
    parts : sequence of Features
        At least one; rows are matched by id, in the order of the first.
    normalise : bool
        Scale each part's rows to length 1 first, so that no network outweighs another.

    Raises
    ------
    InputError
        If nothing is given or no id is shared.
    """
    if not parts:
        raise InputError("there are no features to join.")
    found = joined(parts, normalise=normalise)
    if not len(found):
        raise InputError("the features to join share no id.")
    return found


def joined(parts: Sequence[Features], *, normalise: bool = True) -> Features:
    """Do what :func:`fuse_features` does, but take no shared id for no rows."""
    shared = set.intersection(*(set(part.ids) for part in parts))
    ids = tuple(name for name in parts[0].ids if name in shared)
    blocks = [part.take(ids).matrix for part in parts]
    if normalise:
        lengths = [np.linalg.norm(block, axis=1, keepdims=True) for block in blocks]
        blocks = [
            block / np.where(length > 0, length, 1)
            for block, length in zip(blocks, lengths, strict=True)
        ]
    spec = {
        "fused": [dict(part.spec) for part in parts],
        "normalised": normalise,
        "feature_size": sum(part.matrix.shape[1] for part in parts),
        "blocks": [width for part in parts for width in block_sizes(part)],
    }
    return Features(ids, np.hstack(blocks), spec)


def block_sizes(features: Features) -> tuple[int, ...]:
    """Return how many columns each layer of each backbone has, in column order.

    Layers differ in scale, so a classifier may want to normalise each by itself. Features that do
    not say what they consist of are one block.
    """
    width = features.matrix.shape[1]
    blocks = tuple(int(size) for size in features.spec.get("blocks") or ())
    return blocks if sum(blocks) == width else (width,)
