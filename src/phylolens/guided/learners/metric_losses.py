"""Losses that pull an embedding towards a phylogeny. Imports torch.

Each is made for the training taxa and called with points (n, k), some of each taxon of a batch,
and their taxa (n,). Genetic distances count in units of their mean over pairs. The first four are
those of pytorch-metric-learning (Musgrave et al. 2020, arXiv:2008.09164) with margins taken from
the phylogeny, the last three are our own and know taxa only by their order of distance.
"""

from collections.abc import Mapping
from types import ModuleType

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from torch.nn.functional import softplus

from phylolens.errors import InputError

NEGATIVES = 8  # drawn for each pair of points of one taxon
DEPTHS = 4  # cuts of the tree at which ArcFace tells clades apart
STEEPEST = 28.6  # degrees: ArcFace's own margin, here that of the deepest cut
TEMPERATURE = 0.1  # distance, in units of the mean, over which an order turns
SLACK = 1e-6  # distances nearer than this are equal


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


class Triplet(TreeLoss):
    """Nearer to another point of the taxon than to one of another, by their genetic distance.

    Schroff et al. (2015) CVPR. For each pair of points of one taxon a few points of others are
    drawn; all of them would be slow.
    """

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        anchors, positives = torch.where(_same(taxa))
        anchors, positives = anchors.repeat(NEGATIVES), positives.repeat(NEGATIVES)
        drawn = torch.tensor(self.rng.integers(0, len(taxa), len(anchors)))
        kept = taxa[anchors] != taxa[drawn]
        chosen = (anchors[kept], positives[kept], drawn[kept])
        margins = self.margin * self.genetic[taxa[chosen[0]], taxa[chosen[2]]]
        library = _library()
        loss = library.losses.TripletMarginLoss(margin=margins, distance=_euclidean(library))
        return loss(points, taxa, chosen)


class Contrastive(TreeLoss):
    """Relatives no farther than their genetic distance, strangers no nearer.

    Hadsell et al. (2006) CVPR, with a margin for every pair; who is a relative is decided anew in
    every batch, by cutting the tree at the distance of a pair drawn from it.
    """

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        genetic = self.between(taxa)
        near = _near(genetic, taxa, self.rng)
        chosen = _pairs(near)
        margins = self.margin * torch.sqrt(genetic)  # a tree's root distances are Euclidean
        library = _library()
        loss = library.losses.ContrastiveLoss(
            pos_margin=margins[chosen[:2]],
            neg_margin=margins[chosen[2:]],
            distance=_euclidean(library),
        )
        return loss(points, taxa, chosen)


class MultiSimilarity(TreeLoss):
    """Cosines of relatives above, of strangers below, what their genetic distance allows.

    Wang et al. (2019) CVPR, with a base of ``1 - margin * distance`` for every pair; relatives as
    in :class:`Contrastive`.
    """

    cosine = True

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        genetic = self.between(taxa)
        chosen = _pairs(_near(genetic, taxa, self.rng))
        loss = _library().losses.MultiSimilarityLoss(
            alpha=2, beta=10, base=1.0 - self.margin * genetic
        )
        return loss(points, taxa, chosen)


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
        library = _library()
        joined = linkage(squareform(genetic, checks=False), "average")
        depths = np.quantile(joined[:, 2], np.linspace(0, 1, DEPTHS + 1)[1:-1])
        self.parts = torch.nn.ModuleList()
        self.labels = [torch.arange(len(genetic))]
        share = [float(joined[0, 2])]
        for depth in depths:
            clades = np.unique(fcluster(joined, depth, "distance"), return_inverse=True)[1]
            if clades.max() > 0:
                self.labels.append(torch.tensor(clades, dtype=torch.int64))
                share.append(float(depth))
        for labels, depth in zip(self.labels, share, strict=True):
            classes = int(labels.max()) + 1
            degrees = margin * STEEPEST * depth / (float(joined[-1, 2]) or 1.0)
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


