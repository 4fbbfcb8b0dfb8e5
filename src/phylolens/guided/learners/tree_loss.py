"""What losses of a phylogeny share, and what they take from pytorch-metric-learning. Imports torch.

Each is made for the training taxa and called with points (n, k), some of each taxon of a batch,
and their taxa (n,). Genetic distances count in units of their mean over pairs.
"""

from types import ModuleType

import numpy as np
import torch

from phylolens.errors import InputError


class TreeLoss(torch.nn.Module):
    """What the losses share.

    Parameters
    ----------
    genetic : array, shape (T, T)
        Distances of the training taxa.
    margin : float
        Factor on the margins taken from them.
    width : int
        Dimensions of the embedding.
    rng : Generator
        Draws pairs and first weights.
    """

    cosine = False  # whether only the direction of an embedding counts
    genetic: torch.Tensor

    def __init__(
        self, genetic: np.ndarray, margin: float, width: int, rng: np.random.Generator
    ) -> None:
        super().__init__()
        mean = float(genetic.sum()) / max(len(genetic) * (len(genetic) - 1), 1)
        scaled = genetic / mean if mean > 0 else genetic
        self.register_buffer("genetic", torch.tensor(scaled, dtype=torch.float32))
        self.margin, self.rng = margin, rng

    def between(self, taxa: torch.Tensor) -> torch.Tensor:
        """Genetic distances of some taxa, shape (n, n)."""
        return self.genetic[taxa][:, taxa]


def same_taxon(taxa: torch.Tensor) -> torch.Tensor:
    """Pairs of different points of one taxon, bool of shape (n, n)."""
    return (taxa[:, None] == taxa) & ~torch.eye(len(taxa), dtype=torch.bool)


def euclidean(library: ModuleType) -> torch.nn.Module:
    """Return the library's Euclidean distance of embeddings as they are."""
    found: torch.nn.Module = library.distances.LpDistance(normalize_embeddings=False)
    return found


def library_of_losses() -> ModuleType:
    """Import pytorch-metric-learning.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import pytorch_metric_learning.distances
        import pytorch_metric_learning.losses
        import pytorch_metric_learning.miners
    except ImportError as error:
        raise InputError(
            "this loss is that of pytorch-metric-learning, which is not installed.",
            where="loss",
            hint="Install it with: pip install 'phylolens[metric]', or use loss='ranknet'.",
        ) from error
    return pytorch_metric_learning
