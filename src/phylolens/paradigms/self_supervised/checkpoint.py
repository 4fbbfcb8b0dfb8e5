"""Training between two epochs as one file, tensors and numbers, so that it can go on. Torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from phylolens.paradigms.self_supervised.training import Trainer
from phylolens.writing import replacing

KEY = "phylolens_training"
MODEL, ADAM = "model:", "adam:"


def write_checkpoint(file: Path, trainer: Trainer, told: Mapping[str, Any]) -> None:
    """Write everything that training goes on from, and what is told of it."""
    from safetensors.torch import save

    tensors = {MODEL + name: value for name, value in _tensors(trainer).items()}
    for place, state in trainer.adam.state_dict()["state"].items():
        tensors |= {f"{ADAM}{place}:{name}": value for name, value in state.items()}
    copies = {name: value.detach().clone().contiguous() for name, value in tensors.items()}
    content = save(copies, metadata={KEY: json.dumps(told)})
    with replacing(file) as temporary:
        temporary.write_bytes(content)


def read_checkpoint(file: Path, trainer: Trainer, mark: str) -> dict[str, Any] | None:
    """Put training back where it stopped.

    Parameters
    ----------
    file : Path
    trainer : Trainer
        Made as that which was written; changed in place.
    mark : str
        Fingerprint of all that training depends on: what was written with another one is not used.

    Returns
    -------
    dict or None
        What was told; None where training is to begin.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as stored:
            told = json.loads((stored.metadata() or {})[KEY])
            if told["mark"] != mark:
                return None
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (OSError, KeyError, ValueError, SafetensorError):
        return None
    with torch.no_grad():
        for name, value in _tensors(trainer).items():
            value.copy_(tensors[MODEL + name])
    adam: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(ADAM):
            _, place, key = name.split(":")
            adam.setdefault(int(place), {})[key] = value
    trainer.adam.load_state_dict({**trainer.adam.state_dict(), "state": adam})
    return dict(told)


def _tensors(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Parameters and buffers, those included that torch does not count as state: MoCo's queue."""
    found = dict(trainer.objective.named_parameters())
    return {**found, **dict(trainer.objective.named_buffers())}