class _OfTaxa(TreeLoss):
    """Losses on the distances between the means of taxa."""

    def forward(self, points: torch.Tensor, taxa: torch.Tensor) -> torch.Tensor:
        """Loss of points, shape (n, k), of some taxa, shape (n,)."""
        present, places = torch.unique(taxa, return_inverse=True)
        owner = torch.nn.functional.one_hot(places, len(present)).to(points.dtype)
        means = owner.T @ points / owner.sum(dim=0)[:, None]
        squared = ((means[:, None] - means[None]) ** 2).sum(dim=2)
        return self.of_distances(torch.sqrt(squared + 1e-6), self.between(present))

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        raise NotImplementedError


class RankNet(_OfTaxa):
    """Of two taxa the nearer one is to be nearer; wrong orders cost by how far they differ.

    Burges et al. (2005) ICML: the logistic loss of every difference of distances from one taxon,
    weighted by the difference of genetic distances.
    """

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        gaps, wanted = _gaps(embedded, genetic)
        return (softplus(-gaps / TEMPERATURE) * wanted).sum() / wanted.sum().clamp(min=SLACK)


class HierarchicalTriplet(_OfTaxa):
    """Of two taxa the nearer one is to be nearer by a margin of their genetic difference.

    Triplets over all depths of the tree, after Ge et al. (2018) ECCV; those that break their margin
    count alike.
    """

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        gaps, wanted = _gaps(embedded, genetic)
        cost = torch.relu(self.margin * wanted - gaps) * (wanted > 0)
        return cost.sum() / (cost > 0).sum().clamp(min=1)


class Listwise(_OfTaxa):
    """Who of all others is nearest: cross-entropy of two softmaxes over negative distances.

    ListNet's top-one probabilities, Cao et al. (2007) ICML.
    """

    def of_distances(self, embedded: torch.Tensor, genetic: torch.Tensor) -> torch.Tensor:
        """Loss of distances, shape (P, P), beside genetic ones."""
        others = ~torch.eye(len(genetic), dtype=torch.bool)
        size = (len(genetic), len(genetic) - 1)
        wanted = torch.softmax(-genetic[others].view(size) / TEMPERATURE, dim=1)
        found = torch.log_softmax(-embedded[others].view(size) / TEMPERATURE, dim=1)
        return -(wanted * found).sum(dim=1).mean()


def _gaps(embedded: torch.Tensor, genetic: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """``d_ik - d_ij`` for all i, j, k, and the genetic difference where k is farther, else 0."""
    wanted = torch.relu(genetic[:, None, :] - genetic[:, :, None])
    others = ~torch.eye(len(genetic), dtype=torch.bool)
    wanted = wanted * (wanted > SLACK) * others[:, :, None]
    return embedded[:, None, :] - embedded[:, :, None], wanted


def _same(taxa: torch.Tensor) -> torch.Tensor:
    """Pairs of different points of one taxon, bool of shape (n, n)."""
    return (taxa[:, None] == taxa) & ~torch.eye(len(taxa), dtype=torch.bool)


def _near(genetic: torch.Tensor, taxa: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Points nearer in the tree than a pair of taxa drawn; those of one taxon always are."""
    apart = genetic[taxa[:, None] != taxa]
    cut = apart[int(rng.integers(len(apart)))] if len(apart) else torch.tensor(SLACK)
    return genetic < cut - SLACK


def _pairs(near: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """First and second points of near pairs, then those of far ones."""
    apart = ~torch.eye(len(near), dtype=torch.bool)
    return (*torch.where(near & apart), *torch.where(~near & apart))


def _euclidean(library: ModuleType) -> torch.nn.Module:
    found: torch.nn.Module = library.distances.LpDistance(normalize_embeddings=False)
    return found


def _library() -> ModuleType:
    try:
        import pytorch_metric_learning.distances
        import pytorch_metric_learning.losses
    except ImportError as error:
        raise InputError(
            "this loss is that of pytorch-metric-learning, which is not installed.",
            where="loss",
            hint="Install it with: pip install 'phylolens[metric]', or use loss='ranknet'.",
        ) from error
    return pytorch_metric_learning


LOSSES: Mapping[str, type[TreeLoss]] = {
    "triplet": Triplet,
    "contrastive": Contrastive,
    "arcface": ArcFace,
    "multi-similarity": MultiSimilarity,
    "hierarchical-triplet": HierarchicalTriplet,
    "ranknet": RankNet,
    "listwise": Listwise,
}
