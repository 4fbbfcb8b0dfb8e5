"""Layers of the heads that are trained with torch and answer with numpy."""

from collections.abc import Mapping

import numpy as np


def relu(values: np.ndarray) -> np.ndarray:
    """Rectify, as ``torch.relu`` does."""
    return np.maximum(values, 0)


def he_weights(
    shapes: Mapping[str, tuple[int, int]], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw first weights, normal as He et al. (2015) scale them, with biases of zero.

    Parameters
    ----------
    shapes : mapping of str to (int, int)
        Rows and columns of each layer, by name; its bias is called ``NAME_bias``.
    rng : Generator

    Returns
    -------
    dict of str to array of float32
    """
    found: dict[str, np.ndarray] = {}
    for name, (rows, columns) in shapes.items():
        drawn = rng.normal(0, np.sqrt(2 / rows), (rows, columns))
        found[name] = drawn.astype(np.float32)
        found[f"{name}_bias"] = np.zeros(columns, dtype=np.float32)
    return found
