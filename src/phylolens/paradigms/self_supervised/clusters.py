"""Self-supervision that sorts images into clusters: SwAV and DeepCluster. Imports torch."""

from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans

from phylolens.paradigms.self_supervised.objective import PROJECTED, Embed, Objective

SHARPNESS, ROUNDS = 0.05, 3  # of SwAV's assignment
IMAGES_EACH = 16  # of a cluster, about
FEWEST, MOST = 4, 512  # clusters


def count_clusters(n: int) -> int:
    """Clusters for so many images: on average ``IMAGES_EACH`` of them in each."""
    return max(FEWEST, min(MOST, n // IMAGES_EACH))


def sinkhorn(scores: torch.Tensor) -> torch.Tensor:
    """Share images out over clusters so that every cluster gets equally many.

    Alternately scales clusters and images of ``exp(scores / SHARPNESS)`` to equal sums, images
    last (Cuturi 2013; SwAV, appendix A).

    Parameters
    ----------
    scores : tensor, shape (n, k)
        Of n images with k clusters.

    Returns
    -------
    tensor, shape (n, k)
        Shares of each image, which sum to 1.
    """
    with torch.no_grad():
        scaled = scores / SHARPNESS
        shares = torch.exp(scaled - scaled.max())
        for _ in range(ROUNDS):
            shares = shares / (shares.sum(dim=0, keepdim=True) * shares.shape[1])
            shares = shares / (shares.sum(dim=1, keepdim=True) * shares.shape[0])
        return shares * shares.shape[0]


class SwAV(Objective):
    """From one view, predict the cluster that the other is given, clusters being equally large.

    Caron et al. (2020), arXiv:2006.09882; with two views of full size, and without its queue.
    """

    def __init__(
        self, encoder: torch.nn.Module, width: int, n: int, temperature: float | None = None
    ) -> None:
        super().__init__(encoder, width, n, temperature)
        self.prototypes = torch.nn.Linear(PROJECTED, count_clusters(n), bias=False)
        self.after_step()

    def forward(self, first: Any, second: Any, rows: np.ndarray) -> torch.Tensor:
        """Loss of two views of the same images."""
        one, other = self._scores(first), self._scores(second)
        return (self._off(one, other) + self._off(other, one)) / 2

    def _scores(self, inputs: Any) -> torch.Tensor:
        unit = torch.nn.functional.normalize(self.project(inputs), dim=1)
        found: torch.Tensor = self.prototypes(unit)
        return found

    def _off(self, seen: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        wanted = sinkhorn(other)
        return -(wanted * torch.log_softmax(seen / self.temperature, dim=1)).sum(dim=1).mean()

    def after_step(self) -> None:
        """Bring the prototypes back to length one."""
        with torch.no_grad():
            weight = self.prototypes.weight
            weight.copy_(torch.nn.functional.normalize(weight, dim=1))


class DeepCluster(Objective):
    """Sort the images anew before every epoch by k-means, then learn which cluster each is in.

    Caron et al. (2018), arXiv:1807.05520. As in its second version (Caron et al. 2020,
    arXiv:2006.09882, appendix) projections of length one are sorted, and the centres of the
    clusters are the classifier, so that it need not be learned anew. Clusters count alike whatever
    their size.
    """

    assigned: torch.Tensor
    centres: torch.Tensor

    def __init__(
        self, encoder: torch.nn.Module, width: int, n: int, temperature: float | None = None
    ) -> None:
        super().__init__(encoder, width, n, temperature)
        self.register_buffer("assigned", torch.zeros(n, dtype=torch.int64))
        self.register_buffer("centres", torch.zeros(count_clusters(n), PROJECTED))

    def _unit(self, features: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.projector(features), dim=1)

    def before_epoch(self, embed: Embed, rng: np.random.Generator) -> None:
        """Sort the images, and make the centres of their clusters the classifier."""
        with torch.no_grad():
            points = self._unit(embed()).numpy()
        k = min(len(self.centres), len(np.unique(points, axis=0)))
        sorted_ = KMeans(k, n_init=1, random_state=int(rng.integers(2**31))).fit(points)
        self.assigned.copy_(torch.from_numpy(sorted_.labels_.astype(np.int64)))
        centres = torch.from_numpy(sorted_.cluster_centers_.astype(np.float32))
        self.centres.zero_()[:k] = torch.nn.functional.normalize(centres, dim=1)

    def forward(self, first: Any, second: Any, rows: np.ndarray) -> torch.Tensor:
        """Loss of two views of the same images."""
        wanted = self.assigned[torch.from_numpy(rows)]
        sizes = torch.bincount(self.assigned, minlength=len(self.centres)).clamp(min=1)
        losses = [
            torch.nn.functional.cross_entropy(
                self._unit(self.encoder(inputs)) @ self.centres.T / self.temperature,
                wanted,
                1.0 / sizes,
            )
            for inputs in (first, second)
        ]
        return torch.stack(losses).mean()
