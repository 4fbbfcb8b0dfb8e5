"""The small head of metric learning as plain arrays, applied by numpy and torch alike."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Weights = dict[str, np.ndarray]


def apply_head(rows: Any, weights: Mapping[str, Any], relu: Callable[[Any], Any]) -> Any:
    """Apply a head to rows, arrays of numpy or tensors of torch alike."""
    found = rows @ weights["linear"]
    if "in" in weights:
        found = found + relu(rows @ weights["in"] + weights["bias"]) @ weights["out"]
    return found
