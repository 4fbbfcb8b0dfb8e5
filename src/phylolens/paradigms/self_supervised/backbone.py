"""A backbone as an encoder to train, and back to a file. Imports torch."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.pretrained import KEY
from phylolens.embedding.torch_model import load_network
from phylolens.embedding.training_images import TrainingImages
from phylolens.embedding.tuning import TunableNetwork
from phylolens.writing import replacing

EVERY = 10**6  # blocks: more than there are


class BackboneEncoder(torch.nn.Module):
    """The blocks of a network that can be trained.

    Normalisation keeps its averages, as it does when images are embedded.

    Parameters
    ----------
    network : TunableNetwork
    """

    def __init__(self, network: TunableNetwork) -> None:
        super().__init__()
        self.network = network
        for name, value in network.free.items():
            self.register_parameter(name.replace(".", "/"), value)

    def forward(self, activations: np.ndarray) -> torch.Tensor:
        """Features of what the frozen part made of images, shape (n, d)."""
        return self.network(activations)


def load_encoder(
    spec: BackboneSpec, checkpoint: Path, blocks: int | None, device: str
) -> tuple[BackboneEncoder, int]:
    """Load a network to train.

    Parameters
    ----------
    spec : BackboneSpec
    checkpoint : Path
        To start from.
    blocks : int, optional
        Groups of layers to train, from the end; all by default.
    device : str

    Returns
    -------
    BackboneEncoder
    int
        Length of a feature.
    """
    network = TunableNetwork(spec, checkpoint, EVERY if blocks is None else blocks, device)
    black = np.zeros((1, spec.input_size, spec.input_size, 3), dtype=np.uint8)
    return BackboneEncoder(network), network.features(network.activations(black)).shape[1]


class ViewsOfImages:
    """Views of images as a network's frozen part sees them, kept where memory allows.

    Parameters
    ----------
    images : TrainingImages
    network : TunableNetwork
    names : sequence of sequence of str
        Of the views of each image.
    """

    def __init__(
        self, images: TrainingImages, network: TunableNetwork, names: Sequence[Sequence[str]]
    ) -> None:
        self.images, self.network, self.names = images, network, names

    def __call__(self, rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Give the inputs of some views, shape (n, ...)."""
        names = [self.names[row][number] for row, number in zip(rows, numbers, strict=True)]
        return self.images.activations(self.network, names)


def write_backbone(
    file: Path,
    spec: BackboneSpec,
    checkpoint: Path,
    trained: Mapping[str, np.ndarray],
    record: Mapping[str, Any],
) -> None:
    """Write a network with trained tensors as safetensors, for ``--weights``.

    Parameters
    ----------
    file : Path
    spec : BackboneSpec
    checkpoint : Path
        Of the network before training: what was not trained is taken from it.
    trained : mapping of str to array
        By timm's name.
    record : mapping
        How it was trained; travels in the file.
    """
    from safetensors.torch import save

    backbone: Any = load_network(spec, checkpoint).backbone
    tensors = {name: value.contiguous() for name, value in backbone.state_dict().items()}
    tensors |= {
        name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in trained.items()
    }
    content = save(tensors, metadata={KEY: json.dumps(record)})
    with replacing(file) as temporary:
        temporary.write_bytes(content)
