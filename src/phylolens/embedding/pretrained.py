"""What a backbone file says of its training on one's own images, without labels."""

import json
from pathlib import Path
from typing import Any

KEY = "phylolens_pretrain"  # in the metadata of a safetensors file


def pretraining_of(file: Path) -> dict[str, Any] | None:
    """Read how ``phylolens pretrain`` made a checkpoint; None for any other.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict or None
        ``method``, ``n_images``, ``epochs``, and ``seen``: SHA-256 of the images' hashes.
    """
    if file.suffix != ".safetensors":
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as stored:
            told = json.loads((stored.metadata() or {}).get(KEY, "null"))
    except (OSError, ValueError, SafetensorError):
        return None  # whoever reads the tensors says what is wrong
    return told if isinstance(told, dict) else None
