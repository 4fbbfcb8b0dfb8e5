"""Losses of the clades that the tree has at several depths. Imports torch.

A clade is what the average-linkage tree of the genetic distances keeps together when it is cut.
"""

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from phylolens.guided.learners.tree_loss import TreeLoss, euclidean, library_of_losses

DEPTHS = 4  # parts that the depth of the tree is cut into, by quantiles of its nodes
STEEPEST = 28.6  # degrees: ArcFace's own margin, here that of a cut at the root
BOUNDARY, SET_MARGIN = 1.2, 0.4  # of ranked lists, on the unit sphere
TEMPERATURE = 5.0  # of its strangers: how much more near ones count (the library's upper bound)


def clades_at_depths(genetic: np.ndarray) -> tuple[list[torch.Tensor], list[float]]:
    """Clades of the taxa, at first the taxa themselves, then coarser and coarser ones.

    Parameters
    ----------
    genetic : array, shape (T, T)

    Returns
    -------
    labels : list of int tensor, shape (T,)
    depths : list of float
        Of the cuts, as shares of the root's; of the taxa, that of the youngest node.
    """
    joined = linkage(squareform(genetic, checks=False), "average")
    root = float(joined[-1, 2]) or 1.0
    labels, depths = [torch.arange(len(genetic))], [float(joined[0, 2])]
    for depth in np.quantile(joined[:, 2], np.linspace(0, 1, DEPTHS + 1)[1:-1]):
        clades = np.unique(fcluster(joined, depth, "distance"), return_inverse=True)[1]
        if clades.max() > 0:
            labels.append(torch.tensor(clades, dtype=torch.int64))
            depths.append(float(depth))
    return labels, [depth / root for depth in depths]


class ArcFace(TreeLoss):
    """Tell apart taxa, and the clades at several depths, by angles with a margin.

    Deng et al. (2019) CVPR. One loss for each cut of the average-linkage tree of the distances;
    the margin grows with the depth of the cut, to the published one at the root.
    """

    cosine = True

    def __init__(
        self, genetic: np.ndarray, margin: float, width: int, rng: np.random.Generator
    ) -> None:
        super().__init__(genetic, margin, width, rng)
        library = library_of_losses()
        self.parts = torch.nn.ModuleList()
        self.labels, depths = clades_at_depths(genetic)
        for labels, depth in zip(self.labels, depths, strict=True):
            classes = int(labels.max()) + 1
            degrees = margin * STEEPEST * depth
            with torch.random.fork_rng(devices=[]):  # it draws weights, which are replaced
                part = library.losses.ArcFaceLoss(classes, width, margin=degrees, scale=10)
            first = rng.standard_normal((width, classes)).astype(np.float32)
            part.W.data = torch.tensor(first)
            self.parts.append(part)

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        losses = [
            part(points, labels[taxa]) for part, labels in zip(self.parts, self.labels, strict=True)
        ]
        return torch.stack(losses).mean()


class RankedList(TreeLoss):
    """Relatives within a ball, strangers beyond it by a margin; near strangers count most.

    Wang et al. (2019) CVPR, on the unit sphere, for the clades of every depth at once: the wider
    the clades, the larger the ball.
    """

    cosine = True

    def __init__(
        self, genetic: np.ndarray, margin: float, width: int, rng: np.random.Generator
    ) -> None:
        super().__init__(genetic, margin, width, rng)
        self.labels, self.depths = clades_at_depths(genetic)

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        losses = []
        for labels, depth in zip(self.labels, self.depths, strict=True):
            loss = library_of_losses().losses.RankedListLoss(
                margin=self.margin * SET_MARGIN, Tn=TEMPERATURE, alpha=BOUNDARY * (1 + depth) / 2
            )
            losses.append(loss(points, labels[taxa]))
        return torch.stack(losses).mean()


class Multilevel(TreeLoss):
    """Triplets at every depth of the tree at once, with margins that grow with the depth.

    After the idea of multilevel similarity-aware margins (Duan et al. 2023): a stranger from beyond
    a deep clade is to be farther away than one from beyond a shallow one. At each depth, of every
    point the farthest member of its clade is held against the nearest point outside it.
    """

    def __init__(
        self, genetic: np.ndarray, margin: float, width: int, rng: np.random.Generator
    ) -> None:
        super().__init__(genetic, margin, width, rng)
        self.labels, self.depths = clades_at_depths(genetic)

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        library = library_of_losses()
        miner = library.miners.BatchHardMiner(distance=euclidean(library))
        losses = []
        for labels, depth in zip(self.labels, self.depths, strict=True):
            loss = library.losses.TripletMarginLoss(
                margin=self.margin * depth, distance=euclidean(library)
            )
            own = labels[taxa]
            losses.append(loss(points, own, miner(points.detach(), own)))
        return torch.stack(losses).mean()
