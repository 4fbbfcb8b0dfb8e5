"""Checkpoints of torch, in both layouts, read without torch."""

from pathlib import Path

import numpy as np
import torch

from phylolens.embedding.tensor_pickle import read_tensors


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Small checkpoints: plain, and wrapped with a count of epochs."""
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "conv.weight": torch.randn(4, 3, 3, 3, generator=generator),
        "norm.bias": torch.randn(4, generator=generator).half(),
        "turned": torch.arange(12).reshape(3, 4).T,
    }
    found = []
    for content in (tensors, {"epoch": 3, "state_dict": tensors}):
        for zipped in (True, False):
            path = folder / "sample.pth"
            torch.save(content, path, _use_new_zipfile_serialization=zipped)
            found.append(path.read_bytes())
    return {".pth": found}


def attempt(path: Path) -> None:
    """Read all tensors; none is larger than what its file stores."""
    for array in read_tensors(path).values():
        assert isinstance(array, np.ndarray)
        assert array.nbytes <= path.stat().st_size
